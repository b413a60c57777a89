/** Mistakes in snapshots, in versions and their pruning, and in taking back. */
import type { Mutation } from '../mutant.ts'

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
    name: 'take the snapshot late: a transaction takes it anew for each statement',
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
  {
    name: 'take the snapshot late: a READ COMMITTED statement reads each row by that of its moment',
    file: 'src/txn/transaction.ts',
    find: `if (!momentary) snapshots.retain(view)
        break`,
    replace: `if (!momentary) snapshots.retain(view)
        Object.defineProperty(view, 'timestamp', {
          configurable: true, get: () => snapshots.published, set: () => undefined })
        break`,
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
  {
    name: "merge a pruned version's writer away, though a transaction by SSI has yet to pass over it",
    file: 'src/txn/keptVersions.ts',
    find: 'written > this.#writers.oldestSnapshot || replaced > this.#history.since',
    replace: 'replaced > this.#history.since',
  },
]

export const versionMistakes: readonly Mutation[] = [...snapshots, ...versions]
