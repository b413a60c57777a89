/**
 * A run as a picture: time goes down, a column per session, each statement with what it saw, whom it waited for and how
 * it failed; then the state that is left, and the verdict.
 */
import { displayWidth, pad, wrap, wrapSql } from './layout.ts'
import type { Paint } from './paint.ts'
import type { Scenario } from './scenario.ts'
import type { FinalState, IssuedStep, Performance, Run, RunEvent, StatementResult } from './run.ts'
import { verdict } from './verdict.ts'

export interface PictureOptions {
  /** Columns of the terminal; the picture takes 80 to 120. */
  readonly width: number
  readonly paint: Paint
}

/** Left of the first column: the number of the step. */
const margin = 5
const rowsShown = 4

/** One line of a cell, and how it is painted. The paint comes last, so that widths are those of the text. */
interface CellLine {
  readonly text: string
  readonly tone: 'plain' | 'dim' | 'value' | 'wait' | 'failure'
}

/** The story of a scenario, and a picture of each of its runs. */
export function timelines(scenario: Scenario, runs: readonly Run[], options: PictureOptions): string {
  const { paint } = options
  const whole = wholeWidth(options)
  const head = [
    paint.bold(scenario.title),
    ...wrap(scenario.explanation, whole),
    ...wrap(`Source: ${scenario.source}.`, whole).map(paint.dim),
  ]
  const pictures = runs.map((run) => {
    const title = `${run.scenario.title} at ${run.level.title}`
    return timeline({ title, sessions: scenario.sessions, performance: run, conclusion: conclusionOf(run) }, options)
  })
  return [head.join('\n') + '\n', ...pictures].join('\n')
}

/** The last words of a picture. */
export interface Conclusion {
  readonly occurred: boolean
  readonly headline: string
  readonly reason: string
  /** Small print, by its head. */
  readonly notes: readonly (readonly [head: string, text: string])[]
}

/** What one picture shows, whether or not it was a scenario's. */
export interface Timeline {
  readonly title: string
  readonly sessions: readonly string[]
  readonly performance: Performance
  readonly conclusion: Conclusion
}

const wholeWidth = ({ width }: PictureOptions): number => Math.min(120, Math.max(80, width))

