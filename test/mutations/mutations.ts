/**
 * Mistakes, one at a time, in what keeps transactions apart. Each is one that a person could make, and none is equivalent:
 * there are programs whose outcome is wrong with it, and the properties must find one.
 */
import type { Mutation } from './mutant.ts'

const ssi: readonly Mutation[] = [
  {
    name: 'a range read by SSI leaves no SIREAD',
    file: 'src/txn/ssi/guard.ts',
    find: 'if (node !== null) this.#graph.sireads.readRange(node, table, index, range, statementOf(node))',
    replace: '',
  },
  {
    name: 'a table scanned by SSI leaves no SIREAD',
    file: 'src/txn/ssi/guard.ts',
    find: 'if (node !== null) this.#graph.sireads.readTable(node, table, statementOf(node))',
    replace: '',
  },
  {
    name: 'a reader that passes over a newer version forgets the edge to its writer',
    file: 'src/txn/ssi/guard.ts',
    find: 'this.#graph.passedOver(node, entry, table, rowId)',
    replace: '',
  },
  {
    name: 'the edge to a committed writer is forgotten',
    file: 'src/txn/ssi/structure.ts',
    find: 'reader.firstOut = edge',
    replace: 'return',
  },
  {
    name: 'who commits does not look whether it is T3',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (fromT1 === null) continue',
    replace: 'continue',
  },
  {
    name: 'T3 counts as the first to commit only if T1 began behind it',
    file: 'src/txn/ssi/structure.ts',
    find: 'first <= fromT1.reader.limit',
    replace: 'first <= fromT1.reader.snapshot',
  },
  {
    name: 'every reader enjoys the optimisation for those that only read',
    file: 'src/txn/ssi/node.ts',
    find: 'owner.readOnly ? snapshot : -1',
    replace: 'snapshot',
  },
  {
    name: 'SIREADs go with the commit of their reader',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (node.sireads > 0 && node.limit > this.#oldest) this.#ended.append(node)',
    replace: 'if (false) return',
  },
  {
    name: 'a writer looks for SIREADs at its new key only',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (changed) index.sireads?.stab(before, visit)',
    replace: '',
  },
  {
    name: 'what a 2PL or SERIAL transaction has read leaves no SIREADs when it commits',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (reads !== null && this.oldestSnapshot < this.#host.publishedTimestamp) this.#inherit(owner, reads)',
    replace: '',
  },
]

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
    name: 'a row behind an entry is judged before its writer has ended',
    file: 'src/txn/locking/lockingGuard.ts',
    find: 'if (head === null || head.writer === record || head.writer.published) return true',
    replace: 'return true',
  },
  {
    name: 'who shares a row makes it its own without asking the others who share it',
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

const snapshots: readonly Mutation[] = [
  {
    name: 'READ COMMITTED reads what stands in place',
    file: 'src/txn/transaction.ts',
    find: "case 'statement snapshot':\n        view.timestamp = snapshots.published",
    replace: "case 'statement snapshot':\n        view.timestamp = Infinity",
  },
  {
    name: 'the snapshot of a READ COMMITTED statement is not retained',
    file: 'src/txn/transaction.ts',
    find: 'if (!momentary) snapshots.retain(view)',
    replace: '',
  },
  {
    name: 'the snapshot of a transaction is taken anew by each statement',
    file: 'src/txn/transaction.ts',
    find: "case 'transaction snapshot':",
    replace: "case 'transaction snapshot': view.timestamp = snapshots.published",
  },
  {
    name: 'no first updater wins: a row newer than the snapshot is written all the same',
    file: 'src/txn/rowLocks.ts',
    find: 'isNewer(head, mode, record.view)) return',
    replace: "isNewer(head, mode, record.view) && record.isolation.onNewerVersion !== 'fail') return",
  },
  {
    name: 'a snapshot does not see the last commit before it',
    file: 'src/storage/readView.ts',
    find: 'entry.writer.commitTimestamp <= this.timestamp',
    replace: 'entry.writer.commitTimestamp < this.timestamp',
  },
  {
    name: 'a snapshot sees the first commit behind it',
    file: 'src/storage/readView.ts',
    find: 'entry.writer.commitTimestamp <= this.timestamp',
    replace: 'entry.writer.commitTimestamp <= this.timestamp + 1',
  },
  {
    name: 'a row that another has written is locked without waiting for it',
    file: 'src/txn/rowLocks.ts',
    find: 'if (!head.writer.published && rowModesExclude(head.mode, mode)',
    replace: 'if (false',
  },
]

const versions: readonly Mutation[] = [
  {
    name: 'the version that a view sees exactly is not needed',
    file: 'src/txn/snapshots.ts',
    find: 'newest.timestamp < from) return false',
    replace: 'newest.timestamp <= from) return false',
  },
  {
    name: 'of merged versions the newer value of each column is kept',
    file: 'src/storage/undo.ts',
    find: 'columns.forEach((column, i) => values.set(column, before[i]!))',
    replace: 'columns.forEach((column, i) => values.has(column) || values.set(column, before[i]))',
  },
  {
    name: 'of merged versions it is forgotten that the row did not exist',
    file: 'src/storage/undo.ts',
    find: 'if (!older.existed) {',
    replace: 'if (false) {',
  },
  {
    name: 'versions are cut off that a view one commit older still sees',
    file: 'src/txn/manager.ts',
    find: 'if (this.snapshots.horizon >= transaction.commitTimestamp) prune(transaction)',
    replace: 'if (this.snapshots.horizon >= transaction.commitTimestamp - 1) prune(transaction)',
  },
  {
    name: 'an entry of an index is forgotten though another version of the row has its key',
    file: 'src/storage/row/versions.ts',
    find: 'kept.some((other) => index.keys.order(other, key) === 0)',
    replace: 'false',
  },
  {
    name: 'entries of indexes stay when a write is undone',
    file: 'src/storage/row/table.ts',
    find: 'forgetKeys(index, versionKeys(index, page, slot, entry), 0, count, page.baseRowId + slot)',
    replace: '',
  },
  {
    name: 'values stay when a write is undone',
    file: 'src/storage/row/table.ts',
    find: 'if (before !== null) for (let i = 0; i < columns.length; i++) page.write(columns[i]!, slot, before[i]!)',
    replace: '',
  },
  {
    name: 'a key that an open transaction gives up counts as free, and one that it takes as taken',
    file: 'src/storage/row/uniqueProbe.ts',
    find: 'if (has(version) !== has(version + 1)) return Probe.HELD',
    replace: '',
  },
  {
    name: 'a statement that runs again keeps what its first run wrote',
    file: 'src/txn/undoing.ts',
    find: 'if (!wrote) return\n',
    replace: 'return\n',
  },
  {
    name: 'ROLLBACK TO takes nothing back if nothing was written before the savepoint',
    file: 'src/txn/transaction.ts',
    find: 'this.#giveUp(mark.entry, mark.rowGrants)',
    replace: 'if (mark.entry !== null) this.#giveUp(mark.entry, mark.rowGrants)',
  },
]

export const mutations: readonly Mutation[] = [...ssi, ...twoPhaseLocking, ...serial, ...snapshots, ...versions]
