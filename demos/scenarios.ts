/**
 * The scenario files, found beside this module. The build copies `demos/scenarios/` to `dist/scenarios/`, where the
 * bundle finds them from `dist/` itself and from `dist/chunks/`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parseScenario, type Scenario } from './scenario.ts'

const ending = '.demo'

/** In the order in which a book tells them; a file that is not named here comes after them, by name. */
const order = [
  'dirty-write',
  'dirty-read',
  'intermediate-read',
  'circular-information-flow',
  'observed-transaction-vanishes',
  'non-repeatable-read',
  'phantom',
  'predicate-write',
  'lost-update',
  'read-skew',
  'read-skew-predicate',
  'read-skew-insert',
  'read-skew-delete',
  'read-skew-delete-rollback',
  'write-skew',
  'write-skew-phantom',
  'write-skew-two-edges',
  'read-only-anomaly',
]

function folder(): URL {
  const candidates = ['./scenarios/', '../scenarios/'].map((path) => new URL(path, import.meta.url))
  const found = candidates.find((candidate) => existsSync(candidate))
  if (found === undefined) throw new Error('The scenario files are missing from this installation.')
  return found
}

export function loadScenarios(): readonly Scenario[] {
  const from = folder()
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return readdirSync(from)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => parseScenario(name, readFileSync(new URL(name + ending, from), 'utf8')))
}
