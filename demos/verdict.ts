/** The last words of a demo: whether the anomaly happened, and why, told from what the run shows. */
import { issuedSteps, namedValues, type IssuedStep, type Run } from './run.ts'

export interface Verdict {
  /** `Lost update occurred at READ COMMITTED: both deposits …` */
  readonly headline: string
  /** The mechanism that prevented it, or that did not. */
  readonly reason: string
  /** The condition that was judged, and the values it was judged on. */
  readonly witness: string
  readonly found: string
}

export function verdict(run: Run): Verdict {
  const { scenario, level } = run
  const headline =
    run.outcome === 'occurs'
      ? `${scenario.title} occurred at ${level.title}: ${scenario.because}.`
      : `${scenario.title} was prevented at ${level.title}, by ${preventedBy(run.by)}.`
  const reason = run.outcome === 'occurs' ? whyOccurred(run) : whyPrevented(run)
  return { headline, reason, witness: scenario.witness.text, found: found(run) }
}

function preventedBy(by: Run['by']): string {
  switch (by) {
    case 'wait':
      return 'waiting'
    case 'snapshot':
    case null:
      return 'the snapshot'
    default:
      return `an abort (SQLSTATE ${by.slice('abort '.length)})`
  }
}

function whyOccurred(run: Run): string {
  const { level } = run
  const waited = issuedSteps(run).find(({ wait }) => wait !== null)
  if (waited === undefined) return `Nothing stood in its way: ${level.reads}; ${level.writes}.`
  return `${naming(waited)} waited for ${holders(waited)}${until(run, waited)} and then went on: ${level.writes}. What it had read before was out of date by then.`
}

function whyPrevented(run: Run): string {
  const steps = issuedSteps(run)
  if (run.by === 'snapshot') return `Nobody waited and nobody was aborted: ${run.level.reads}.`
  if (run.by === 'wait') {
    const waits = steps.filter(({ wait }) => wait !== null)
    return waits
      .map((step) => `${naming(step)} waited for ${holders(step)}${until(run, step)}, so the two did not interleave.`)
      .join(' ')
  }
  const failed = steps.find(({ failure }) => failure !== null)
  return failed === undefined ? '' : whyFailed(run, failed)
}

function whyFailed(run: Run, failed: IssuedStep): string {
  const failure = failed.failure!
  const waited = failed.wait === null ? '' : ` waited for ${holders(failed)}${until(run, failed)} and then`
  const subject = `${naming(failed)}${waited} failed: `
  if (failure.code === '40P01') return `${subject}it would have closed a circle of waiting transactions (deadlock).`
  if (failure.message.endsWith('due to concurrent update')) {
    const whose = failed.wait === null ? 'another transaction' : holders(failed)
    return `${subject}${whose} had changed the row after the snapshot of ${failed.step.session} was taken, and the first updater wins.`
  }
  return `${subject}${failure.message}${failure.detail === null ? '' : ` (${failure.detail.replace(/\.$/, '')})`}.`
}

const naming = ({ number, step }: IssuedStep): string =>
  `The ${step.sql.split(/\s+/, 1)[0]!.toUpperCase()} of ${step.session} (step ${String(number)})`

const holders = ({ wait }: IssuedStep): string => (wait === null ? '' : wait.holders.join(' and '))

/** The statement of a holder after which the wait ended: `until its COMMIT (step 7)`. */
function until(run: Run, waited: IssuedStep): string {
  const finished = run.events.findIndex((event) => event.kind === 'finished' && event.issued === waited)
  const before = run.events.slice(0, Math.max(finished, 0)).findLast(({ kind }) => kind !== 'finished')
  if (before?.kind !== 'issued' || before.issued === waited) return ''
  const { number, step } = before.issued
  return ` until ${step.session}'s ${step.sql.split(/\s+/, 1)[0]!.toUpperCase()} (step ${String(number)})`
}

function found(run: Run): string {
  const values = namedValues(run.events, run.finalState)
  const facts = run.scenario.witness.results.map((name) => `${name} = ${values.get(name) ?? 'nothing'}`)
  for (const session of run.scenario.witness.sessions) {
    facts.push(`${session} ${run.endings.get(session) ?? 'is still open'}`)
  }
  return facts.join(', ')
}
