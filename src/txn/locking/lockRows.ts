/** The lock table for people (`isolde_locks`): a row for each hold and each wait, the rows that transactions have written included. */
import type { GuardedTable } from '../../storage/guardedTable.ts'
import type { Writer } from '../../storage/undo.ts'
import { Bound } from '../../storage/row/treeCursor.ts'
import { ROW_MODES } from '../lockModes.ts'
import type { Grant, Lock, LockOwner } from '../lockWait.ts'
import { RowLock } from '../lockWait.ts'
import { keyText as text, rowKey } from '../rowName.ts'
import { AdvisoryLock } from './advisoryLock.ts'
import { KeyRangeLock, RangeGrant, RangeWait } from './keyRangeLock.ts'
import type { KeyRange } from '../../storage/row/keyRange.ts'

export type TableById = (id: number) => GuardedTable | null

export interface LockRow {
  readonly session: number
  /** Null for what a session holds beyond its transactions. */
  readonly transaction: number | null
  readonly kind: Lock['kind']
  readonly table: string | null
  readonly index: string | null
  readonly rowId: number | null
  /** Of a range `[4, 10)`, of a row `4`; the numbers of an advisory lock. */
  readonly key: string | null
  /** `RowExclusiveLock`, `FOR SHARE`. */
  readonly mode: string
  readonly granted: boolean
  /** Who is in the way of a wait. */
  readonly blockedBy: readonly LockOwner[]
}

export function describeLock(lock: Lock): LockRow[] {
  const holds = lock instanceof KeyRangeLock ? lock.all : lock.grants
  return [
    ...holds.map((grant) => describeHold(lock, grant)),
    ...lock.waits.map((wait) => ({
      ...subject(lock, wait.owner),
      ...(wait instanceof RangeWait ? rangeOf(wait.index.name, wait.range) : {}),
      mode: wait.mode,
      granted: false,
      blockedBy: wait.holders(),
    })),
  ]
}

function describeHold(lock: Lock, grant: Grant): LockRow {
  const range = grant instanceof RangeGrant ? rangeOf(grant.index.name, grant.range) : {}
  return { ...subject(lock, grant.owner), ...range, mode: lock.modes.names[grant.mode]!, granted: true, blockedBy: [] }
}

/** Rows that are locked by standing at the head of their chains. */
export function* describeWriters(writers: Iterable<LockOwner & Writer>, tableOf: TableById): Generator<LockRow> {
  for (const writer of writers) {
    for (let entry = writer.lastEntry; entry !== null; entry = entry.previous) {
      const { table, rowId, rows, mode } = entry
      if (table.head(rowId) !== entry) continue
      const named = tableOf(table.id)
      for (let behind = rows - 1; behind >= 0; behind--) {
        yield {
          session: writer.session,
          transaction: writer.id,
          kind: 'row',
          table: table.name,
          index: null,
          rowId: rowId - behind,
          key: named === null ? null : rowKey(named, rowId - behind),
          mode: ROW_MODES.names[mode]!,
          granted: true,
          blockedBy: [],
        }
      }
    }
  }
}

function subject(lock: Lock, owner: LockOwner): Omit<LockRow, 'mode' | 'granted' | 'blockedBy'> {
  return {
    session: owner.session,
    transaction: owner.id === 0 ? null : owner.id,
    kind: lock.kind,
    table: lock.table?.name ?? null,
    index: null,
    rowId: lock instanceof RowLock ? lock.rowId : null,
    key: keyOf(lock),
  }
}

function keyOf(lock: Lock): string | null {
  if (lock instanceof AdvisoryLock) return String(lock.key)
  return lock instanceof RowLock ? rowKey(lock.table!, lock.rowId) : null
}

function rangeOf(index: string, { low, high, bounds }: KeyRange): { readonly index: string; readonly key: string } {
  const open =
    (bounds & Bound.LOW) === 0 ? '(' : (bounds & Bound.LOW_INCLUSIVE) === 0 ? `(${text(low)}` : `[${text(low)}`
  const end =
    (bounds & Bound.HIGH) === 0 ? ')' : (bounds & Bound.HIGH_INCLUSIVE) === 0 ? `${text(high)})` : `${text(high)}]`
  return { index, key: `${open}, ${end}` }
}
