/**
 * System views: what the engine knows about itself, as tables that FROM may name. Nobody stores their rows: they are
 * computed when a scan starts, and a view that is scanned twice in a statement may have changed in between.
 *
 * A view's name is looked up when the catalog has no relation of that name; a table that is created later under the same
 * name hides the view, so plans depend on its absence. A view with a parameter is a table function of one text argument:
 * `isolde_versions('account')`.
 */
import { ComputedSource } from '../storage/computedSource.ts'
import type { SqlType } from '../types/sqlType.ts'
import type { Value } from '../types/value.ts'

export interface SystemView {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  /** What the argument of a table function is called; absent for a view. */
  readonly parameter?: string
  /** Canonical values, one for each column; any may be null. `argument` is null for a view, or where the argument is. */
  rows(argument: string | null): Value[][]
}

/** The view as a source of rows, whose one argument is the function's. */
export function sourceOf(view: SystemView): ComputedSource {
  const columns = view.columns.map(({ type }) => ({ type, nullable: true }))
  return new ComputedSource(columns, (argument) => view.rows(argument as string | null))
}
