/** Every scenario at every level, as one table: what the isolation levels mean, measured. */
import { displayWidth, pad } from './layout.ts'
import type { Level } from './levels.ts'
import type { Paint } from './paint.ts'
import type { Run } from './run.ts'
import { postgresqlLevels, type Scenario } from './scenario.ts'

export interface MatrixOptions {
  readonly levels: readonly Level[]
  readonly scenarios: readonly Scenario[]
  readonly runs: readonly Run[]
  readonly paint: Paint
}

export function matrix({ levels, scenarios, runs, paint }: MatrixOptions): string {
  const heads = ['anomaly', '', ...levels.map(({ column }) => column), 'PostgreSQL']
  const rows = scenarios.map((scenario) => [
    scenario.name,
    scenario.case ?? '',
    ...levels.map((level) => cellText(runs, scenario, level)),
    postgresqlText(scenario),
  ])
  const widths = heads.map((head, column) => Math.max(...[head, ...rows.map((row) => row[column]!)].map(displayWidth)))
  const set = (cells: readonly string[], paintCell: (text: string, column: number) => string): string =>
    cells
      .map((text, column) => paintCell(pad(text, widths[column]!), column))
      .join('  ')
      .trimEnd()
  return [
    set(heads, paint.bold),
    widths.map((columns) => '─'.repeat(columns)).join('──'),
    ...rows.map((row) =>
      set(row, (text, column) => (column < 2 || column === heads.length - 1 ? text : tone(text, paint))),
    ),
    '',
    ...legend(runs),
    'PostgreSQL      what it does at READ COMMITTED, REPEATABLE READ, SERIALIZABLE, where Hermitage recorded it',
    ...differences(runs),
    '',
  ].join('\n')
}

export function cellText(runs: readonly Run[], scenario: Scenario, level: Level): string {
  const run = runs.find((candidate) => candidate.scenario === scenario && candidate.level === level)
  if (run === undefined) return ''
  return run.outcome === 'occurs' ? '✗ occurs' : `✓ ${run.by?.replace('abort ', '') ?? ''}`
}

/** `✗ ✓ ✓`: at each of PostgreSQL's levels, a dot where nothing was recorded. */
function postgresqlText({ postgresql }: Scenario): string {
  if (postgresql.outcomes.size === 0) return ''
  const marks = { occurs: '✗', prevented: '✓', unknown: '·' }
  return postgresqlLevels.map((level) => marks[postgresql.outcomes.get(level) ?? 'unknown']).join(' ')
}

/** Where PostgreSQL does otherwise, and why. */
function differences(runs: readonly Run[]): string[] {
  const differing = runs.filter(({ scenario, level, outcome }) => {
    const there = level.postgresql === null ? undefined : scenario.postgresql.outcomes.get(level.postgresql)
    return there !== undefined && there !== outcome
  })
  if (differing.length === 0) return []
  const lines = differing.map(
    ({ scenario, level }) => `  ${scenario.name} at ${level.title}: ${scenario.postgresql.difference ?? 'unexplained'}`,
  )
  return ['', 'Where Isolde differs:', ...lines]
}

const tone = (text: string, paint: Paint): string => (text.startsWith('✗') ? paint.red(text) : paint.green(text))

/** Explains the marks that stand in this table, and no others. */
function legend(runs: readonly Run[]): string[] {
  const lines: string[] = []
  if (runs.some(({ outcome }) => outcome === 'occurs')) lines.push('✗ occurs        the anomaly happened in this run')
  const by = new Set(runs.flatMap((run) => (run.by === null ? [] : [run.by])))
  if (by.has('snapshot')) lines.push('✓ snapshot      prevented: nobody waited, what was read was one consistent state')
  if (by.has('wait')) lines.push('✓ wait          prevented: a statement waited until the other transaction had ended')
  for (const cause of [...by].filter((item) => item.startsWith('abort')).sort()) {
    lines.push(
      `✓ ${cause.replace('abort ', '').padEnd(14)}prevented: a transaction was refused with this SQLSTATE, and may try again`,
    )
  }
  return lines
}
