/** The error of a victim: which reads and writes formed the dangerous structure, and why a new attempt gets further. */
import type { DatabaseError } from '../../errors.ts'
import { serializationFailure } from '../../errors.ts'
import { rowName } from '../rowName.ts'
import type { ConflictNode, Edge, Meeting } from './node.ts'

/** Of a statement's text, as much as tells which one it was. */
const SHOWN_CHARACTERS = 120

export function explain(victim: ConflictNode, fromT1: Edge, toT3: Edge): DatabaseError {
  const t1 = fromT1.reader
  const t2 = toT3.reader
  const t3 = toT3.writer
  const structure = `${shortName(t1)} → ${shortName(t2)} → ${shortName(t3)}, of which the last is the first to commit`
  const detail = [structure, describe(fromT1), describe(toT3)].map((line) => `${line}.`).join('\n')
  return serializationFailure(detail, hint(victim, t1, t2, t3))
}

/** A unique check met a commit that a read of the same transaction did not see. */
export function explainTold(edge: Edge): DatabaseError {
  const { reader, writer } = edge
  const told = `A unique check of ${shortName(reader)} met what ${shortName(writer)}, or one that committed later, has written`
  return serializationFailure(`${describe(edge)}.\n${told}.`, retry(`${shortName(writer)} has committed`))
}

function hint(victim: ConflictNode, t1: ConflictNode, t2: ConflictNode, t3: ConflictNode): string {
  const prepared = [t1, t2, t3]
    .filter((node) => node !== victim && node.state === 'prepared' && !node.isSummary)
    .map(shortName)
  if (prepared.length > 0) {
    return `Run the transaction again when ${prepared.join(' and ')} is committed or rolled back: before, it may fail again.`
  }
  if (victim === t1 && t1 !== t3) return retry(`${shortName(t2)} and ${shortName(t3)} have committed`)
  return retry(`${shortName(t3)} has committed`)
}

const retry = (done: string): string => `Run the transaction again: ${done} by then, and a new snapshot sees it.`

/** `transaction 7 (session 1) read row (id) = (3) of table "t", and transaction 9 (session 2) wrote it`, with the statements. */
export function describe({ reader, writer, meeting }: Edge): string {
  if (meeting === null) {
    const prepared = reader.isSummary ? writer : reader
    return `What ${shortName(prepared)} met before the database was opened is not known, and the worst is assumed`
  }
  const read = `${longName(reader)} read ${whatWasRead(meeting)}${quoted(meeting.readStatement)}`
  const row = meeting.index === null && !meeting.whole ? 'it' : rowName(meeting.table, meeting.rowId)
  return `${read}, and ${longName(writer)} wrote ${row} unseen${quoted(meeting.writeStatement)}`
}

function whatWasRead({ table, index, whole, rowId }: Meeting): string {
  const of = `of table "${table.name}"`
  if (whole) return `table "${table.name}"`
  return index === null ? `${rowName(table, rowId)} ${of}` : `a range of index "${index.name}" ${of}`
}

export function shortName(node: ConflictNode): string {
  return node.isSummary ? 'an older transaction' : `transaction ${node.id}`
}

function longName(node: ConflictNode): string {
  return node.isSummary ? shortName(node) : `${shortName(node)} (session ${node.session})`
}

function quoted(statement: string | null): string {
  if (statement === null) return ''
  const line = statement.replaceAll(/\s+/g, ' ').trim()
  return ` by "${line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line}"`
}
