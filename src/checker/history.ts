/** The public form of a history: the data of model.ts with what one asks of it. */
import { describeHistory } from './describe.ts'
import type { ListTable } from './elle/exportElle.ts'
import { exportElle } from './elle/exportElle.ts'
import type { HistoryData, HistoryEvent, HistoryObject, HistoryTransaction, KeyOrder } from './model.ts'
import { readHistory } from './readHistory.ts'

export class History implements HistoryData {
  readonly format = 'isolde-history/1'
  readonly transactions: readonly HistoryTransaction[]
  readonly events: readonly HistoryEvent[]
  readonly objects: Readonly<Record<string, HistoryObject>>
  readonly keys: readonly KeyOrder[]

  constructor(data: Omit<HistoryData, 'format'>) {
    this.transactions = data.transactions
    this.events = data.events
    this.objects = data.objects ?? {}
    this.keys = data.keys ?? []
  }

  /** Reads the documented form, as text or as parsed JSON. @throws DatabaseError 22023 that says what is wrong with it */
  static fromJSON(source: unknown): History {
    return new History(readHistory(source))
  }

  /** Plain data: `JSON.stringify(history)` is the documented form. */
  toJSON(): HistoryData {
    const { format, transactions, events, objects, keys } = this
    return { format, transactions, events, objects, ...(keys.length > 0 ? { keys } : {}) }
  }

  /** The history of a table of lists in Elle's EDN, a map a line. @throws DatabaseError 22023 if a write was no append */
  toElle(lists: ListTable): string {
    return exportElle(this, lists)
  }

  /** The history as a person reads it: a line an event. */
  describe(): string {
    return describeHistory(this)
  }
}
