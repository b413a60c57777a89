/** Mistakes in serializable snapshot isolation. */
import type { Mutation } from '../mutant.ts'

const ssi: readonly Mutation[] = [
  {
    name: 'drop the range SIREAD: a range read by SSI leaves none',
    file: 'src/txn/ssi/guard.ts',
    find: 'if (node !== null) this.#graph.sireads.readRange(node, table, index, range, statementOf(node))',
    replace: '',
  },
  {
    name: 'an UPDATE leaves no SIREAD though a savepoint stands behind it',
    file: 'src/executor/compileSource.ts',
    find: '`, !${transaction(g)}.hasMarks`',
    replace: '`, true`',
  },
  {
    name: 'an UPDATE leaves no SIREAD on what it turns down',
    file: 'src/executor/compileSource.ts',
    find: 'if (operators.length > 0 || sink.kind',
    replace: 'if (sink.kind',
  },
  {
    name: 'a look-up ends with its own row, though the snapshot shows another with the key',
    file: 'src/storage/row/cursor.ts',
    find: 'if (!scan.versioned || guard?.mayWait === true',
    replace: 'if (guard !== null',
  },
  {
    name: 'a table scanned by SSI leaves no SIREAD',
    file: 'src/txn/ssi/guard.ts',
    find: 'if (node !== null) this.#graph.sireads.readTable(node, table, statementOf(node))',
    replace: '',
  },
  {
    name: 'forget the edge to the writer of a newer version that a reader passes over',
    file: 'src/txn/ssi/guard.ts',
    find: 'this.#graph.passedOver(node, entry, table, rowId)',
    replace: '',
  },
  {
    name: 'forget the out-edge: that to a writer who commits',
    file: 'src/txn/ssi/structure.ts',
    find: 'reader.firstOut = edge',
    replace: 'return',
  },
  {
    name: 'who commits does not look whether it is T3',
    file: 'src/txn/ssi/graph.ts',
    find: 'for (const fromT1 of worstIns(pivot, node)) {',
    replace: 'for (const fromT1 of worstIns(pivot, node).slice(0, 0)) {',
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
    find: 'if (node.sireads > 0 && node.limit > oldest) this.#ended.append(node)',
    replace: 'if (false) return',
  },
  {
    name: 'a writer looks for SIREADs at its new key only',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (changed) index.sireads?.stab(before, visit)',
    replace: '',
  },
  {
    name: 'do not turn the locks of a 2PL commit, and the tables of a SERIAL one, into SIREADs',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (reads !== null && this.oldestSnapshot < this.#host.publishedTimestamp) this.#inherit(owner, reads)',
    replace: '',
  },
  {
    name: 'drop the row SIREAD: a row that SSI looks up by its key leaves none',
    file: 'src/txn/ssi/guard.ts',
    find: `if (index.enforced) sireads.readRow(node, table, rowId, statementOf(node))
    else sireads`,
    replace: 'if (!index.enforced) sireads',
  },
  {
    name: 'forget the in-edge: that from a reader who commits',
    file: 'src/txn/ssi/structure.ts',
    find: 'writer.lastIn = edge',
    replace: 'return',
  },
  {
    name: 'of the edges from readers who commit the first is kept, not that from the latest',
    file: 'src/txn/ssi/structure.ts',
    find: 'writer.lastIn === null || reader.limit > writer.lastIn.reader.limit',
    replace: 'writer.lastIn === null',
  },
  {
    name: 'of the edges to writers who commit the last is kept, not the first',
    file: 'src/txn/ssi/structure.ts',
    find: 'if (writer.commitTimestamp < reader.firstOutTimestamp) reader.firstOut',
    replace: 'reader.firstOut',
  },
  {
    name: 'writers of weaker levels and of other methods are passed over without an edge',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (me === null || owner.doomed !== null) return',
    replace: 'if (me === null || owner.doomed !== null || !owner.isolation.tracksReads) return',
  },
  {
    name: 'writers of weaker levels meet no SIREADs',
    file: 'src/txn/ssi/graph.ts',
    find: 'writer ??= this.#enter(owner)',
    replace: 'if (writer === null) return',
  },
  {
    name: 'READ ONLY counts as safe always',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (owner.readOnly && this.isSafe(view.timestamp)) return',
    replace: 'if (owner.readOnly) return',
  },
  {
    name: 'a snapshot that is unsafe becomes safe when those have ended who made it so',
    file: 'src/txn/ssi/graph.ts',
    find: 'if (!node.unsafe) this.#becomeSafe(node)',
    replace: 'this.#becomeSafe(node)',
  },
  {
    name: 'the check of a unique key tells SSI nothing',
    file: 'src/txn/rowWrites.ts',
    find: 'if (rowId !== own) record.engine.conflicts.toldOfRow(record, record.view, table, rowId)',
    replace: '',
  },
  {
    name: 'a key taken and given up by SSI leaves no SIREAD',
    file: 'src/txn/ssi/graph.ts',
    find: 'for (const { index, range } of keysGivenUp(owner, table, rowId)) {',
    replace: 'for (const { index, range } of []) {',
  },
]

/** To be found where memory is little. */
const bounded: readonly Mutation[] = [
  {
    name: 'reads that are too many are forgotten instead of promoted to the table',
    file: 'src/txn/ssi/sireads.ts',
    find: 'if (most !== null) this.#promote(footprintOf(node, most), statement)',
    replace: 'if (most !== null) this.#forgetRowsOf(node, most)',
  },
  {
    name: 'a summary does not inherit rows',
    file: 'src/txn/ssi/sireads.ts',
    find: 'if (read.olderOfRow?.reader === heir || hasReadWhole(heir, read.readers.table)) this.#removeRow(node, read)',
    replace: 'if (read !== null) this.#removeRow(node, read)',
  },
  {
    name: 'a summary stands as T1 where the first of its transactions does',
    file: 'src/txn/ssi/endedNodes.ts',
    find: 'summary.limit = Math.max(summary.limit, node.limit)',
    replace: '',
  },
  {
    name: 'escalation gives up the finer locks and does not get the table',
    file: 'src/txn/locking/lockingGuard.ts',
    find: `return true
    }
    return this.#lockWhole(table, locks)`,
    replace: `return true
    }
    manager.releaseReads(record, table)
    manager.fineLocks -= locks.fine
    locks.fine = 0
    locks.whole = true
    return true`,
  },
]

const prepared: readonly Mutation[] = [
  {
    name: 'PREPARE TRANSACTION does not look whether it is T3',
    file: 'src/txn/manager.ts',
    find: `this.prepared.check(transaction, gid)
      this.conflicts.beforeCommit(transaction)`,
    replace: 'this.prepared.check(transaction, gid)',
  },
  {
    name: 'who is prepared is no T3 before the decision',
    file: 'src/txn/ssi/structure.ts',
    find: "if (edge.writer.state !== 'prepared') continue",
    replace: 'continue',
  },
  {
    name: 'who is prepared, and has an edge to a T3, makes no snapshot unsafe',
    file: 'src/txn/ssi/graph.ts',
    find: "if (node.state !== 'prepared' || node.firstOutTimestamp <= snapshot) return false",
    replace: "if (node.state !== 'prepared') return false",
  },
]

export const ssiMistakes: readonly Mutation[] = [...ssi, ...bounded, ...prepared]
