/**
 * The one place where transactions wait for each other (D6). Tables, the catalog and rows have the same queues, the same
 * deadlock check, the same way to wake.
 *
 * - Queues are first come, first served: who would be excluded by a waiter ahead waits too. Two exceptions, as in
 *   PostgreSQL: a requester that already holds the lock queues before those whom its hold blocks, and a reordering that
 *   dissolves a deadlock.
 * - A grant is told to the listener, at once and in the middle of whatever released the lock; the statement runs again in
 *   a step of its own.
 * - A lock that nobody holds by name or waits for is forgotten, but for the tables' own.
 * - A row whose writer somebody waits for stands in the writer's `awaited`: whoever releases rows wakes those, and looks at
 *   no others.
 */
import { assert } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import { deadlockDetected } from '../errors.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Writer } from '../storage/undo.ts'
import { RowMode } from '../storage/undo.ts'
import type { Trace } from '../trace.ts'
import { describeCycle, examine, victimOf } from './deadlock.ts'
import type { Grant, LockOwner } from './lockWait.ts'
import { Lock, LockWait, RowLock } from './lockWait.ts'
import { TABLE_MODES, TableMode } from './lockModes.ts'

export type { LockOwner, LockWait } from './lockWait.ts'

export class LockManager {
  /** Locks of rows that somebody waits for, or holds by name: none when nobody waits. */
  rowLockCount = 0
  readonly #tables = new Map<number, Lock>()
  readonly #rows = new Map<RowTable, Map<number, RowLock>>()
  readonly #catalog = new Lock('catalog', TABLE_MODES, null)
  readonly #waiting = new Set<LockOwner>()
  /** Holds of, and waits for, ACCESS EXCLUSIVE on tables: the one mode in which plain reads have to wait. */
  #exclusive = 0
  #failure: DatabaseError | null = null
  readonly #ownerOf: (writer: Writer) => LockOwner
  readonly #ready: (wait: LockWait) => void
  readonly #trace: Trace

  constructor(ownerOf: (writer: Writer) => LockOwner, ready: (wait: LockWait) => void, trace: Trace) {
    this.#ownerOf = ownerOf
    this.#ready = ready
    this.#trace = trace
  }

