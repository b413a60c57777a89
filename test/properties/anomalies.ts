/**
 * The anomalies of Berenson et al. (A Critique of ANSI SQL Isolation Levels, SIGMOD 1995), looked for in what happened:
 * values name versions, so no model and no engine is asked. Each function gives a witness in words, or null.
 */
import type { Event, History, SeenRow } from './schedule.ts'

const readsOf = (event: Event): readonly SeenRow[] =>
  event.action.kind === 'read' || event.action.kind === 'scan' ? event.saw : []

/** The values that a read saw, by key: two where the key was taken over from a row that the snapshot still shows. */
function valuesByKey(event: Event): Map<number, string> {
  const values = new Map<number, string>()
  for (const [key, value] of [...readsOf(event)].sort(([, a], [, b]) => a - b)) {
    const others = values.get(key)
    values.set(key, others === undefined ? `${value}` : `${others} and ${value}`)
  }
  return values
}

/** P1 in its strict form A1: a read of a version whose writer had not committed. */
export function dirtyRead({ events, committed }: History): string | null {
  const writers = new Map<number, Event>()
  for (const event of events) {
    if (event.put !== null) writers.set(event.put, event)
    for (const [key, value] of readsOf(event)) {
      const writer = writers.get(value)
      if (writer === undefined || writer.transaction === event.transaction) continue
      const commit = committed.get(writer.transaction)
      if (commit === undefined || commit > event.done) {
        return `T${event.transaction} read ${key} = ${value}, which T${writer.transaction} had written and not committed`
      }
    }
  }
  return null
}

/** A2: a transaction reads a key twice, writes it not in between, and sees two values. */
export function nonRepeatableRead({ events }: History): string | null {
  const seen = new Map<string, string>()
  for (const event of events) {
    const { action, transaction } = event
    if ('key' in action && action.kind !== 'read') seen.delete(`${transaction}/${action.key}`)
    if (action.kind === 'rollbackTo')
      for (const name of seen.keys()) if (name.startsWith(`${transaction}/`)) seen.delete(name)
    for (const [key, value] of valuesByKey(event)) {
      const before = seen.get(`${transaction}/${key}`)
      if (before !== undefined && before !== value) return `T${transaction} read ${key} = ${before}, later ${value}`
      seen.set(`${transaction}/${key}`, value)
    }
  }
  return null
}

/** P4: T1 reads a key, T2 overwrites that version and commits, T1 overwrites T2's without having read it, and commits. */
export function lostUpdate({ events, committed }: History): string | null {
  for (const write of events) {
    if (write.action.kind !== 'write' || write.put === null || !committed.has(write.transaction)) continue
    const { key } = write.action
    const read = events.findLast(
      (event) =>
        event.transaction === write.transaction &&
        event.issued < write.issued &&
        event.saw.some(([k]) => k === key) &&
        event.action.kind !== 'delete',
    )
    if (read === undefined || readsOf(read).length === 0) continue
    const other = events.find(
      (event) =>
        event.transaction !== write.transaction &&
        event.action.kind === 'write' &&
        event.action.key === key &&
        event.put !== null &&
        event.done > read.done &&
        (committed.get(event.transaction) ?? Infinity) < write.done,
    )
    // Undone to a savepoint, the write is lost by its own transaction's will.
    if (other !== undefined && survives(events, other) && survives(events, write)) {
      return `T${write.transaction} read ${key}, T${other.transaction} wrote ${key} = ${other.put} and committed, T${write.transaction} overwrote it with ${write.put}`
    }
  }
  return null
}

/** A5B: two concurrent transactions read what the other one writes, write different keys, and both commit. */
export function writeSkew({ events, committed }: History): string | null {
  for (const a of events) {
    if (a.action.kind !== 'write' || a.put === null || !survives(events, a) || !committed.has(a.transaction)) continue
    for (const b of events) {
      if (b.action.kind !== 'write' || b.put === null || !survives(events, b) || !committed.has(b.transaction)) continue
      if (a.transaction >= b.transaction || a.action.key === b.action.key) continue
      if (readsOlder(events, a.transaction, b) && readsOlder(events, b.transaction, a)) {
        return `T${a.transaction} wrote ${a.action.key} and T${b.transaction} wrote ${b.action.key}, each having read what the other overwrote`
      }
    }
  }
  return null
}

/** True if the transaction read the key of `write` in a version before it. */
function readsOlder(events: readonly Event[], transaction: number, write: Event): boolean {
  const key = write.action.kind === 'write' ? write.action.key : -1
  return events.some((event) => {
    if (event.transaction !== transaction) return false
    return readsOf(event).some(([k, value]) => {
      if (k !== key) return false
      const source = events.find(({ put }) => put === value)
      return (
        source === undefined || (source.transaction !== transaction && source.done < write.done && source !== write)
      )
    })
  })
}

/** False if a rollback to a savepoint undid the write. */
function survives(events: readonly Event[], write: Event): boolean {
  let savepoint = -1
  for (const { transaction, action, done } of events) {
    if (transaction !== write.transaction) continue
    if (action.kind === 'savepoint') savepoint = done
    if (action.kind === 'rollbackTo' && done > write.done && savepoint < write.done) return false
  }
  return true
}
