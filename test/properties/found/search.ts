/**
 * Searches a schedule that shows an anomaly, shrinks it, and draws it.
 *
 * A schedule is a list of (person, act). Everybody has one transaction, which begins with the first act and is committed at
 * the end if no act has ended it before; so any part of a schedule is a schedule, too, and shrinking may leave out whatever
 * it likes. Statements run one after another, or wait: on the stage of the demos.
 */
import fc from 'fast-check'
import { levelNamed, type Level } from '../../../demos/levels.ts'
import { plain } from '../../../demos/paint.ts'
import type { Performance } from '../../../demos/run.ts'
import { perform } from '../../../demos/runner.ts'
import type { Script, ScenarioStep } from '../../../demos/scenario.ts'
import { timeline } from '../../../demos/timeline.ts'
import type { History, Phenomenon } from '../../../src/index.ts'
import { check, open } from '../../../src/index.ts'
import type { Act, Anomaly } from './anomalies.ts'

export interface Turn {
  readonly person: number
  readonly act: Act
}

export type Schedule = readonly Turn[]

export interface Found {
  readonly schedule: Schedule
  readonly transactions: number
  readonly reads: number
  readonly writes: number
  /** As a demo shows it. */
  readonly picture: string
}

/** The shortest schedule that shows the anomaly at its level. Throws if `numRuns` random ones do not show it. */
export async function find(anomaly: Anomaly, numRuns: number): Promise<Found> {
  const turn = fc.record({ person: fc.nat({ max: anomaly.people - 1 }), act: fc.constantFrom(...anomaly.acts) })
  // A turn shrinks to none, wherever it stands.
  const schedules = fc
    .array(fc.option(turn, { freq: 20 }), { minLength: 1, maxLength: 5 * anomaly.people, size: 'max' })
    .map(
      (turns): Schedule => turns.filter((each) => each !== null),
      (schedule) => [...(schedule as Schedule)],
    )
  const property = fc.asyncProperty(schedules, async (schedule) => !(await shows(anomaly, schedule, anomaly.level)))
  let found = (await fc.check(property, { numRuns, seed: 1995 })).counterexample
  if (found === null) {
    throw new Error(`${String(numRuns)} schedules at ${anomaly.level} show no ${anomaly.title.toLowerCase()}`)
  }
  // Shrinking goes through the list once, and what is left out at its end may make more superfluous at its beginning.
  for (let before = Infinity; found[0].length < before;) {
    before = found[0].length
    found = (await fc.check(property, { examples: [found], numRuns: 1 })).counterexample ?? found
  }
  return drawn(anomaly, found[0])
}

export async function shows(anomaly: Anomaly, schedule: Schedule, level: string): Promise<boolean> {
  return (await run(anomaly, scriptOf(anomaly, schedule), level)).phenomenon !== null
}

interface Shown {
  readonly performance: Performance
  readonly history: History
  readonly phenomenon: Phenomenon | null
}

async function run(anomaly: Anomaly, script: Script, levelName: string): Promise<Shown> {
  const db = await open()
  try {
    await db.exec(script.setup)
    const recording = db.history.record()
    const performance = await perform(db, script, levelOf(levelName))
    const history = recording.stop()
    return { performance, history, phenomenon: anomaly.recognize(check(history), history) }
  } finally {
    await db.close()
  }
}

const levelOf = (name: string): Level => {
  const level = levelNamed(name)
  if (level === undefined) throw new Error(`there is no level ${name}`)
  return level
}

/** People are called A, B, C in the order of their first act. */
export function scriptOf({ name, setup, finally: queries }: Anomaly, schedule: Schedule): Script {
  const players = new Map<number, { session: string; readonly seen: Set<string>; ended: boolean }>()
  const steps: ScenarioStep[] = []
  let fresh = 10
  for (const { person, act } of schedule) {
    let player = players.get(person)
    if (player?.ended === true || (act.after !== undefined && player?.seen.has(act.after) !== true)) continue
    if (player === undefined) {
      if (isEnd(act)) continue
      player = { session: 'ABC'[players.size]!, seen: new Set(), ended: false }
      players.set(person, player)
      steps.push({ session: player.session, sql: 'BEGIN', name: null })
    }
    player.seen.add(act.sql)
    player.ended = isEnd(act)
    steps.push({ session: player.session, sql: act.sql.replace(':new', () => String(fresh++)), name: null })
  }
  for (const { session, ended } of players.values()) if (!ended) steps.push({ session, sql: 'COMMIT', name: null })
  const sessions = [...players.values()].map(({ session }) => session)
  return { name, setup, sessions, steps, finally: queries.map((sql) => ({ sql, name: null })) }
}

const isEnd = ({ kind }: Act): boolean => kind === 'commit' || kind === 'rollback'

async function drawn(anomaly: Anomaly, schedule: Schedule): Promise<Found> {
  const script = scriptOf(anomaly, schedule)
  const { performance, history, phenomenon } = await run(anomaly, script, anomaly.level)
  if (phenomenon === null) throw new Error('the shrunk schedule shows nothing')
  const level = levelOf(anomaly.level)
  const inWords = lettered(history, script)
  const { name, title, conflicts } = phenomenon
  const conclusion = {
    occurred: true,
    headline: `${anomaly.title} occurred at ${level.title}: ${anomaly.because}.`,
    reason: `The checker says ${name} (${title}).`,
    notes: conflicts.map(
      ({ kind, from, to, description }) =>
        [inWords(`T${String(from)} →${kind} T${String(to)}`), inWords(description)] as const,
    ),
  }
  const heading = { title: `${anomaly.title}, found and shrunk at ${level.title}`, sessions: script.sessions }
  const count = (kind: Act['kind']): number => schedule.filter(({ act }) => act.kind === kind).length
  return {
    schedule,
    transactions: script.sessions.length,
    reads: count('read'),
    writes: count('write'),
    picture: timeline({ ...heading, performance, conclusion }, { width: 100, paint: plain }),
  }
}

/** The checker knows transactions by number, the picture people by letter. */
function lettered({ transactions }: History, { sessions }: Script): (text: string) => string {
  // In the order in which they have connected; the last queries are of an older session.
  const connected = [...new Set(transactions.map(({ session }) => session ?? 0))].sort((a, b) => a - b)
  const numbers = connected.slice(-sessions.length)
  const letters = new Map(
    transactions.map(({ id, session }) => [String(id), sessions[numbers.indexOf(session ?? 0)] ?? '?']),
  )
  return (text) => text.replaceAll(/\bT(\d+)\b/g, (whole, id: string) => letters.get(id) ?? whole)
}
