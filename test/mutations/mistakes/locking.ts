/** Mistakes in two-phase locking, foreign keys, queues, and where transactions run alone. */
import type { Mutation } from '../mutant.ts'

const twoPhaseLocking: readonly Mutation[] = [
  {
    name: 'a table scan under 2PL does not lock the table',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'return locks.whole || this.#lockWhole(table, locks)',
    replace: 'return true',
  },
  {
    name: 'a range read under 2PL is not locked',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'const had = this.#acquire(() => record.engine.locks.lockRange(record, table, index, range, mode))',
    replace: 'const had = true',
  },
  {
    name: 'a row looked up under 2PL is not locked',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'manager.holdRow(record, table, rowId, RowMode.SHARE)',
    replace: '',
  },
  {
    name: 'judge before locking: under 2PL a row behind an entry before its writer has ended',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'if (head === null || head.writer === record || head.writer.published) return true',
    replace: 'return true',
  },
  {
    name: 'skip the upgrade check: who shares a row makes it its own and asks none of the others',
    file: 'src/txn/rowLocks.ts',
    find: '} else if (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, mode)) {',
    replace: `} else if (locks.rowLockCount > 0 && locks.isRowTaken(record, table, rowId, mode) &&
      !record.rowGrants.some(({ lock }) => lock.table === table && lock.rowId === rowId)) {`,
  },
  {
    name: 'a writer asks for locked ranges at its new key only',
    file: 'src/txn/rowLocks.ts',
    find: 'if (table.rangeLocks !== 0 && mode',
    replace: 'if (false && mode',
  },
  {
    name: 'who moves a row asks for locked ranges at its old key only',
    file: 'src/txn/rowWrites.ts',
    find: 'if (table.rangeLocks !== 0 && record.engine.locks.isKeyTaken(record, table, rowId, index)) {',
    replace: 'if (false) {',
  },
  {
    name: 'who inserts a row does not ask for locked ranges',
    file: 'src/txn/rowWrites.ts',
    find: 'const locked = record.engine.locks.indexAgainst(record, table, rowId)',
    replace: 'const locked = null',
  },
  {
    name: 'circles of waiters are not looked for',
    file: 'src/txn/lockQueues.ts',
    find: 'this.#dissolveCircles(wait)\n',
    replace: '\n',
  },
  {
    name: '2PL gives up at ROLLBACK TO what it has locked since',
    file: 'src/txn/transaction.ts',
    find: `if (this.isolation.locksReads) {
      undoKeepingLocks`,
    replace: `if (false) {
      undoKeepingLocks`,
  },
  {
    name: '2PL gives up at the end of a statement what only its earlier runs have locked',
    file: 'src/txn/undoing.ts',
    find: 'if (record.isolation.locksReads) return',
    replace: '',
  },
  {
    name: 'a key taken and given up by 2PL does not stay locked',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'if (manager.keepRange(this.#record, table, index, crowded ? ALL_KEYS : range)) this.#count(locks)',
    replace: '',
  },
  {
    name: 'soft edges are not seen',
    file: 'src/txn/deadlock.ts',
    find: 'if (!wait.isBehind(ahead)) continue',
    replace: 'continue',
  },
  {
    name: 'an order of the queues that dissolves a circle is found and not applied',
    file: 'src/txn/lockQueues.ts',
    find: 'for (const [lock, order] of verdict.orders) lock.waits = [...order]',
    replace: '',
  },
]

const foreignKeys: readonly Mutation[] = [
  {
    name: 'the check of a foreign key does not lock the row',
    file: 'src/txn/foreignKeys.ts',
    find: 'share(record, table, rowId, RowMode.KEY_SHARE, true, head)',
    replace: '',
  },
  {
    name: 'a row of an open transaction is asked whether it refers, and its end not awaited',
    file: 'src/txn/foreignKeys.ts',
    find: 'if (!writer.published && now !== found) return waitForRow(record, table, rowId, AWAIT_WRITER)',
    replace: '',
  },
  {
    name: 'by SSI only the row that has the key now is asked who took the key away',
    file: 'src/txn/foreignKeys.ts',
    find: 'for (const each of index.keys.equals(key)) guard.readEntry(table, each, view, scan)',
    replace: 'guard.readEntry(table, rowId, view, scan)',
  },
]

const serial: readonly Mutation[] = [
  {
    name: 'a SERIAL transaction does not lock the database',
    file: 'src/txn/tableLocks.ts',
    find: 'if (alone) wait = locks.lockDatabase(record, DatabaseMode.EXCLUSIVE)',
    replace: 'if (alone) wait = null',
  },
  {
    name: 'a writer beside SERIAL ones does not lock the database',
    file: 'src/txn/tableLocks.ts',
    find: 'wait = locks.lockDatabase(record, DatabaseMode.INTENTION_EXCLUSIVE)',
    replace: 'wait = null',
  },
  {
    name: 'a SERIAL transaction does not note the tables that it reads',
    file: 'src/txn/locking/serialGuard.ts',
    find: 'if (table === this.#first) return true',
    replace: 'return true',
  },
]

export const lockingMistakes: readonly Mutation[] = [...twoPhaseLocking, ...foreignKeys, ...serial]
