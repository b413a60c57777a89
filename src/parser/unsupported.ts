/** Statements of PostgreSQL that are known by their first words and not built: error 0A000 names them. */
import { syntaxError, unsupportedSyntax } from '../errors.ts'
import type { Token } from './tokens.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const statements = new Set(
  words(`
  alter analyse analyze checkpoint close cluster comment deallocate declare discard do execute fetch grant import
  load merge move reassign refresh reindex revoke security vacuum with`),
)

/** What CREATE and DROP may be followed by besides TABLE and INDEX. */
const objects = new Set(
  words(`
  access aggregate cast collation conversion database domain event extension foreign function group language
  materialized operator owned policy procedure publication recursive role routine rule schema sequence server
  statistics subscription tablespace text transform trigger trusted type unlogged user view temp temporary global local
  or constraint`),
)

const textOf = (token: Token | undefined): string | null =>
  token !== undefined && typeof token.value === 'string' ? token.value : null

/** Throws 0A000 if the statement begins as one that is not built. */
export function refuseUnsupported(tokens: readonly Token[]): void {
  const [first, second, third] = tokens
  if (first === undefined) return
  const verb = first.image.toLowerCase()
  const object = second === undefined ? null : second.image.toLowerCase()
  const name = (count: number): string =>
    tokens
      .slice(0, count)
      .map((token) => token.image.toUpperCase())
      .join(' ')
  if (verb === 'prepare' && object !== 'transaction') throw unsupportedSyntax('PREPARE', first.startOffset)
  if (verb === 'alter' || verb === 'comment' || verb === 'import') {
    throw unsupportedSyntax(name(2), first.startOffset)
  }
  if (statements.has(verb)) throw unsupportedSyntax(verb === 'declare' ? 'DECLARE CURSOR' : name(1), first.startOffset)
  if ((verb === 'create' || verb === 'drop') && object !== null && objects.has(object)) {
    const longer = 'materialized foreign event text access owned temp temporary unlogged recursive'
      .split(' ')
      .includes(object)
    if (object === 'or' && textOf(third) !== 'replace')
      throw syntaxError('syntax error', object, second?.startOffset ?? 0)
    throw unsupportedSyntax(name(object === 'or' ? 4 : longer ? 3 : 2), first.startOffset)
  }
}
