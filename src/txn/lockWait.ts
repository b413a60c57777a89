/**
 * A lock: who holds a resource, and the queue of those who wait for it.
 *
 * Holders stand in `grants`, but for the writer of a row: its lock is the head of the row's chain, which costs nothing;
 * a `RowLock` asks storage who that is.
 */
import type { DatabaseError } from '../errors.ts'
import type { GuardedTable } from '../storage/guardedTable.ts'
import type { Writer } from '../storage/undo.ts'
import type { LockModes } from './lockModes.ts'
import { onlyAwaits, ROW_MODES, rowModesExclude } from './lockModes.ts'
import { rowName } from './rowName.ts'

/** A transaction as the lock manager sees it. */
export interface LockOwner {
  readonly id: number
  readonly session: number
  /** Rises with each first attempt; a retry keeps it, so that the youngest by it is never the same for ever. */
  readonly firstAttempt: number
  /** Milliseconds: of a deadlock's transactions the one with the shortest is the victim. */
  readonly deadlockTimeout: number
  /** The tables in which its statement waits for nothing, because it locks rows of them NOWAIT; null if there are none. */
  readonly nowait: ReadonlySet<GuardedTable> | null
  /** The wait that has not ended; a transaction waits for one lock at a time. */
  waitingFor: LockWait | null
  /** Its holds on tables, in the order in which it took them. */
  tableGrants: Grant[]
  /** Its holds by name on rows and key ranges, likewise. */
  rowGrants: Grant[]
  /** Its hold on the whole database; null as long as nobody runs serially. */
  databaseGrant: Grant | null
  /** Rows that it has written and somebody waits for: what it must wake. */
  awaited: Set<RowLock> | null
}

export interface Grant {
  readonly owner: LockOwner
  readonly lock: Lock
  readonly mode: number
  /**
   * False if nobody has asked for it since it was granted out of a queue: of a row, it may be given up when the statement ends;
   * of a table, what is checked when a table is locked has not been.
   */
  requested: boolean
}

/** Of an owner that holds nothing: `hold` puts a list of the owner's own in its place, and nobody else adds to a list. */
export const NO_GRANTS: Grant[] = []

export class Lock {
  readonly kind: 'database' | 'catalog' | 'table' | 'row' | 'key range' | 'advisory'
  readonly modes: LockModes
  /** The table that is locked, or the one whose row or key is; null for the catalog. */
  readonly table: GuardedTable | null
  readonly grants: Grant[] = []
  /** First come, first served; a requester that already holds the lock in some mode comes before those whom that blocks. */
  waits: LockWait[] = []

  constructor(kind: Lock['kind'], modes: LockModes, table: GuardedTable | null) {
    this.kind = kind
    this.modes = modes
    this.table = table
  }

  /** For people: `table "accounts"`. */
  get resource(): string {
    return this.table === null ? `the ${this.kind}` : `table "${this.table.name}"`
  }

  get idle(): boolean {
    return this.grants.length === 0 && this.waits.length === 0
  }

  add(grant: Grant): void {
    this.grants.push(grant)
  }

  remove(grant: Grant): void {
    const { grants } = this
    const at = grants.lastIndexOf(grant)
    if (at < 0) return
    for (let i = at + 1; i < grants.length; i++) grants[i - 1] = grants[i]!
    grants.pop()
  }

  /** True if somebody's hold excludes this request; its own never does. */
  isHeldAgainst(owner: LockOwner, mode: number): boolean {
    const conflicts = this.modes.conflicts[mode]!
    const { grants } = this
    for (let i = 0; i < grants.length; i++) {
      const grant = grants[i]!
      if ((conflicts & (1 << grant.mode)) !== 0 && grant.owner !== owner) return true
    }
    return false
  }

  /** Those whose hold excludes this request, each once. */
  holdersAgainst(owner: LockOwner, mode: number): LockOwner[] {
    const holders = new Set<LockOwner>()
    const conflicts = this.modes.conflicts[mode]!
    for (const grant of this.grants) {
      if ((conflicts & (1 << grant.mode)) !== 0 && grant.owner !== owner) holders.add(grant.owner)
    }
    return [...holders]
  }

  /** The modes in which the owner holds it, as bits. */
  modesOf(owner: LockOwner): number {
    let modes = 0
    for (const grant of this.grants) if (grant.owner === owner) modes |= 1 << grant.mode
    return modes
  }
}

/** The lock of a row that somebody waits for, or holds in the lock table. */
export class RowLock extends Lock {
  readonly rowId: number
  readonly #ownerOf: (writer: Writer) => LockOwner

