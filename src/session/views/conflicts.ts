/** `isolde_conflicts`: the rw-graph of serializable transactions: who read what another wrote without seeing the write. */
import type { SystemView } from '../../planner/index.ts'
import type { ConflictNode, Edge } from '../../txn/ssi/node.ts'
import { INT8, TEXT } from '../../types/registry.ts'
import type { Value } from '../../types/value.ts'
import type { Engine } from '../engine.ts'

export function conflictsView(engine: Engine): SystemView {
  return {
    name: 'isolde_conflicts',
    columns: [
      { name: 'reader', type: INT8 },
      { name: 'reader_session', type: INT8 },
      { name: 'reader_state', type: TEXT },
      { name: 'writer', type: INT8 },
      { name: 'writer_session', type: INT8 },
      { name: 'writer_state', type: TEXT },
      { name: 'table', type: TEXT },
      { name: 'row', type: INT8 },
      { name: 'through', type: TEXT },
      { name: 'read_statement', type: TEXT },
      { name: 'write_statement', type: TEXT },
    ],
    rows: () => [...edges(engine.transactions.conflicts.nodes())].map(rowOf),
  }
}

/** Each edge once, from whichever end knows it still. */
function edges(nodes: Iterable<ConflictNode>): Set<Edge> {
  const found = new Set<Edge>()
  for (const node of nodes) {
    for (let edge = node.outs; edge !== null; edge = edge.nextOut) found.add(edge)
    if (node.firstOut !== null) found.add(node.firstOut)
    if (node.lastIn !== null) found.add(node.lastIn)
  }
  return found
}

function rowOf({ reader, writer, meeting }: Edge): Value[] {
  return [
    reader.id,
    sessionOf(reader),
    reader.state,
    writer.id,
    sessionOf(writer),
    writer.state,
    meeting?.table.name ?? null,
    meeting === null ? null : meeting.rowId,
    meeting === null
      ? null
      : meeting.whole
        ? 'the table'
        : meeting.index === null
          ? 'the row'
          : `index ${meeting.index.name}`,
    meeting?.readStatement ?? null,
    meeting?.writeStatement ?? null,
  ]
}

/** Of a transaction that was prepared before a crash nobody is the session. */
const sessionOf = ({ session }: ConflictNode): number | null => (session === 0 ? null : session)
