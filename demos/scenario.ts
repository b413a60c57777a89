/**
 * A scenario is one text file that a person reads from top to bottom (docs/demos.md): a title, an explanation, the
 * source, and sections named `setup`, `steps`, `finally`, `occurs when`, `postgresql` and `expected`. This file turns it into data
 * and refuses, with the number of the line, whatever would make a run say something else than the file seems to say.
 */
import { levelNamed, type Level } from './levels.ts'
import { parseWitness, type Witness } from './witness.ts'

/** What sessions do to a database: all that a run needs. */
export interface Script {
  /** Of a file: its name without the ending, what `isolde demo <name>` takes. */
  readonly name: string
  /** Statements that make the tables, run by one session before everything else. */
  readonly setup: string
  /** In the order of their first step. */
  readonly sessions: readonly string[]
  readonly steps: readonly ScenarioStep[]
  /** Queries of the state that the sessions left behind. */
  readonly finally: readonly NamedQuery[]
}

export interface Scenario extends Script {
  readonly title: string
  readonly explanation: string
  readonly source: string
  /** What Hermitage and the literature call it: `G2-item`; null for a story of our own. */
  readonly case: string | null
  /** What must be true of a run for the anomaly to have happened in it. */
  readonly witness: Witness
  /** Said in the verdict where the anomaly occurred: what went wrong, in the words of the story. */
  readonly because: string
  readonly expected: ReadonlyMap<string, Outcome>
  readonly postgresql: PostgresqlOutcomes
}

/** What PostgreSQL does, by Hermitage's record, for comparison. */
export interface PostgresqlOutcomes {
  /** By level, where it was recorded. */
  readonly outcomes: ReadonlyMap<string, 'occurs' | 'prevented'>
  /** Why Isolde does otherwise at some level; null where it does not. */
  readonly difference: string | null
}

export interface NamedQuery {
  readonly sql: string
  /** The name that the witness knows the result by. */
  readonly name: string | null
}

export interface ScenarioStep extends NamedQuery {
  readonly session: string
}

/** The SQLSTATE that aborted a transaction stands in the `by` of an outcome: 'abort 40001'. */
export type Prevention = 'wait' | 'snapshot' | `abort ${string}`

export type Outcome =
  { readonly outcome: 'occurs'; readonly by: null } | { readonly outcome: 'prevented'; readonly by: Prevention }

/** A scenario file that cannot be run as it stands; the message names the file and the line. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
}

interface Line {
  readonly number: number
  readonly text: string
}

const sectionNames = ['setup', 'steps', 'finally', 'occurs when', 'postgresql', 'expected'] as const
type SectionName = (typeof sectionNames)[number]

const isSection = (text: string): text is SectionName => sectionNames.some((name) => name === text)

export function parseScenario(name: string, text: string): Scenario {
  const { head, sections } = cut(name, text)
  const steps = stepsOf(name, required(name, sections, 'steps'))
  const finalQueries = (sections.get('finally') ?? []).map((line) => namedQuery(name, line, line.text))
  const sessions = [...new Set(steps.map(({ session }) => session))]
  const results = resultNames(name, [...steps, ...finalQueries])
  return {
    name,
    ...describe(name, head),
    setup: required(name, sections, 'setup')
      .map(({ text: sql }) => sql)
      .join('\n'),
    sessions,
    steps,
    finally: finalQueries,
    ...witnessOf(name, required(name, sections, 'occurs when'), results, sessions),
    expected: expectations(name, required(name, sections, 'expected')),
    postgresql: postgresqlOutcomes(name, sections.get('postgresql') ?? []),
  }
}

/** The lines above the first section, and the lines of each section. A section's name stands alone at the left margin. */
function cut(
  name: string,
  text: string,
): { head: readonly Line[]; sections: ReadonlyMap<SectionName, readonly Line[]> } {
  const head: Line[] = []
  const sections = new Map<SectionName, Line[]>()
  let current = head
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = { number: index + 1, text: whole.trim() }
    if (isSection(whole.trimEnd())) {
      const section: SectionName = whole.trimEnd() as SectionName
      if (sections.has(section)) throw fault(name, line, `there is a second section "${section}"`)
      current = []
      sections.set(section, current)
    } else if (line.text !== '') {
      if (sections.size > 0 && !/^\s/.test(whole)) {
        throw fault(name, line, `"${line.text}" is not a section; the lines of a section are indented`)
      }
      current.push(line)
    } else if (current === head) {
      current.push(line)
    }
  }
  return { head, sections }
}

function required(
  name: string,
  sections: ReadonlyMap<SectionName, readonly Line[]>,
  section: SectionName,
): readonly Line[] {
  const lines = sections.get(section)
  if (lines === undefined || lines.length === 0) throw new ScenarioError(`${name}: the section "${section}" is missing`)
  return lines
}