  /** All transactions that wait, in the order in which they began to. */
  get waiting(): readonly LockOwner[] {
    return [...this.#waiting]
  }

  // Tables.

  /** True if nobody holds or awaits a mode that excludes a plain read. */
  mayRead(table: RowTable): boolean {
    if (this.#exclusive === 0) return true
    const lock = this.#tables.get(table.id)
    if (lock === undefined) return true
    return (
      lock.grants.every(({ mode }) => mode !== TableMode.ACCESS_EXCLUSIVE) &&
      lock.waits.every(({ modeNumber }) => modeNumber !== TableMode.ACCESS_EXCLUSIVE)
    )
  }

  /** Null if the owner holds the table in this mode now. Throws 40P01 if the wait would close a circle, and the owner is its victim. */
  lockTable(owner: LockOwner, table: RowTable, mode: TableMode): LockWait | null {
    const lock = this.#tableLock(table)
    for (const grant of owner.tableGrants) if (grant.lock === lock && grant.mode === mode) return null
    return this.#acquire(owner, lock, mode, true)
  }

  /** True if the owner could have the table in this mode without waiting, now. */
  mayLockTable(owner: LockOwner, table: RowTable, mode: TableMode): boolean {
    return this.#isFree(owner, this.#tableLock(table), mode)
  }

  #tableLock(table: RowTable): Lock {
    let lock = this.#tables.get(table.id)
    // The id of a table whose creation was rolled back is given again.
    if (lock === undefined || lock.table !== table) {
      assert(lock === undefined || lock.idle, 'a table that is gone is locked by nobody')
      lock = new Lock('table', TABLE_MODES, table)
      this.#tables.set(table.id, lock)
    }
    return lock
  }

  lockCatalog(owner: LockOwner): LockWait | null {
    for (const grant of owner.tableGrants) if (grant.lock === this.#catalog) return null
    return this.#acquire(owner, this.#catalog, TableMode.EXCLUSIVE, true)
  }

  /** Gives up the table locks behind the first `kept`. */
  releaseTables(owner: LockOwner, kept: number): void {
    const { tableGrants } = owner
    while (tableGrants.length > kept) {
      const grant = tableGrants.pop()!
      remove(grant.lock.grants, grant)
      if (isExclusive(grant.lock, grant.mode)) this.#exclusive--
      if (grant.lock.waits.length > 0) this.#wake(grant.lock)
    }
  }

  /** The table is dropped: forgets its lock. False, with nothing done, if a reader of an old snapshot still holds it. */
  forgetTable(id: number): boolean {
    if (this.#tables.get(id)?.idle === false) return false
    this.#tables.delete(id)
    return true
  }

  // Rows.

  /** True if somebody else's hold by name, or a waiter who came first, keeps the owner from this mode. */
  isRowTaken(owner: LockOwner, table: RowTable, rowId: number, mode: RowMode): boolean {
    const lock = this.#rows.get(table)?.get(rowId)
    return lock !== undefined && !this.#isFree(owner, lock, mode)
  }

  /** Holds the row by name in a mode that is free (`isRowTaken`); one that it holds already covers the weaker ones. */
  holdRow(owner: LockOwner, table: RowTable, rowId: number, mode: RowMode): void {
    const lock = this.#rowLock(table, rowId)
    for (const grant of lock.grants) {
      if (grant.owner === owner && grant.mode >= mode) {
        grant.requested = true
        return
      }
    }
    this.#hold(owner, lock, mode, true)
  }

  /** The owner has become the writer of a row: those who wait for it are its to wake. */
  noteWriter(owner: LockOwner, table: RowTable, rowId: number): void {
    const lock = this.#rows.get(table)?.get(rowId)
    if (lock !== undefined && lock.waits.length > 0) noteAwaited(owner, lock)
  }

  /** Queues for a row that cannot be had now. Throws 40P01 as `lockTable` does. */
  waitForRow(owner: LockOwner, table: RowTable, rowId: number, mode: number): LockWait {
    const lock = this.#rowLock(table, rowId)
    const wait = new LockWait(owner, lock, mode, this.#leave)
    return this.#enqueue(wait, placeOf(wait))
  }

  #rowLock(table: RowTable, rowId: number): RowLock {
    let rows = this.#rows.get(table)
    if (rows === undefined) this.#rows.set(table, (rows = new Map()))
    let lock = rows.get(rowId)
    if (lock === undefined) {
      lock = new RowLock(table, rowId, this.#ownerOf)
      rows.set(rowId, lock)
      this.rowLockCount++
    }
    return lock
  }

  /** Rows may have lost this writer (end of a transaction, undo): wakes who waited for it. */
  rowsReleased(owner: LockOwner): void {
    const { awaited } = owner
    if (awaited === null) return
    for (const lock of awaited) {
      if (lock.writer === owner) continue
      awaited.delete(lock)
      this.#wake(lock)
      this.#dropIfIdle(lock)
    }
  }

  /** Gives up the holds by name on rows behind the first `kept`; `idle`: only those that no run of the statement has asked for. */
  releaseRows(owner: LockOwner, kept: number, idle = false): void {
    const { rowGrants } = owner
    if (rowGrants.length > kept) {
      const given = rowGrants.splice(kept)
      for (const grant of given) {
        if (idle && grant.requested) rowGrants.push(grant)
        else {
          remove(grant.lock.grants, grant)
          if (grant.lock.waits.length > 0) this.#wake(grant.lock)
          this.#dropIfIdle(grant.lock as RowLock)
        }
      }
    }
    this.rowsReleased(owner)
  }

  #dropIfIdle(lock: RowLock): void {
    if (!lock.idle) return
    const rows = this.#rows.get(lock.table!)
    if (rows?.get(lock.rowId) !== lock) return
    rows.delete(lock.rowId)
    this.rowLockCount--
    if (rows.size === 0) this.#rows.delete(lock.table!)
  }

  // Waiting.

  /** Ends a wait from outside: its statement fails with this error. Nothing happens if the owner waits for nothing. */
  endWait(owner: LockOwner, error: DatabaseError): void {
    const wait = owner.waitingFor
    if (wait === null) return
    wait.error = error
    this.#remove(wait)
    this.#ready(wait)
  }

  /** Nobody can be waited for any more: ends all waits, now and to come, with this error. */
  fail(error: DatabaseError): void {
    this.#failure = error
    for (const { waitingFor } of [...this.#waiting]) {
      if (waitingFor === null) continue
      waitingFor.error = error
      this.#dequeue(waitingFor)
      this.#ready(waitingFor)
    }
  }

  /** For tests and people: true if nobody holds or awaits anything. */
  get quiet(): boolean {
    return (
      this.#waiting.size === 0 &&
      this.#rows.size === 0 &&
      this.#catalog.idle &&
      [...this.#tables.values()].every((lock) => lock.idle)
    )
  }

  #isFree(owner: LockOwner, lock: Lock, mode: number): boolean {
    if (lock.waits.length === 0) return !lock.isHeldAgainst(owner, mode)
    const wait = new LockWait(owner, lock, mode, this.#leave)
    return !wait.isHeldUp && !blockedAhead(wait, placeOf(wait))
  }

  #acquire(owner: LockOwner, lock: Lock, mode: number, requested: boolean): LockWait | null {
    if (lock.waits.length === 0 && !lock.isHeldAgainst(owner, mode)) {
      this.#hold(owner, lock, mode, requested)
      return null
    }
    const wait = new LockWait(owner, lock, mode, this.#leave)
    const place = placeOf(wait)
    if (wait.isHeldUp || blockedAhead(wait, place)) return this.#enqueue(wait, place)
    this.#hold(owner, lock, mode, requested)
    return null
  }

  #hold(owner: LockOwner, lock: Lock, mode: number, requested: boolean): void {
    const grant: Grant = { owner, lock, mode, requested }
    lock.grants.push(grant)
    if (lock.kind === 'row') owner.rowGrants.push(grant)
    // A literal takes the room of one grant, a push that of seventeen.
    else if (owner.tableGrants.length === 0) owner.tableGrants = [grant]
    else owner.tableGrants.push(grant)
    if (isExclusive(lock, mode)) this.#exclusive++
  }

  #enqueue(wait: LockWait, place: number): LockWait {
    if (this.#failure !== null) throw this.#failure
    const { owner, lock } = wait
    assert(owner.waitingFor === null, 'a transaction waits for one lock at a time')
    lock.waits.splice(place, 0, wait)
    owner.waitingFor = wait
    this.#waiting.add(owner)
    if (isExclusive(lock, wait.modeNumber)) this.#exclusive++
    if (lock instanceof RowLock && lock.writer !== null) noteAwaited(lock.writer, lock)
    if (this.#trace.on) {
      const holders = wait.holders().map(({ id }) => id)
      this.#trace.emit({ kind: 'wait', transaction: owner.id, lock: `${wait.mode} on ${wait.resource}`, holders })
    }
    this.#dissolveCircles(wait)
    return wait
  }

  /** Throws 40P01 if the new wait is the victim. */
  #dissolveCircles(added: LockWait): void {
    for (;;) {
      const verdict = examine([added.owner], this.#waiting)
      if (verdict.kind === 'free') return
      if (verdict.kind === 'reorder') {
        for (const [lock, order] of verdict.orders) lock.waits = [...order]
        for (const lock of verdict.orders.keys()) this.#wake(lock)
        return
      }
      const victim = victimOf(verdict.cycle)
      const error = deadlockDetected(describeCycle(verdict.cycle))
      victim.error = error
      if (this.#trace.on) this.#trace.emit({ kind: 'abort', transaction: victim.owner.id, cause: 'deadlock' })
      this.#remove(victim)
      if (victim === added) throw error
      this.#ready(victim)
    }
  }

  /** Grants what can be granted, from the front of the queue on. */
  #wake(lock: Lock): void {
    // The modes for which those wait who have been passed by.
    let ahead = 0
    for (let i = 0; i < lock.waits.length;) {
      const wait = lock.waits[i]!
      if ((lock.modes.conflicts[wait.modeNumber]! & ahead) !== 0 || wait.isHeldUp) {
        ahead |= 1 << wait.modeNumber
        i++
        continue
      }
      this.#dequeue(wait)
      wait.granted = true
      if (wait.leavesHold) this.#hold(wait.owner, lock, wait.modeNumber, lock.kind !== 'row')
      if (this.#trace.on) {
        this.#trace.emit({ kind: 'grant', transaction: wait.owner.id, lock: `${wait.mode} on ${wait.resource}` })
      }
      this.#ready(wait)
    }
    if (lock instanceof RowLock && lock.waits.length > 0 && lock.writer !== null) noteAwaited(lock.writer, lock)
  }

  readonly #leave = (wait: LockWait): void => {
    if (wait.owner.waitingFor === wait) this.#remove(wait)
  }

  #remove(wait: LockWait): void {
    const { lock } = wait
    this.#dequeue(wait)
    if (lock.waits.length > 0) this.#wake(lock)
    if (lock instanceof RowLock) this.#dropIfIdle(lock)
  }

  #dequeue(wait: LockWait): void {
    remove(wait.lock.waits, wait)
    this.#waiting.delete(wait.owner)
    wait.owner.waitingFor = null
    if (isExclusive(wait.lock, wait.modeNumber)) this.#exclusive--
  }
}

function noteAwaited(writer: LockOwner, lock: RowLock): void {
  if (writer.awaited === null) writer.awaited = new Set([lock])
  else writer.awaited.add(lock)
}

const isExclusive = (lock: Lock, mode: number): boolean => lock.kind === 'table' && mode === TableMode.ACCESS_EXCLUSIVE

/** Where a request joins the queue: before the first waiter whom a hold of the requester's own blocks. */
function placeOf({ owner, lock }: LockWait): number {
  const { waits } = lock
  if (waits.length === 0) return 0
  const own = lock.modesOf(owner)
  if (own === 0) return waits.length
  const at = waits.findIndex(({ modeNumber }) => (lock.modes.conflicts[modeNumber]! & own) !== 0)
  return at < 0 ? waits.length : at
}

function blockedAhead(wait: LockWait, place: number): boolean {
  const { waits } = wait.lock
  for (let i = 0; i < place; i++) if (wait.isBehind(waits[i]!)) return true
  return false
}

function remove<T>(array: T[], element: T): void {
  const at = array.lastIndexOf(element)
  if (at < 0) return
  for (let i = at + 1; i < array.length; i++) array[i - 1] = array[i]!
  array.pop()
}
