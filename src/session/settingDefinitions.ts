/** The settings that there are: what each is called, means and accepts. The values of a session are in settings.ts. */
import { invalidSetting, notBoolean, settingNotSupported, settingOutOfRange } from '../errors.ts'
import { isolationNamed, SerializableMethods } from '../txn/isolation.ts'

export interface SettingDefinition {
  /** The name as SHOW prints it. */
  readonly name: string
  readonly initial: string
  readonly description: string
  /** The canonical form of what was written, or an error; absent for what cannot be set. */
  readonly accept?: (value: string, name: string) => string
}

/** A Boolean value in canonical form. Throws 22023. */
export const onOff = (value: string, name: string): string => {
  if (['on', 'true', 'yes', '1', 't', 'y'].includes(value.toLowerCase())) return 'on'
  if (['off', 'false', 'no', '0', 'f', 'n'].includes(value.toLowerCase())) return 'off'
  throw notBoolean(name)
}

/** Accepts only the values that describe what the engine does anyway. */
const only =
  (...accepted: readonly string[]) =>
  (value: string, name: string): string => {
    const found = accepted.find((a) => a.toLowerCase() === value.toLowerCase())
    if (found === undefined) throw settingNotSupported(name, value, accepted)
    return accepted[0] ?? found
  }

/** A level, and with SERIALIZABLE the method if one is named; else `serializable_method` says it when a transaction begins. */
function level(value: string): string {
  const written = value.toLowerCase().trim().replaceAll(/\s+/g, ' ')
  const isolation = isolationNamed(written)
  return written.includes(' using ') ? isolation.title.toLowerCase() : isolation.level
}

function method(value: string, name: string): string {
  const found = SerializableMethods.find((each) => each === value.toLowerCase())
  if (found === undefined) throw invalidSetting(name, value, `Available values: ${SerializableMethods.join(', ')}.`)
  isolationNamed('serializable', found)
  return found
}

/** PostgreSQL's units of time, in milliseconds, the largest first. */
const timeUnits: readonly (readonly [unit: string, millis: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
  ['us', 0.001],
]
const mostMillis = 2 ** 31 - 1
const quantity = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)\s*$/i

/** `10s`, `1.5 min`, `500` (milliseconds), as the largest unit that says it in a whole number. */
const duration =
  (least: number) =>
  (value: string, name: string): string => {
    const [, amount, unit] = quantity.exec(value) ?? []
    const factor = unit === '' ? 1 : timeUnits.find(([each]) => each === unit)?.[1]
    if (amount === undefined || factor === undefined) {
      throw invalidSetting(name, value, 'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".')
    }
    const millis = Math.round(Number(amount) * factor)
    if (!(millis >= least && millis <= mostMillis)) throw settingOutOfRange(name, `${millis} ms`, least, mostMillis)
    return millis === 0 ? '0' : inLargestUnit(millis)
  }

function inLargestUnit(millis: number): string {
  const [unit, factor] = timeUnits.find(([, each]) => millis % each === 0) ?? ['ms', 1]
  return `${millis / factor}${unit}`
}

/** The milliseconds of a canonical duration. */
export function millisOf(duration: string): number {
  const [, amount, unit] = quantity.exec(duration) ?? []
  return Number(amount) * (timeUnits.find(([each]) => each === unit)?.[1] ?? 1)
}

const timeout = (name: string, what: string): SettingDefinition => ({
  name,
  initial: '0',
  description: `${what}; 0: for ever.`,
  accept: duration(0),
})

export const settingDefinitions: readonly SettingDefinition[] = [
  {
    name: 'application_name',
    initial: '',
    description: 'The name of the application, for people.',
    accept: (value) => value,
  },
  {
    name: 'client_encoding',
    initial: 'UTF8',
    description: 'Strings are Unicode.',
    accept: only('UTF8', 'UTF-8', 'unicode'),
  },
  {
    name: 'client_min_messages',
    initial: 'notice',
    description: 'Which notices are reported.',
    accept: only('notice'),
  },
  {
    name: 'DateStyle',
    initial: 'ISO, MDY',
    description: 'How dates are printed.',
    accept: only('ISO, MDY', 'ISO', 'iso, ymd'),
  },
  {
    name: 'deadlock_timeout',
    initial: '1s',
    description: 'Of the transactions of a deadlock, the one with the shortest is the victim.',
    accept: duration(1),
  },
  {
    name: 'default_transaction_deferrable',
    initial: 'off',
    description: 'Whether a transaction that does not say is deferrable.',
    accept: onOff,
  },
  {
    name: 'default_transaction_isolation',
    initial: 'read committed',
    description: 'The isolation level of a transaction that names none.',
    accept: level,
  },
  {
    name: 'default_transaction_read_only',
    initial: 'off',
    description: 'Whether a transaction that does not say is read only.',
    accept: onOff,
  },
  timeout('idle_in_transaction_session_timeout', 'How long a session may do nothing within a transaction'),
  { name: 'IntervalStyle', initial: 'postgres', description: 'How intervals are printed.', accept: only('postgres') },
  timeout('lock_timeout', 'How long a statement may wait for one lock'),
  {
    name: 'search_path',
    initial: 'public',
    description: 'The schemas in which a bare name is looked up.',
    accept: only('public', '"$user", public'),
  },
  {
    name: 'serializable_method',
    initial: 'ssi',
    description: 'How a SERIALIZABLE transaction that does not say is isolated: ssi, 2pl or serial.',
    accept: method,
  },
  { name: 'server_encoding', initial: 'UTF8', description: 'Strings are Unicode.' },
  {
    name: 'server_version',
    initial: '17.0 (Isolde 0.1.0)',
    description: 'The version of PostgreSQL whose dialect is spoken.',
  },
  {
    name: 'standard_conforming_strings',
    initial: 'on',
    description: "Backslashes in '…' are plain characters.",
    accept: only('on', 'true', '1'),
  },
  timeout('statement_timeout', 'How long a statement may run'),
  {
    name: 'TimeZone',
    initial: 'UTC',
    description: 'Timestamps have no time zone; the clock is read as UTC.',
    accept: only('UTC', 'GMT', 'Etc/UTC'),
  },
  timeout('transaction_timeout', 'How long a transaction may last'),
]