  constructor(table: GuardedTable, rowId: number, ownerOf: (writer: Writer) => LockOwner) {
    super('row', ROW_MODES, table)
    this.rowId = rowId
    this.#ownerOf = ownerOf
  }

  override get resource(): string {
    return `${rowName(this.table!, this.rowId)} of table "${this.table!.name}"`
  }

  /** The open transaction that has written or locked the row at its chain. */
  get writer(): LockOwner | null {
    const head = this.table!.head(this.rowId)
    return head === null || head.writer.published ? null : this.#ownerOf(head.writer)
  }

  /** The writer, if it is in the way of such a request. */
  writerAgainst(owner: LockOwner, mode: number): LockOwner | null {
    const head = this.table!.head(this.rowId)
    if (head === null || head.writer.published || !rowModesExclude(head.mode, mode)) return null
    const writer = this.#ownerOf(head.writer)
    return writer === owner ? null : writer
  }

  override modesOf(owner: LockOwner): number {
    const modes = super.modesOf(owner)
    return this.writer === owner ? modes | (1 << this.table!.head(this.rowId)!.mode) : modes
  }

  override isHeldAgainst(owner: LockOwner, mode: number): boolean {
    return this.writerAgainst(owner, mode) !== null || super.isHeldAgainst(owner, mode)
  }

  override holdersAgainst(owner: LockOwner, mode: number): LockOwner[] {
    const holders = super.holdersAgainst(owner, mode)
    const writer = this.writerAgainst(owner, mode)
    return writer === null || holders.includes(writer) ? holders : [writer, ...holders]
  }
}

/** A request's place in the queue of a lock. */
export class LockWait {
  readonly owner: LockOwner
  readonly lock: Lock
  readonly modeNumber: number
  /** True once the lock is held: the statement may run again. */
  granted = false
  /** What ended the wait without a grant: 40P01 for a deadlock's victim, the error of a dead log; the statement fails with it. */
  error: DatabaseError | null = null
  readonly #leave: (wait: LockWait) => void

  constructor(owner: LockOwner, lock: Lock, mode: number, leave: (wait: LockWait) => void) {
    this.owner = owner
    this.lock = lock
    this.modeNumber = mode
    this.#leave = leave
  }

  /** For people: `row (id)=(7) of table "accounts"`, `table "accounts"`. */
  get resource(): string {
    return this.lock.resource
  }

  /** For people: `AccessExclusiveLock`, `FOR UPDATE`. */
  get mode(): string {
    return this.lock.modes.names[this.modeNumber]!
  }

  /** Where it joins the queue: before the first waiter whom a hold of its owner's blocks. */
  place(): number {
    const { lock, owner } = this
    const { waits } = lock
    if (waits.length === 0) return 0
    const own = lock.modesOf(owner)
    if (own === 0) return waits.length
    const at = waits.findIndex(({ modeNumber }) => (lock.modes.conflicts[modeNumber]! & own) !== 0)
    return at < 0 ? waits.length : at
  }

  /** True if this request must wait until the one ahead of it in the queue is over. */
  isBehind(ahead: LockWait): boolean {
    return (this.lock.modes.conflicts[this.modeNumber]! & (1 << ahead.modeNumber)) !== 0
  }

  /** True if every request that is in the way of this one is in the way of the one ahead too. */
  standsBehindAll(ahead: LockWait): boolean {
    const { conflicts } = this.lock.modes
    return (conflicts[this.modeNumber]! & ~conflicts[ahead.modeNumber]!) === 0
  }

  /** True if somebody's hold is in the way. */
  get isHeldUp(): boolean {
    return this.lock.isHeldAgainst(this.owner, this.modeNumber)
  }

  /** Those whose hold is in the way. */
  blockers(): readonly LockOwner[] {
    return this.lock.holdersAgainst(this.owner, this.modeNumber)
  }

  /** Who is in the way now: holders, and those ahead in the queue. */
  holders(): readonly LockOwner[] {
    if (this.granted || this.error !== null) return []
    const holders = new Set(this.blockers())
    for (const ahead of this.lock.waits) {
      if (ahead === this) break
      if (this.isBehind(ahead)) holders.add(ahead.owner)
    }
    return [...holders]
  }

  /** The hold with which the wait ends; null if it only waited for the end of a row's writer. */
  grant(): Grant | null {
    const { owner, lock, modeNumber } = this
    if (lock.kind === 'row' && onlyAwaits(modeNumber)) return null
    return { owner, lock, mode: modeNumber, requested: lock.kind !== 'row' && lock.kind !== 'table' }
  }

  /** Gives the place in the queue up (cancel, timeout, end of session); idempotent. */
  cancel(): void {
    this.#leave(this)
  }
}
