/**
 * The versions of each object in their order, with what became of each: the final version of a committed transaction is
 * *installed*; one that the same transaction overwrote is *intermediate*; one of an aborted transaction, or one that its
 * writer undid, is *vanished*. Only installed versions are in Adya's version order; the others count for G1a and G1b.
 */
import type { HistoryData, PredicateObject } from './model.ts'

export const State = { INSTALLED: 0, INTERMEDIATE: 1, VANISHED: 2, OPEN: 3 } as const
export type State = (typeof State)[keyof typeof State]

export interface Version {
  readonly object: string
  readonly number: number
  /** The node of its writer; -1 if it is older than the history. */
  readonly writer: number
  /** The event that wrote it; -1 likewise. */
  readonly event: number
  state: State
}

/** The versions of one object that were written in the history, ascending. */
export class Chain {
  readonly object: string
  readonly versions: Version[] = []
  /** The installed ones. */
  installed: readonly Version[] = []

  constructor(object: string) {
    this.object = object
  }

  /** The version of that number; undefined if it is older than the history. */
  find(number: number): Version | undefined {
    const at = lowerBound(this.versions, number)
    const found = this.versions[at]
    return found?.number === number ? found : undefined
  }

  /** The position in `installed` of the first one behind `number`. */
  firstBehind(number: number): number {
    return lowerBound(this.installed, number + 1)
  }

  /** The version of the history, of whatever state, just before `version`. */
  before(version: Version): Version | undefined {
    return this.versions[lowerBound(this.versions, version.number) - 1]
  }
}

function lowerBound(versions: readonly Version[], number: number): number {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (versions[middle]!.number < number) low = middle + 1
    else high = middle
  }
  return low
}

/** `nodeOf`: the position of a transaction in the history's list. */
export function chainsOf(history: HistoryData, nodeOf: ReadonlyMap<number, number>): Map<string, Chain> {
  const chains = new Map<string, Chain>()
  for (const [at, event] of history.events.entries()) {
    if (event.kind !== 'write') continue
    let chain = chains.get(event.object)
    if (chain === undefined) {
      chain = new Chain(event.object)
      chains.set(event.object, chain)
    }
    const writer = nodeOf.get(event.transaction)!
    const { status } = history.transactions[writer]!
    const vanished = event.undone === true || status === 'aborted'
    const state = vanished ? State.VANISHED : status === 'open' ? State.OPEN : State.INSTALLED
    chain.versions.push({ object: event.object, number: event.version, writer, event: at, state })
  }
  for (const chain of chains.values()) {
    chain.versions.sort((a, b) => a.number - b.number)
    markIntermediate(chain)
    chain.installed = chain.versions.filter(({ state }) => state === State.INSTALLED)
  }
  return chains
}

/** Of several versions that a committed transaction left, the last is the one that it installed. */
function markIntermediate(chain: Chain): void {
  const seen = new Set<number>()
  for (let i = chain.versions.length - 1; i >= 0; i--) {
    const version = chain.versions[i]!
    if (version.state !== State.INSTALLED) continue
    if (seen.has(version.writer)) version.state = State.INTERMEDIATE
    seen.add(version.writer)
  }
}

/** True if exactly one of the two versions satisfies the predicate; `before` undefined: the one older than the history. */
export function changesMatch(
  chain: Chain,
  over: PredicateObject,
  version: Version,
  before: Version | undefined,
): boolean {
  const was = before === undefined ? initialMatches(chain, over) : includes(over.matching, before.number)
  return was !== includes(over.matching, version.number)
}

/** Of what is older than the history, the newest: the greatest number below the first written one. */
function initialMatches(chain: Chain, over: PredicateObject): boolean {
  const first = chain.versions[0]
  let newest: number | undefined
  for (const number of over.matching) if (first === undefined || number < first.number) newest = number
  return newest !== undefined
}

function includes(ascending: readonly number[], number: number): boolean {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! < number) low = middle + 1
    else high = middle
  }
  return ascending[low] === number
}
