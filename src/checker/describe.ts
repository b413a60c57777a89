/** A history and its parts in words. */
import type { HistoryData, HistoryEvent, HistoryRow } from './model.ts'

/** A line an event, in the order in which they happened. */
export function describeHistory(history: HistoryData): string {
  const names = new Names(history)
  return history.events.map((event) => describeEvent(event, names)).join('\n')
}

/** What objects and versions are called. */
export class Names {
  readonly #history: HistoryData

  constructor(history: HistoryData) {
    this.#history = history
  }

  object(object: string): string {
    return this.#history.objects?.[object]?.label ?? object
  }

  version(object: string, version: number): string {
    const values = this.#history.objects?.[object]?.values
    const row = values?.[version]
    const shown = values === undefined ? '' : row === undefined ? ' (no row)' : ` (${describeRow(row)})`
    return `version ${version} of ${this.object(object)}${shown}`
  }
}

function describeRow(row: HistoryRow): string {
  return Object.entries(row)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? `'${value}'` : String(value)}`)
    .join(', ')
}

function describeEvent(event: HistoryEvent, names: Names): string {
  const who = `T${event.transaction}`
  switch (event.kind) {
    case 'begin':
      return `${who} begins`
    case 'commit':
      return `${who} commits`
    case 'abort':
      return `${who} aborts`
    case 'statement':
      return `${who}: ${event.sql}`
    case 'read':
      return `${who}   reads ${names.version(event.object, event.version)}`
    case 'write': {
      const undone = event.undone === true ? ', which it undoes later' : ''
      return `${who}   ${event.operation}s ${names.version(event.object, event.version)}${undone}`
    }
    case 'predicate read': {
      const met = event.over.map(({ object, version, matching }) => {
        return `${names.version(object, version)}${matching.includes(version) ? '' : ', no match'}`
      })
      return `${who}   looks for ${event.predicate}${met.length === 0 ? '' : `: met ${met.join('; ')}`}`
    }
  }
}
