/** Every scenario at every level, as one table: what the isolation levels mean, measured. */
import { displayWidth, pad } from './layout.ts'
import type { Level } from './levels.ts'
import type { Paint } from './paint.ts'
import type { Run } from './run.ts'
import type { Scenario } from './scenario.ts'

export interface MatrixOptions {
  readonly levels: readonly Level[]
  readonly scenarios: readonly Scenario[]
  readonly runs: readonly Run[]
  readonly paint: Paint
}

export function matrix({ levels, scenarios, runs, paint }: MatrixOptions): string {
  const heads = ['anomaly', ...levels.map(({ column }) => column)]
  const rows = scenarios.map((scenario) => [scenario.name, ...levels.map((level) => cellText(runs, scenario, level))])
  const widths = heads.map((head, column) => Math.max(...[head, ...rows.map((row) => row[column]!)].map(displayWidth)))
  const set = (cells: readonly string[], paintCell: (text: string, column: number) => string): string =>
    cells
      .map((text, column) => paintCell(pad(text, widths[column]!), column))
      .join('   ')
      .trimEnd()
  return [
    set(heads, paint.bold),
    widths.map((columns) => '─'.repeat(columns)).join('───'),
    ...rows.map((row) => set(row, (text, column) => (column === 0 ? text : tone(text, paint)))),
    '',
    ...legend(runs),
    '',
  ].join('\n')
}

export function cellText(runs: readonly Run[], scenario: Scenario, level: Level): string {
  const run = runs.find((candidate) => candidate.scenario === scenario && candidate.level === level)
  if (run === undefined) return ''
  return run.outcome === 'occurs' ? '✗ occurs' : `✓ ${run.by}`
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
    lines.push(`✓ ${cause}   prevented: a transaction was refused with this SQLSTATE, and may try again`)
  }
  return lines
}
