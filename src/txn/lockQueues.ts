/**
 * Queues and deadlocks: how a request becomes a hold or a wait, and a wait a hold, whatever is locked.
 *
 * - First come, first served: who would be excluded by a waiter ahead waits too. Two exceptions, as in PostgreSQL: a
 *   requester that already holds the lock queues before those whom its hold blocks, and a reordering that dissolves a
 *   deadlock.
 * - A grant is told to the listener, at once and in the middle of whatever released the lock; the statement runs again in
 *   a step of its own.
 * - A row whose writer somebody waits for stands in the writer's `awaited`: whoever releases rows wakes those, and looks at
 *   no others.
 */
import { assert } from '../assert.ts'
import type { DatabaseError } from '../errors.ts'
import { couldNotLockRow, couldNotLockTable, deadlockDetected } from '../errors.ts'
import type { Trace } from '../trace.ts'
import { describeCycle, examine, victimOf } from './deadlock.ts'
import { TableMode } from './lockModes.ts'
import type { Grant, Lock, LockOwner } from './lockWait.ts'
import { LockWait, RowLock } from './lockWait.ts'

export abstract class LockQueues {
  protected readonly waiters = new Set<LockOwner>()
  /** Holds of, and waits for, ACCESS EXCLUSIVE on tables: the one mode in which plain reads have to wait. */
  protected exclusive = 0
  #failure: DatabaseError | null = null
  readonly #ready: (wait: LockWait) => void
  readonly #trace: Trace

  constructor(ready: (wait: LockWait) => void, trace: Trace) {
    this.#ready = ready
    this.#trace = trace
  }

  /** The lock has lost a hold or a wait: forgets it, if it has none left. */
  protected abstract dropIfIdle(lock: Lock): void

  /** All transactions that wait, in the order in which they began to. */
  get waiting(): readonly LockOwner[] {
    return [...this.waiters]
  }

  /** A wait that stood in no queue is over. */
  announce(wait: LockWait): void {
    this.#ready(wait)
  }

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
    for (const { waitingFor } of [...this.waiters]) {
      if (waitingFor === null) continue
      waitingFor.error = error
      this.#dequeue(waitingFor)
      this.#ready(waitingFor)
    }
  }

  protected isFree(owner: LockOwner, lock: Lock, mode: number): boolean {
    if (lock.waits.length === 0) return !lock.isHeldAgainst(owner, mode)
    const wait = new LockWait(owner, lock, mode, this.leave)
    return !wait.isHeldUp && !blockedAhead(wait, wait.place())
  }

  protected acquire(owner: LockOwner, lock: Lock, mode: number): LockWait | null {
    if (lock.waits.length > 0 || lock.isHeldAgainst(owner, mode)) {
      const wait = new LockWait(owner, lock, mode, this.leave)
      const place = wait.place()
      if (wait.isHeldUp || blockedAhead(wait, place)) return this.enqueue(wait, place)
    }
    this.hold({ owner, lock, mode, requested: true })
    return null
  }

  protected hold(grant: Grant): void {
    const { owner, lock, mode } = grant
    lock.add(grant)
    switch (lock.kind) {
      case 'row':
      case 'key range':
        if (owner.rowGrants.length === 0) owner.rowGrants = [grant]
        else owner.rowGrants.push(grant)
        break
      case 'database':
        owner.databaseGrant = grant
        break
      case 'table':
      case 'catalog':
      case 'advisory':
        // A literal takes the room of one grant, a push that of seventeen.
        if (owner.tableGrants.length === 0) owner.tableGrants = [grant]
        else owner.tableGrants.push(grant)
    }
    if (isExclusive(lock, mode)) this.exclusive++
  }

  /** The grant is in no list of its owner any more. */
  protected release(grant: Grant): void {
    const { lock } = grant
    lock.remove(grant)
    if (lock.waits.length > 0) this.wake(lock)
    this.dropIfIdle(lock)
  }

  protected enqueue(wait: LockWait, place: number): LockWait {
    if (this.#failure !== null) throw this.#failure
    const { owner, lock } = wait
    assert(owner.waitingFor === null, 'a transaction waits for one lock at a time')
    lock.waits.splice(place, 0, wait)
    owner.waitingFor = wait
    this.waiters.add(owner)
    if (isExclusive(lock, wait.modeNumber)) this.exclusive++
    if (lock.table !== null && owner.nowait?.has(lock.table) === true) {
      // Before anybody becomes the victim of a wait that does not take place.
      this.#remove(wait)
      throw lock.kind === 'table' ? couldNotLockTable(lock.table.name) : couldNotLockRow(lock.table.name)
    }
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
      const verdict = examine([added.owner], this.waiters)
      if (verdict.kind === 'free') return
      if (verdict.kind === 'reorder') {
        for (const [lock, order] of verdict.orders) lock.waits = [...order]
        for (const lock of verdict.orders.keys()) this.wake(lock)
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
  protected wake(lock: Lock): void {
    // The modes for which those wait who have been passed by.
    let ahead = 0
    for (let i = 0; i < lock.waits.length;) {
      const wait = lock.waits[i]!
      const behind = (lock.modes.conflicts[wait.modeNumber]! & ahead) !== 0
      if ((behind && (lock.kind !== 'key range' || blockedAhead(wait, i))) || wait.isHeldUp) {
        ahead |= 1 << wait.modeNumber
        i++
        continue
      }
      this.#dequeue(wait)
      wait.granted = true
      const grant = wait.grant()
      if (grant !== null) this.hold(grant)
      if (this.#trace.on) {
        this.#trace.emit({ kind: 'grant', transaction: wait.owner.id, lock: `${wait.mode} on ${wait.resource}` })
      }
      this.#ready(wait)
    }
    if (lock instanceof RowLock && lock.waits.length > 0 && lock.writer !== null) noteAwaited(lock.writer, lock)
  }

  protected readonly leave = (wait: LockWait): void => {
    if (wait.owner.waitingFor === wait) this.#remove(wait)
  }

  #remove(wait: LockWait): void {
    const { lock } = wait
    this.#dequeue(wait)
    if (lock.waits.length > 0) this.wake(lock)
    this.dropIfIdle(lock)
  }

  #dequeue(wait: LockWait): void {
    const { waits } = wait.lock
    const at = waits.indexOf(wait)
    if (at >= 0) waits.splice(at, 1)
    this.waiters.delete(wait.owner)
    wait.owner.waitingFor = null
    if (isExclusive(wait.lock, wait.modeNumber)) this.exclusive--
  }
}

export function noteAwaited(writer: LockOwner, lock: RowLock): void {
  if (writer.awaited === null) writer.awaited = new Set([lock])
  else writer.awaited.add(lock)
}

export const isExclusive = (lock: Lock, mode: number): boolean =>
  lock.kind === 'table' && mode === TableMode.ACCESS_EXCLUSIVE

export function blockedAhead(wait: LockWait, place: number): boolean {
  const { waits } = wait.lock
  for (let i = 0; i < place; i++) if (wait.isBehind(waits[i]!)) return true
  return false
}
