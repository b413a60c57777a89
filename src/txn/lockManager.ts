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
 */
import { assert } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import { deadlockDetected } from '../errors.ts'
import type { RowTable } from '../storage/row/table.ts'
import type { Writer } from '../storage/undo.ts'
import type { Trace } from '../trace.ts'
import { describeCycle, examine, victimOf } from './deadlock.ts'
import type { Grant, LockOwner } from './lockWait.ts'
import { Lock, LockWait } from './lockWait.ts'
import { AWAIT_WRITER, ROW_MODES, TABLE_MODES, TableMode } from './lockModes.ts'

export type { LockOwner, LockWait } from './lockWait.ts'

const nobody = (): null => null

export class LockManager {
  /** Locks of rows that somebody waits for, or holds by name: none when nobody waits. */
  rowLockCount = 0
  readonly #tables = new Map<number, Lock>()
  readonly #rows = new Map<string, Lock>()
  readonly #catalog = new Lock('the catalog', TABLE_MODES, nobody, null)
  readonly #waiting: LockOwner[] = []
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
    return this.#waiting
  }

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

  /** Null if the owner holds the table in this mode now. Throws 40P01 if the wait would close a circle, and the owner is its youngest. */
  lockTable(owner: LockOwner, table: RowTable, mode: TableMode): LockWait | null {
    let lock = this.#tables.get(table.id)
    // The id of a table whose creation was rolled back is given again.
    if (lock === undefined || lock.table !== table) {
      assert(lock === undefined || lock.idle, 'a table that is gone is locked by nobody')
      lock = new Lock(`table "${table.name}"`, TABLE_MODES, nobody, table)
      this.#tables.set(table.id, lock)
    }
    return this.#acquire(owner, lock, mode)
  }

  lockCatalog(owner: LockOwner): LockWait | null {
    return this.#acquire(owner, this.#catalog, TableMode.EXCLUSIVE)
  }

  #acquire(owner: LockOwner, lock: Lock, mode: TableMode): LockWait | null {
    const { grants } = lock
    const conflicts = lock.modes.conflicts[mode]!
    let excluded = lock.waits.length > 0
    for (let i = 0; i < grants.length; i++) {
      const grant = grants[i]!
      if (grant.owner !== owner) excluded ||= (conflicts & (1 << grant.mode)) !== 0
      else if (grant.mode === mode) return null
    }
    if (!excluded) {
      this.#hold(owner, lock, mode)
      return null
    }
    const wait = new LockWait(owner, lock, mode, this.#leave)
    const place = placeOf(wait)
    if (lock.holdersAgainst(owner, mode).length > 0 || blockedAhead(wait, place)) return this.#enqueue(wait, place)
    this.#hold(owner, lock, mode)
    return null
  }

  /** True if the row was granted out of its queue to somebody else, who has not run again yet. */
  isPromised(owner: LockOwner, table: RowTable, rowId: number): boolean {
    const lock = this.#rows.get(rowKey(table, rowId))
    return lock !== undefined && lock.grants.some((grant) => grant.owner !== owner)
  }

  /** Queues for a row that cannot be had now. Throws 40P01 as `lockTable` does. */
  waitForRow(owner: LockOwner, table: RowTable, rowId: number, mode: number): LockWait {
    const key = rowKey(table, rowId)
    let lock = this.#rows.get(key)
    if (lock === undefined) {
      lock = new Lock(
        `row ${rowId} of table "${table.name}"`,
        ROW_MODES,
        () => {
          const head = table.head(rowId)
          return head === null || head.writer.published ? null : this.#ownerOf(head.writer)
        },
        null,
      )
      this.#rows.set(key, lock)
      this.rowLockCount++
    }
    const wait = new LockWait(owner, lock, mode, this.#leave)
    return this.#enqueue(wait, lock.waits.length)
  }

  /** Rows may have lost their writers (end of a transaction, undo): wakes who waited for them. */
  rowsReleased(): void {
    if (this.rowLockCount === 0) return
    for (const [key, lock] of this.#rows) {
      this.#wake(lock)
      if (lock.idle) {
        this.#rows.delete(key)
        this.rowLockCount--
      }
    }
  }

  /** The statement has ended: what it still needs of the rows it was granted, it holds by its versions now. */
  releaseRowGrants(owner: LockOwner): void {
    for (const grant of owner.rowGrants) remove(grant.lock.grants, grant)
    owner.rowGrants.length = 0
    this.rowsReleased()
  }

  /** Gives up the table locks behind the first `kept`. */
  releaseTables(owner: LockOwner, kept: number): void {
    const { tableGrants } = owner
    while (tableGrants.length > kept) {
      const grant = tableGrants.pop()!
      remove(grant.lock.grants, grant)
      if (grant.mode === TableMode.ACCESS_EXCLUSIVE) this.#exclusive--
      if (grant.lock.waits.length > 0) this.#wake(grant.lock)
    }
  }

  /** The table is dropped: forgets its lock. False, with nothing done, if a reader of an old snapshot still holds it. */
  forgetTable(id: number): boolean {
    if (this.#tables.get(id)?.idle === false) return false
    this.#tables.delete(id)
    return true
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
      this.#waiting.length === 0 &&
      this.#rows.size === 0 &&
      this.#catalog.idle &&
      [...this.#tables.values()].every((lock) => lock.idle)
    )
  }

  #hold(owner: LockOwner, lock: Lock, mode: number): void {
    const grant: Grant = { owner, lock, mode }
    lock.grants.push(grant)
    if (lock.modes === TABLE_MODES) {
      // A literal takes the room of one grant, a push that of seventeen.
      if (owner.tableGrants.length === 0) owner.tableGrants = [grant]
      else owner.tableGrants.push(grant)
      if (mode === TableMode.ACCESS_EXCLUSIVE) this.#exclusive++
    } else owner.rowGrants.push(grant)
  }

  #enqueue(wait: LockWait, place: number): LockWait {
    if (this.#failure !== null) throw this.#failure
    const { owner, lock } = wait
    lock.waits.splice(place, 0, wait)
    owner.waitingFor = wait
    this.#waiting.push(owner)
    if (isExclusive(wait)) this.#exclusive++
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
        this.rowsReleased()
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
    for (let i = 0; i < lock.waits.length;) {
      const wait = lock.waits[i]!
      if (lock.holdersAgainst(wait.owner, wait.modeNumber).length > 0 || blockedAhead(wait, i)) {
        i++
        continue
      }
      this.#dequeue(wait)
      wait.granted = true
      if (lock.modes === TABLE_MODES || wait.modeNumber !== AWAIT_WRITER) this.#hold(wait.owner, lock, wait.modeNumber)
      if (this.#trace.on) {
        this.#trace.emit({ kind: 'grant', transaction: wait.owner.id, lock: `${wait.mode} on ${wait.resource}` })
      }
      this.#ready(wait)
    }
  }

  readonly #leave = (wait: LockWait): void => {
    if (wait.lock.waits.includes(wait)) this.#remove(wait)
  }

  #remove(wait: LockWait): void {
    this.#dequeue(wait)
    if (wait.lock.modes === ROW_MODES) this.rowsReleased()
    else this.#wake(wait.lock)
  }

  #dequeue(wait: LockWait): void {
    remove(wait.lock.waits, wait)
    remove(this.#waiting, wait.owner)
    wait.owner.waitingFor = null
    if (isExclusive(wait)) this.#exclusive--
  }
}

const rowKey = (table: RowTable, rowId: number): string => `${table.id}/${rowId}`

const isExclusive = ({ lock, modeNumber }: LockWait): boolean =>
  lock.modes === TABLE_MODES && modeNumber === TableMode.ACCESS_EXCLUSIVE

/** Where a request for a table joins the queue: before the first waiter whom a hold of the requester's own blocks. */
function placeOf({ owner, lock }: LockWait): number {
  const { waits, grants } = lock
  if (waits.length === 0) return 0
  const at = waits.findIndex((wait) =>
    grants.some((grant) => grant.owner === owner && lock.excludes(grant.mode, wait.modeNumber)),
  )
  return at < 0 ? waits.length : at
}

function blockedAhead({ owner, lock, modeNumber }: LockWait, place: number): boolean {
  for (let i = 0; i < place; i++) {
    const ahead = lock.waits[i]!
    if (ahead.owner !== owner && lock.excludes(ahead.modeNumber, modeNumber)) return true
  }
  return false
}

function remove<T>(array: T[], element: T): void {
  const at = array.indexOf(element)
  if (at < 0) return
  for (let i = at + 1; i < array.length; i++) array[i - 1] = array[i]!
  array.pop()
}
