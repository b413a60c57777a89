/**
 * Histories in the notation of the papers: `w1(x1) r2(x1) c1 c2`. `w1(x1)` writes version 1 of x in T1, `r2(x0)` reads the
 * version that was there before; `p2(P: x0 y1*)` looked for a predicate, met these versions, and those with a star match
 * (versions of the object that match later are added by `P = x2, x3`). `a1` aborts; `b1` begins; `u1(x1)` is a write that T1 undoes.
 */
import { History } from '../../src/index.ts'
import type { HistoryEvent, HistoryTransaction, Level, PredicateObject } from '../../src/index.ts'

export interface NotationOptions {
  /** Of all transactions, or by number. */
  readonly level?: Level | Readonly<Record<number, Level>>
  /** By predicate: the versions that satisfy it, `x1 y2`. */
  readonly predicates?: Readonly<Record<string, string>>
}

export function historyOf(text: string, { level = 'serializable', predicates = {} }: NotationOptions = {}): History {
  const events: HistoryEvent[] = []
  const status = new Map<number, HistoryTransaction['status']>()
  for (const token of text.match(/[a-z]\d+(\([^)]*\))?/g) ?? []) {
    const [, kind, number, argument = ''] = /^([a-z])(\d+)(?:\((.*)\))?$/.exec(token)!
    const transaction = Number(number)
    if (!status.has(transaction)) status.set(transaction, 'open')
    switch (kind) {
      case 'b':
        events.push({ kind: 'begin', transaction })
        break
      case 'c':
      case 'a':
        status.set(transaction, kind === 'c' ? 'committed' : 'aborted')
        events.push({ kind: kind === 'c' ? 'commit' : 'abort', transaction })
        break
      case 'r':
        events.push({ kind: 'read', transaction, ...versionOf(argument) })
        break
      case 'w':
      case 'u': {
        const undone = kind === 'u' ? { undone: true } : {}
        events.push({ kind: 'write', transaction, ...versionOf(argument), operation: 'update', ...undone })
        break
      }
      case 'p': {
        const [name = '', met = ''] = argument.split(':')
        const matching = versionsIn(predicates[name] ?? '')
        const over = versionsIn(met).map(({ object, version }): PredicateObject => {
          const own = matching.filter((each) => each.object === object).map((each) => each.version)
          return { object, version, matching: own }
        })
        events.push({ kind: 'predicate read', transaction, predicate: name, over })
        break
      }
      default:
        throw new Error(`unknown token ${token}`)
    }
  }
  const levelOf = (id: number): Level => (typeof level === 'string' ? level : (level[id] ?? 'serializable'))
  const transactions = [...status].map(([id, status]) => ({ id, level: levelOf(id), status }))
  return new History({ transactions, events })
}

function versionOf(text: string): { object: string; version: number } {
  const [, object = '', version = ''] = /^\s*([a-z]+)(\d+)\s*$/.exec(text) ?? []
  if (object === '') throw new Error(`no version: ${text}`)
  return { object, version: Number(version) }
}

const versionsIn = (text: string): { object: string; version: number }[] =>
  text
    .split(/\s+/)
    .filter((each) => each !== '')
    .map(versionOf)
