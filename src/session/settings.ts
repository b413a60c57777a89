/**
 * The settings of a session: what SET, SHOW and RESET know. A setting holds for the session, or (SET LOCAL) until the
 * transaction ends; a rollback also takes back what SET did in the transaction. So the values are an immutable pair of
 * layers, and a transaction or savepoint keeps the pair it began with.
 */
import { cannotChangeSetting, notBoolean, settingNotSupported, unknownSetting } from '../errors.ts'
import type { Isolation } from '../txn/isolation.ts'
import { isolationNamed } from '../txn/isolation.ts'

interface Definition {
  /** The name as SHOW prints it. */
  readonly name: string
  readonly initial: string
  readonly description: string
  /** The canonical form of what was written, or an error; absent for what cannot be set. */
  readonly accept?: (value: string, name: string) => string
}

const onOff = (value: string, name: string): string => {
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

const level = (value: string): string => isolationNamed(value.toLowerCase()).title.toLowerCase()

const definitions: readonly Definition[] = [
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
  { name: 'IntervalStyle', initial: 'postgres', description: 'How intervals are printed.', accept: only('postgres') },
  {
    name: 'search_path',
    initial: 'public',
    description: 'The schemas in which a bare name is looked up.',
    accept: only('public', '"$user", public'),
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
  {
    name: 'TimeZone',
    initial: 'UTC',
    description: 'Timestamps have no time zone; the clock is read as UTC.',
    accept: only('UTC', 'GMT', 'Etc/UTC'),
  },
]

const byName = new Map(definitions.map((definition) => [definition.name.toLowerCase(), definition]))

type Layer = ReadonlyMap<string, string>

export interface SettingValues {
  readonly session: Layer
  readonly local: Layer
}

const noValues: SettingValues = { session: new Map(), local: new Map() }

export interface SettingRow {
  readonly name: string
  readonly setting: string
  readonly description: string
}

export class Settings {
  /** Replaced, never changed: keep it to come back to it. */
  values: SettingValues = noValues

  get(name: string): string {
    const definition = definitionOf(name)
    const key = definition.name.toLowerCase()
    return this.values.local.get(key) ?? this.values.session.get(key) ?? definition.initial
  }

  /** Throws 42704, 22023, 55P02, 0A000. */
  set(name: string, value: string, local: boolean): void {
    const definition = definitionOf(name)
    if (definition.accept === undefined) throw cannotChangeSetting(definition.name)
    const key = definition.name.toLowerCase()
    const canonical = definition.accept(value, definition.name)
    const { session, local: inTransaction } = this.values
    if (local) this.values = { session, local: new Map(inTransaction).set(key, canonical) }
    else this.values = { session: new Map(session).set(key, canonical), local: without(inTransaction, key) }
  }

  /** Back to the initial value; all of them if `name` is null. */
  reset(name: string | null): void {
    if (name === null) this.values = noValues
    else {
      const key = definitionOf(name).name.toLowerCase()
      this.values = { session: without(this.values.session, key), local: without(this.values.local, key) }
    }
  }

  /** The transaction committed: what was LOCAL to it is gone. */
  dropLocal(): void {
    if (this.values.local.size > 0) this.values = { session: this.values.session, local: new Map() }
  }

  all(): SettingRow[] {
    return definitions.map(({ name, description }) => ({ name, setting: this.get(name), description }))
  }

  get defaultIsolation(): Isolation {
    return isolationNamed(this.get('default_transaction_isolation'))
  }

  get defaultReadOnly(): boolean {
    return this.get('default_transaction_read_only') === 'on'
  }
}

/** The setting's name as SHOW heads its column; throws 42704. */
export const settingName = (name: string): string => definitionOf(name).name

function definitionOf(name: string): Definition {
  const definition = byName.get(name.toLowerCase())
  if (definition === undefined) throw unknownSetting(name)
  return definition
}

function without(layer: Layer, key: string): Layer {
  const copy = new Map(layer)
  copy.delete(key)
  return copy
}