function describe(name: string, head: readonly Line[]): Pick<Scenario, 'title' | 'explanation' | 'source' | 'case'> {
  const [first, ...rest] = head
  const title = first === undefined ? undefined : /^# (.+)$/.exec(first.text)?.[1]
  if (title === undefined) throw new ScenarioError(`${name}: line 1: a scenario begins with "# " and its title`)
  const source = rest.find(({ text }) => text.startsWith('source:'))
  if (source === undefined) throw new ScenarioError(`${name}: a line "source: …" is missing`)
  const named = rest.find(({ text }) => text.startsWith('case:'))
  const explanation = rest
    .filter((line) => line !== source && line !== named && line.text !== '')
    .map(({ text }) => text)
  if (explanation.length === 0) throw new ScenarioError(`${name}: the explanation is missing`)
  return {
    title,
    explanation: explanation.join(' '),
    source: source.text.slice('source:'.length).trim(),
    case: named?.text.slice('case:'.length).trim() ?? null,
  }
}

/** Lines `A: SQL;`, where a line without a session continues the statement above it. */
function stepsOf(name: string, lines: readonly Line[]): readonly ScenarioStep[] {
  const statements: { line: Line; session: string; text: string }[] = []
  for (const line of lines) {
    const match = /^([A-Z]\w*):\s*(.*)$/.exec(line.text)
    const last = statements.at(-1)
    if (match !== null) statements.push({ line, session: match[1]!, text: match[2]! })
    else if (last === undefined)
      throw fault(name, line, 'a step begins with the name of its session, as in "A: BEGIN;"')
    else last.text += ` ${line.text}`
  }
  return statements.map(({ line, session, text }) => ({ session, ...namedQuery(name, line, text) }))
}

function namedQuery(name: string, line: Line, text: string): NamedQuery {
  const match = /^(.*);(?:\s*=>\s*([a-z]\w*))?$/.exec(text)
  if (match === null) throw fault(name, line, 'a statement ends with ";", then perhaps "=> name"')
  return { sql: match[1]!.trim(), name: match[2] ?? null }
}

function resultNames(name: string, queries: readonly NamedQuery[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const query of queries) {
    if (query.name === null) continue
    if (names.has(query.name)) throw new ScenarioError(`${name}: two results are named "${query.name}"`)
    names.add(query.name)
  }
  return names
}

function witnessOf(
  name: string,
  lines: readonly Line[],
  results: ReadonlySet<string>,
  sessions: readonly string[],
): Pick<Scenario, 'witness' | 'because'> {
  const because = lines.find(({ text }) => text.startsWith('because:'))
  if (because === undefined) throw new ScenarioError(`${name}: "occurs when" needs a line "because: …"`)
  const condition = lines.filter((line) => line !== because)
  const line = condition[0]
  if (line === undefined) throw new ScenarioError(`${name}: "occurs when" needs a condition`)
  const witness = parseWitness(condition.map(({ text }) => text).join(' '), (message) => fault(name, line, message))
  for (const result of witness.results) {
    if (!results.has(result)) throw fault(name, line, `no step is named "${result}"`)
  }
  for (const session of witness.sessions) {
    if (!sessions.includes(session)) throw fault(name, line, `there is no session "${session}"`)
  }
  return { witness, because: because.text.slice('because:'.length).trim() }
}

function expectations(name: string, lines: readonly Line[]): ReadonlyMap<string, Outcome> {
  const expected = new Map<string, Outcome>()
  for (const line of lines) {
    const [, levelText = '', outcome = ''] = /^([^:]+):\s*(.*)$/.exec(line.text) ?? []
    const level: Level | undefined = levelNamed(levelText)
    if (level === undefined) throw fault(name, line, `"${levelText}" is not an isolation level`)
    if (expected.has(level.name)) throw fault(name, line, `${level.name} stands there twice`)
    expected.set(level.name, outcomeOf(name, line, outcome))
  }
  return expected
}

function postgresqlOutcomes(name: string, lines: readonly Line[]): PostgresqlOutcomes {
  const outcomes = new Map<string, 'occurs' | 'prevented'>()
  let difference: string | null = null
  for (const line of lines) {
    const [, key = '', text = ''] = /^([^:]+):\s*(.*)$/.exec(line.text) ?? []
    if (key === 'difference') difference = text
    else if (!postgresqlLevels.includes(key)) throw fault(name, line, `PostgreSQL has no level "${key}" of its own`)
    else if (text !== 'occurs' && text !== 'prevented') throw fault(name, line, 'it "occurs" or is "prevented"')
    else outcomes.set(key, text)
  }
  return { outcomes, difference }
}

/** READ UNCOMMITTED is READ COMMITTED there. */
export const postgresqlLevels: readonly string[] = ['read committed', 'repeatable read', 'serializable']

function outcomeOf(name: string, line: Line, text: string): Outcome {
  if (text === 'occurs') return { outcome: 'occurs', by: null }
  const by = /^prevented by (wait|snapshot|abort [0-9A-Z]{5})$/.exec(text)?.[1]
  if (by === undefined) {
    throw fault(name, line, 'an outcome is "occurs", or "prevented by" and "wait", "snapshot" or "abort 40001"')
  }
  return { outcome: 'prevented', by: by as Prevention }
}

const fault = (name: string, line: Line, message: string): ScenarioError =>
  new ScenarioError(`${name}: line ${String(line.number)}: ${message}`)
