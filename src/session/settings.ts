/**
 * The settings of a session: what SET, SHOW and RESET know. A setting holds for the session, or (SET LOCAL) until the
 * transaction ends; a rollback also takes back what SET did in the transaction. So the values are an immutable pair of
 * layers, and a transaction or savepoint keeps the pair it began with. Below both are the database's defaults.
 */
import { cannotChangeSetting, unknownSetting } from '../errors.ts'
import type { SerializableMethod } from '../txn/isolation.ts'
import { isolationNamed, SerializableMethods } from '../txn/isolation.ts'
import type { SettingDefinition } from './settingDefinitions.ts'
import { millisOf, settingDefinitions } from './settingDefinitions.ts'
import type { TransactionModes } from '../txn/transaction.ts'

const byName = new Map(settingDefinitions.map((definition) => [definition.name.toLowerCase(), definition]))

type Layer = ReadonlyMap<string, string>

export interface SettingValues {
  readonly session: Layer
  readonly local: Layer
}

const noValues: SettingValues = { session: new Map(), local: new Map() }

/** Of each setting that a database may have a default of its own for, by its name in lower case, its value in canonical form. */
export type SettingDefaults = Layer

export const noDefaults: SettingDefaults = new Map()

export interface SettingRow {
  readonly name: string
  readonly setting: string
  readonly description: string
}

/** In milliseconds; 0: off. */
export interface Timeouts {
  readonly statement: number
  readonly lock: number
  readonly idleInTransaction: number
  readonly transaction: number
}

/** What the engine asks of the settings, worked out once for each state of them. */
export interface EngineSettings {
  /** The modes of a transaction that names none. */
  readonly modes: TransactionModes
  readonly method: SerializableMethod
  /** Null if none is set: the usual case, which must cost nothing. */
  readonly timeouts: Timeouts | null
}

export class Settings {
  /** Replaced, never changed: keep it to come back to it. */
  values: SettingValues = noValues
  readonly #defaults: SettingDefaults
  #engineOf: SettingValues | null = null
  #engine: EngineSettings | null = null

  constructor(defaults: SettingDefaults = noDefaults) {
    this.#defaults = defaults
  }

  get(name: string): string {
    const definition = definitionOf(name)
    const key = definition.name.toLowerCase()
    const { local, session } = this.values
    return local.get(key) ?? session.get(key) ?? this.#defaults.get(key) ?? definition.initial
  }

  /** Throws 42704, 22023, 55P02, 0A000. */
  set(name: string, value: string, local: boolean): void {
    const definition = definitionOf(name)
    const key = definition.name.toLowerCase()
    const canonical = canonicalOf(definition, value)
    const { session, local: inTransaction } = this.values
    if (local) this.values = { session, local: new Map(inTransaction).set(key, canonical) }
    else this.values = { session: new Map(session).set(key, canonical), local: without(inTransaction, key) }
  }

  /** Back to the database's default; all of them if `name` is null. */
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
    return settingDefinitions.map(({ name, description }) => ({ name, setting: this.get(name), description }))
  }

  /** The same object as long as the values are. */
  get engine(): EngineSettings {
    if (this.#engine === null || this.#engineOf !== this.values) {
      this.#engineOf = this.values
      this.#engine = this.#read()
    }
    return this.#engine
  }

  #read(): EngineSettings {
    const method = SerializableMethods.find((each) => each === this.get('serializable_method')) ?? 'ssi'
    const timeouts: Timeouts = {
      statement: this.#millis('statement_timeout'),
      lock: this.#millis('lock_timeout'),
      idleInTransaction: this.#millis('idle_in_transaction_session_timeout'),
      transaction: this.#millis('transaction_timeout'),
    }
    const modes: TransactionModes = {
      isolation: isolationNamed(this.get('default_transaction_isolation'), method),
      readOnly: this.get('default_transaction_read_only') === 'on',
      deferrable: this.get('default_transaction_deferrable') === 'on',
      deadlockTimeout: this.#millis('deadlock_timeout'),
    }
    const anyTimeout = Object.values(timeouts).some((millis) => millis > 0)
    return { modes, method, timeouts: anyTimeout ? timeouts : null }
  }

  #millis(name: string): number {
    return millisOf(this.get(name))
  }
}

/** The setting's name as SHOW heads its column; throws 42704. */
export const settingName = (name: string): string => definitionOf(name).name

/** A database's own defaults, in canonical form. Throws as `set` does. */
export function settingDefaults(values: Readonly<Record<string, string | undefined>>): SettingDefaults {
  const layer = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) layer.set(name, canonicalOf(definitionOf(name), value))
  }
  return layer
}

function canonicalOf(definition: SettingDefinition, value: string): string {
  if (definition.accept === undefined) throw cannotChangeSetting(definition.name)
  return definition.accept(value, definition.name)
}

function definitionOf(name: string): SettingDefinition {
  const definition = byName.get(name.toLowerCase())
  if (definition === undefined) throw unknownSetting(name)
  return definition
}

function without(layer: Layer, key: string): Layer {
  const copy = new Map(layer)
  copy.delete(key)
  return copy
}
