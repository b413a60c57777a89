/**
 * `isolde demo`: without a name it lists the scenarios; with one it prints its timeline; `--all` prints the matrix.
 * Exit code 2 says that the request made no sense; a run that could not be finished is an error of its scenario file.
 */
import { parseArgs } from 'node:util'
import { wrap } from './layout.ts'
import { levelNamed, levels, levelSpellings, type Level } from './levels.ts'
import { matrix } from './matrix.ts'
import type { Paint } from './paint.ts'
import { issuedSteps, type Run } from './run.ts'
import type { Scenario } from './scenario.ts'
import { loadScenarios } from './scenarios.ts'
import { closest } from './suggestion.ts'
import { timelines } from './timeline.ts'

export interface DemoTerminal {
  readonly width: number
  readonly paint: Paint
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

export const demoUsage = `Usage: isolde demo                          list the scenarios
       isolde demo NAME [--level LEVEL]     run one, at one level or at all of them
       isolde demo --all [--level LEVEL]    the matrix anomaly × level

  --level LEVEL        ${levels.map(({ name, aliases }) => [name.replaceAll(' ', '-'), ...aliases].join(' | ')).join(',\n                       ')}
  --format FORMAT      text (default) or json
`

class UsageError extends Error {}

export async function demo(args: readonly string[], terminal: DemoTerminal): Promise<number> {
  try {
    await perform(args, terminal)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    terminal.err(`isolde demo: ${error.message}\n`)
    return 2
  }
}

async function perform(args: readonly string[], terminal: DemoTerminal): Promise<void> {
  const { values, positionals } = readArguments(args)
  if (values.help === true) {
    terminal.out(demoUsage)
    return
  }
  if (values.format !== undefined && values.format !== 'text' && values.format !== 'json') {
    throw new UsageError(`unknown format "${values.format}"; there are text and json`)
  }
  const json = values.format === 'json'
  const scenarios = loadScenarios()
  const chosenLevels = values.level === undefined ? levels : [findLevel(values.level)]
  const [name, extra] = positionals
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"\n\n${demoUsage.trimEnd()}`)
  if (name !== undefined && values.all === true) throw new UsageError('--all runs every scenario; leave the name away')
  if (name === undefined && values.all !== true) {
    if (values.level !== undefined) throw new UsageError('--level needs the name of a scenario, or --all')
    terminal.out(json ? listJson(scenarios) : list(scenarios, terminal))
    return
  }
  const chosen = name === undefined ? scenarios : [findScenario(name, scenarios)]
  const runs = await runAll(chosen, chosenLevels)
  if (json) terminal.out(runsJson(runs))
  else if (name === undefined) {
    terminal.out(`\n${matrix({ levels: chosenLevels, scenarios: chosen, runs, paint: terminal.paint })}`)
  } else {
    terminal.out(`\n${timelines(chosen[0]!, runs, terminal)}`)
    const row = { levels: chosenLevels, scenarios: chosen, runs, paint: terminal.paint }
    if (runs.length > 1) terminal.out(`\n${matrix(row)}`)
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        all: { type: 'boolean', short: 'a' },
        level: { type: 'string', short: 'l' },
        format: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${demoUsage.trimEnd()}`)
  }
}

/** One after another: a run owns the event loop until it has come to its end, so that it is always the same. */
async function runAll(scenarios: readonly Scenario[], at: readonly Level[]): Promise<readonly Run[]> {
  const { runScenario } = await import('./runner.ts')
  const runs: Run[] = []
  for (const scenario of scenarios) for (const level of at) runs.push(await runScenario(scenario, level))
  return runs
}

function findScenario(name: string, scenarios: readonly Scenario[]): Scenario {
  const names = scenarios.map((scenario) => scenario.name)
  const found = scenarios.find((scenario) => scenario.name === name.toLowerCase().replace(/[\s_]+/g, '-'))
  if (found !== undefined) return found
  throw new UsageError(`there is no scenario "${name}"${suggest(name, names)}\nThere are: ${names.join(', ')}.`)
}

function findLevel(name: string): Level {
  const found = levelNamed(name)
  if (found !== undefined) return found
  const names = levels.map(({ name: each, aliases }) => [each.replaceAll(' ', '-'), ...aliases].join(' = '))
  const hint = suggest(name, levelSpellings)
  throw new UsageError(`there is no isolation level "${name}"${hint}\nThere are: ${names.join(', ')}.`)
}

function suggest(name: string, names: readonly string[]): string {
  const near = closest(name, names)
  return near === undefined ? '.' : `; did you mean "${near}"?`
}

function list(scenarios: readonly Scenario[], { width, paint }: DemoTerminal): string {
  const column = Math.max(...scenarios.map(({ name }) => name.length)) + 4
  const room = Math.min(120, Math.max(80, width)) - column
  const entries = scenarios.flatMap(({ name, explanation }) =>
    wrap(explanation, room).map((line, index) =>
      index === 0 ? `  ${paint.bold(name.padEnd(column - 2))}${line}` : ' '.repeat(column) + line,
    ),
  )
  const tips = [
    '  isolde demo write-skew                     at every level, one after another',
    '  isolde demo lost-update --level snapshot   at one level',
    '  isolde demo --all                          what occurs at which level',
  ]
  return ['Anomalies, each of which you can watch happen or be prevented:', '', ...entries, '', ...tips, ''].join('\n')
}

const listJson = (scenarios: readonly Scenario[]): string =>
  toJson(scenarios.map(({ name, title, explanation, source }) => ({ name, title, explanation, source })))

function runsJson(runs: readonly Run[]): string {
  return toJson(
    runs.map((run) => ({
      scenario: run.scenario.name,
      level: run.level.name,
      outcome: run.outcome,
      by: run.by,
      steps: issuedSteps(run).map(({ number, step, wait, result, failure }) => ({
        step: number,
        session: step.session,
        sql: step.sql,
        waitedFor: wait,
        result,
        error: failure,
      })),
      finally: run.finalState.map(({ sql, result }) => ({ sql, result })),
    })),
  )
}

const toJson = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'