export function timeline({ title, sessions, performance, conclusion }: Timeline, options: PictureOptions): string {
  const { paint } = options
  const whole = wholeWidth(options)
  const cell = Math.floor((whole - margin) / sessions.length) - 3
  const rule = '─'.repeat(margin) + sessions.map(() => '─'.repeat(cell + 2)).join('┼')
  const lines = [
    paint.bold(title),
    '',
    ' '.repeat(margin + 1) + sessions.map((session) => paint.bold(pad(session, cell))).join(' │ '),
    rule,
    ...performance.events.flatMap((event) => eventLines(event, sessions, cell, paint)),
    rule.replaceAll('┼', '┴'),
    ...finalLines(performance.finalState, whole, paint),
    ...conclusionLines(conclusion, whole, paint),
  ]
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

function eventLines(event: RunEvent, sessions: readonly string[], cell: number, paint: Paint): string[] {
  const label = event.kind === 'issued' ? String(event.issued.number).padStart(margin - 2) : ''
  const at = sessions.indexOf(sessionOf(event))
  return cellLines(event, cell).map(({ text, tone }, row) => {
    const columns = sessions.map((_, column) =>
      column === at ? toned(pad(text, cell), tone, paint) : ' '.repeat(cell),
    )
    return pad(row === 0 ? label : '', margin + 1) + columns.join(' │ ')
  })
}

const sessionOf = (event: RunEvent): string => {
  switch (event.kind) {
    case 'issued':
    case 'finished':
      return event.issued.step.session
    case 'rolled back':
      return event.session
    case 'not run':
      return event.step.session
  }
}

function cellLines(event: RunEvent, cell: number): CellLine[] {
  switch (event.kind) {
    case 'issued': {
      const { step, wait } = event.issued
      const statement = lined(wrapSql(step.sql, cell), 'plain')
      if (wait === null) return [...statement, ...outcomeLines(event.issued, cell)]
      return [
        ...statement,
        ...lined(wrap(`… waits for ${wait.holders.join(' and ')}: ${wait.lock}`, cell, '  '), 'wait'),
      ]
    }
    case 'finished':
      return [...lined([`▶ step ${String(event.issued.number)} goes on`], 'wait'), ...outcomeLines(event.issued, cell)]
    case 'rolled back':
      return lined(['ROLLBACK'], 'plain')
    case 'not run':
      return lined(wrapSql(`not run: ${event.step.sql}`, cell), 'dim')
  }
}

function outcomeLines({ step, result, failure }: IssuedStep, cell: number): CellLine[] {
  if (failure !== null) {
    return lined(wrap(`✗ ERROR ${failure.code}: ${failure.message}`, cell, '  '), 'failure')
  }
  if (result === null) return []
  if (result.columns.length > 0) return lined(rowLines(step.name, result, cell), 'value')
  if (result.rowCount !== null) return lined([`→ ${tag(result)}`], 'dim')
  // A COMMIT that was answered by ROLLBACK is worth a line; a BEGIN that began is not.
  const asked = step.sql.split(/\s+/, 1)[0]!.toUpperCase()
  return result.command.toUpperCase() === asked ? [] : lined([`→ ${result.command}`], 'value')
}

const tag = ({ command, rowCount }: StatementResult): string => {
  const count = String(rowCount ?? 0)
  return command === 'INSERT' ? `INSERT 0 ${count}` : `${command} ${count}`
}

/** `→ seen = 500`, `→ Alice, Bob`, or a row a line. */
function rowLines(name: string | null, { rows }: StatementResult, cell: number): string[] {
  const head = name === null ? '→ ' : `→ ${name} = `
  if (rows.length === 0) return [`${head}no rows`]
  const shown = rows.slice(0, rowsShown).map((row) => {
    const values = row.map((value) => value ?? 'NULL')
    return values.length === 1 ? values[0]! : `(${values.join(', ')})`
  })
  if (rows.length > rowsShown) shown.push(`… ${String(rows.length - rowsShown)} more`)
  return wrap(head + shown.join(', '), cell, '  ')
}

const lined = (texts: readonly string[], tone: CellLine['tone']): CellLine[] => texts.map((text) => ({ text, tone }))

function toned(text: string, tone: CellLine['tone'], paint: Paint): string {
  switch (tone) {
    case 'plain':
      return text
    case 'dim':
      return paint.dim(text)
    case 'value':
      return paint.cyan(text)
    case 'wait':
      return paint.yellow(text)
    case 'failure':
      return paint.red(text)
  }
}

function finalLines(finalState: readonly FinalState[], whole: number, paint: Paint): string[] {
  if (finalState.length === 0) return ['']
  const left = pad('finally', margin + 4)
  const lines = finalState.flatMap(({ sql, name, result }) => {
    const statement = wrapSql(sql, whole - left.length)
    const values = rowLines(name, result, whole - left.length)
    const together = `${statement[0]!}   ${values[0]!}`
    const oneLine = statement.length + values.length === 2 && displayWidth(together) <= whole - left.length
    return oneLine
      ? [`${statement[0]!}   ${paint.cyan(values[0]!)}`]
      : [...statement, ...values.map((value) => paint.cyan(value))]
  })
  return [...lines.map((line, index) => (index === 0 ? left : ' '.repeat(left.length)) + line), '']
}

function conclusionOf(run: Run): Conclusion {
  const { headline, reason, witness, found } = verdict(run)
  const occurred = run.outcome === 'occurs'
  const judged = `${witness} (${occurred ? 'true' : 'false'} here)`
  return {
    occurred,
    headline,
    reason,
    notes: [
      ['Witness', judged],
      ['Found', found],
    ],
  }
}

function conclusionLines(conclusion: Conclusion, whole: number, paint: Paint): string[] {
  const { occurred, headline, reason, notes } = conclusion
  const tone = occurred ? paint.red : paint.green
  const [first, ...rest] = wrap(`${occurred ? '✗' : '✓'} ${headline}`, whole, '  ')
  return [
    ...[first!, ...rest].map((line) => paint.bold(tone(line))),
    ...wrap(reason, whole - 2).map((line) => `  ${line}`),
    ...notes.flatMap(([head, text]) => noted(head, text, whole, paint)),
  ]
}

function noted(head: string, text: string, whole: number, paint: Paint): string[] {
  const indent = 11
  return wrap(text, whole - indent).map((line, index) => paint.dim(pad(index === 0 ? `  ${head}:` : '', indent) + line))
}
