/** `isolde_versions('t')`: the rows of a table that have more than one version, or an open writer, with all their versions. */
import { undefinedTable } from '../../errors.ts'
import type { SystemView } from '../../planner/index.ts'
import { describeVersions } from '../../storage/row/describeVersions.ts'
import type { VersionRow } from '../../storage/row/describeVersions.ts'
import { BOOLEAN, INT4, INT8, TEXT } from '../../types/registry.ts'
import type { SqlType } from '../../types/sqlType.ts'
import { formatValue } from '../../types/textOutput.ts'
import type { Value } from '../../types/value.ts'
import { Transaction } from '../../txn/transaction.ts'
import type { Engine } from '../engine.ts'

export function versionsView(engine: Engine): SystemView {
  return {
    name: 'isolde_versions',
    parameter: 'table_name',
    columns: [
      { name: 'row', type: INT8 },
      { name: 'version', type: INT4 },
      { name: 'values', type: TEXT },
      { name: 'transaction', type: INT8 },
      { name: 'session', type: INT8 },
      { name: 'committed', type: INT8 },
      { name: 'published', type: BOOLEAN },
    ],
    rows: (name) => {
      if (name === null) return []
      const descriptor = engine.transactions.catalog.table(name)
      const table = descriptor === null ? null : engine.store.table(descriptor.id)
      if (descriptor === null || table === null) throw undefinedTable(name, null, null)
      const types = descriptor.columns.map(({ type }) => type)
      return [...describeVersions(table)].map((version) => rowOf(version, types))
    },
  }
}

/** A version that nobody can see behind any more has no writer. */
function rowOf({ rowId, version, values, entry }: VersionRow, types: readonly SqlType[]): Value[] {
  const writer = entry?.writer ?? null
  const committed = writer === null || writer.commitTimestamp === Infinity ? null : writer.commitTimestamp
  return [
    rowId,
    version,
    values === null ? null : recordText(values, types),
    writer === null ? null : writer.id,
    // A prepared transaction is no session's.
    writer instanceof Transaction && writer.session !== 0 ? writer.session : null,
    committed,
    writer === null || writer.published,
  ]
}

/** As PostgreSQL prints a row: `(1,Ada,)`. */
function recordText(values: readonly Value[], types: readonly SqlType[]): string {
  const texts = values.map((value, i) => {
    const type = types[i]
    return value === null || type === undefined ? '' : quoted(formatValue(type, value))
  })
  return `(${texts.join(',')})`
}

const quoted = (text: string): string =>
  text === '' || /[\s"\\(),]/.test(text) ? `"${text.replaceAll(/["\\]/g, '$&$&')}"` : text
