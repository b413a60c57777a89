/**
 * Statements that steer the session and touch no table: transaction blocks, savepoints, settings.
 */
import { deferrableIsFixed, isolationIsFixed, noActiveTransaction, outsideBlock, readOnlyIsFixed } from '../errors.ts'
import type {
  Begin,
  Commit,
  Reset,
  Release,
  Rollback,
  RollbackTo,
  Savepoint,
  SetTransaction,
  SetVariable,
  Show,
  Statement,
  TransactionModes as NamedModes,
} from '../parser/ast.ts'
import type { Isolation, IsolationLevel, SerializableMethod } from '../txn/isolation.ts'
import { isolationNamed, isolationOf } from '../txn/isolation.ts'
import type { TransactionModes } from '../txn/transaction.ts'
import type { OutputChoice } from './output.ts'
import { emptyResult } from './output.ts'
import type { QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'
import { onOff } from './settingDefinitions.ts'
import { settingName } from './settings.ts'
import type { TwoPhaseStatement } from './twoPhase.ts'
import { requireNoBlock } from './twoPhase.ts'

/** Those that begin, end or mark a transaction. */
export type BlockStatement = Begin | Commit | Rollback | Savepoint | RollbackTo | Release | TwoPhaseStatement

export type ControlStatement = BlockStatement | SetTransaction | SetVariable | Show | Reset

/** COMMIT of the session's block. `next`: the modes of the transaction that follows; null if none does. */
export interface CommitEnding {
  readonly kind: 'commit'
  readonly next: TransactionModes | null
}

/** What is left to do once a statement is read: to commit the session's block, or what a two-phase statement says. */
export type Ending = CommitEnding | TwoPhaseStatement

export const isEnding = (outcome: QueryResult<unknown> | Ending): outcome is Ending => 'kind' in outcome

const blockKinds: ReadonlySet<Statement['kind']> = new Set([
  ...(['begin', 'commit', 'rollback', 'savepoint', 'rollback_to', 'release'] as const),
  ...(['prepare_transaction', 'commit_prepared', 'rollback_prepared'] as const),
])

export function isBlockStatement(statement: Statement): statement is BlockStatement {
  return blockKinds.has(statement.kind)
}

/** What a failed block still takes. */
export function endsFailedBlock({ kind }: Statement): boolean {
  return kind === 'rollback' || kind === 'commit' || kind === 'rollback_to' || kind === 'prepare_transaction'
}

const controlKinds: ReadonlySet<Statement['kind']> = new Set([
  ...blockKinds,
  ...(['set_transaction', 'set', 'show', 'reset'] as const),
])

export function isControlStatement(statement: Statement): statement is ControlStatement {
  return controlKinds.has(statement.kind)
}

/** The statement's result, or what is left to do now. `among`: it stands among others in one text. */
export function executeControl(
  state: SessionState,
  statement: ControlStatement,
  among: boolean,
  output: OutputChoice,
): QueryResult<unknown> | Ending {
  const { block, settings } = state
  switch (statement.kind) {
    case 'begin':
      begin(state, statement.modes)
      return emptyResult(statement.command)
    case 'commit':
      return endBlock(state, 'COMMIT', { kind: 'commit', next: chained(state, statement) })
    case 'prepare_transaction':
      return endBlock(state, 'ROLLBACK', statement)
    case 'commit_prepared':
    case 'rollback_prepared':
      requireNoBlock(state, statement, among)
      return statement
    case 'rollback': {
      const next = chained(state, statement)
      if (block.kind !== 'explicit') noTransaction(state)
      if (block.kind !== 'none') block.rollback()
      beginNext(state, next)
      return emptyResult('ROLLBACK')
    }
    case 'savepoint':
      block.savepoint(statement.name)
      return emptyResult('SAVEPOINT')
    case 'release':
      block.release(statement.name)
      return emptyResult('RELEASE')
    case 'rollback_to':
      block.rollbackTo(statement.name)
      return emptyResult('ROLLBACK')
    case 'set_transaction':
      setTransaction(state, statement, among)
      return emptyResult('SET')
    case 'set':
      set(state, statement, among)
      return emptyResult('SET')
    case 'reset':
      changeSettings(state, among, () => settings.reset(statement.name))
      return emptyResult('RESET')
    case 'show':
      return show(state, statement, output)
  }
}

function begin(state: SessionState, modes: NamedModes): void {
  const { block } = state
  if (block.kind === 'explicit') {
    state.notice({ severity: 'WARNING', code: '25001', message: 'there is already a transaction in progress' })
    if (namesModes(modes)) changeModes(state, modes)
    return
  }
  const options = withModes(state, state.defaultModes(), modes)
  // What ran before BEGIN in the same text is in the implicit block, which goes on as an explicit one.
  if (block.kind === 'implicit') {
    if (namesModes(modes)) changeModes(state, modes)
    block.kind = 'explicit'
  } else block.begin('explicit', options)
}

/** COMMIT and PREPARE TRANSACTION: `otherwise` is the command's tag where there is no transaction to end. */
function endBlock(state: SessionState, otherwise: string, ending: Ending): QueryResult<unknown> | Ending {
  const { block } = state
  if (block.kind !== 'explicit') {
    noTransaction(state)
    return block.kind === 'implicit' ? ending : emptyResult(otherwise)
  }
  if (!block.failed) return ending
  const end = block.takeEnd()
  block.rollback()
  if (end !== null) throw end
  if (ending.kind === 'commit') beginNext(state, ending.next)
  return emptyResult('ROLLBACK')
}

/** AND CHAIN: the modes of the block that ends, with which the next one begins; null if none does. Throws 25P01. */
function chained({ block }: SessionState, { kind, chain }: Commit | Rollback): TransactionModes | null {
  if (!chain) return null
  if (block.kind !== 'explicit' || block.modes === null) throw outsideBlock(`${kind.toUpperCase()} AND CHAIN`)
  return { ...block.modes, readOnly: block.modes.readOnly || block.readOnly }
}

/** Begins what follows a block that has ended, if anything does. */
export function beginNext(state: SessionState, next: TransactionModes | null): void {
  if (next === null) return
  // A setting, and none of the modes that follow on: as it stands now.
  const { deadlockTimeout } = state.defaultModes()
  state.block.begin('explicit', { ...next, deadlockTimeout })
}

function noTransaction(state: SessionState): void {
  state.notice({ severity: 'WARNING', code: '25P01', message: 'there is no transaction in progress' })
}

function setTransaction(state: SessionState, statement: SetTransaction, among: boolean): void {
  const { modes, scope } = statement
  if (scope === 'session') {
    changeSettings(state, among, () => {
      for (const [name, value] of Object.entries(defaultsOf(modes))) state.settings.set(name, value, false)
    })
    return
  }
  if (inBlock(state, among, 'SET TRANSACTION')) changeModes(state, modes)
}

/** True if `command` has a transaction to speak of: several statements of one text are one. Else there is a warning. */
function inBlock(state: SessionState, among: boolean, command: string): boolean {
  if (state.block.kind === 'explicit' || joinsText(state, among)) return true
  state.notice({ severity: 'WARNING', code: '25P01', message: `${command} can only be used in transaction blocks` })
  return false
}

/** True if it stands among others in one text, which are a transaction: it begins with the first of them. */
function joinsText(state: SessionState, among: boolean): boolean {
  if (among && state.block.kind === 'none') state.block.begin('implicit', state.defaultModes())
  return among
}

/**
 * A change of settings goes with its transaction if that is rolled back. Where it says what a transaction is that says nothing,
 * it speaks of the one that is about to begin with this text, too. (PostgreSQL has begun it by then.)
 */
function changeSettings(state: SessionState, among: boolean, change: () => void): void {
  joinsText(state, among)
  const { block } = state
  const before = state.defaultModes()
  change()
  if (block.kind === 'implicit' && block.fresh && block.modes === before) block.restart(state.defaultModes())
}

/** SET SESSION CHARACTERISTICS: the settings that say what a transaction is that says nothing. */
function defaultsOf({ isolation, method, readOnly, deferrable }: NamedModes): Record<string, string> {
  return {
    ...(isolation !== null && { default_transaction_isolation: levelName(isolation, method) }),
    ...(readOnly !== null && { default_transaction_read_only: readOnly ? 'on' : 'off' }),
    ...(deferrable !== null && { default_transaction_deferrable: deferrable ? 'on' : 'off' }),
  }
}

/**
 * The level and DEFERRABLE can change before the first statement only, and before a savepoint, which would have to take it
 * back. A transaction may become READ ONLY at any time, and not READ WRITE again.
 */
function changeModes(state: SessionState, named: NamedModes): void {
  const { block } = state
  const { transaction, nested } = block
  if (transaction === null) throw noActiveTransaction()
  const modes = withModes(state, transaction, named)
  const unchangeable = nested || !block.fresh
  if (unchangeable && modes.isolation !== transaction.isolation) throw isolationIsFixed(block.fresh)
  if (unchangeable && named.deferrable !== null) throw deferrableIsFixed(nested)
  if (unchangeable && named.readOnly === false && block.readOnly) throw readOnlyIsFixed(nested)
  if (!unchangeable) block.restart(modes)
  else if (named.readOnly === true) block.becomeReadOnly()
}

const namesModes = ({ isolation, readOnly, deferrable }: NamedModes): boolean =>
  isolation !== null || readOnly !== null || deferrable !== null

const levelName = (level: string, method: string | null): string =>
  method === null ? level : `${level} using ${method}`

/** BEGIN is on the hot path: a level with its method is not put together as a name first. */
function isolationIn(state: SessionState, level: IsolationLevel, method: SerializableMethod | null): Isolation {
  if (level === 'serializable') return isolationOf(level, method ?? state.settings.engine.method)
  return isolationNamed(levelName(level, method), state.settings.engine.method)
}

/** The modes with those that were named in their place. Throws 0A000 for levels that are not built. */
function withModes(state: SessionState, modes: TransactionModes, named: NamedModes): TransactionModes {
  return {
    isolation: named.isolation === null ? modes.isolation : isolationIn(state, named.isolation, named.method),
    readOnly: named.readOnly ?? modes.readOnly,
    deferrable: named.deferrable ?? modes.deferrable,
    deadlockTimeout: modes.deadlockTimeout,
  }
}

/** Settings in name only: they are modes of the transaction. */
function modesIn(state: SessionState, name: string, value: string): NamedModes | null {
  const none: NamedModes = { isolation: null, method: null, readOnly: null, deferrable: null }
  switch (name) {
    case 'transaction_isolation': {
      const written = value.toLowerCase()
      const { level, method } = isolationNamed(written, state.settings.engine.method)
      return { ...none, isolation: level, method }
    }
    case 'transaction_read_only':
      return { ...none, readOnly: onOff(value, name) === 'on' }
    case 'transaction_deferrable':
      return { ...none, deferrable: onOff(value, name) === 'on' }
    default:
      return null
  }
}

function set(state: SessionState, statement: SetVariable, among: boolean): void {
  const { block, settings } = state
  const value = statement.values?.join(', ') ?? null
  const name = statement.name.toLowerCase()
  const modes = value === null ? null : modesIn(state, name, value)
  if (modes !== null) {
    if (inBlock(state, among, 'SET TRANSACTION')) changeModes(state, modes)
  } else if (value === null) changeSettings(state, among, () => settings.reset(name))
  else if (!statement.local || inBlock(state, among, 'SET LOCAL')) {
    changeSettings(state, among, () => settings.set(name, value, statement.local))
  }
  if (block.transaction !== null) block.transaction.deadlockTimeout = settings.engine.modes.deadlockTimeout
  if (block.kind !== 'none') block.watch()
}

function show(state: SessionState, statement: Show, output: OutputChoice): QueryResult<unknown> {
  const rows = (names: readonly string[], values: readonly (readonly string[])[]): QueryResult<unknown> => ({
    rows: values.map((row) => (output.arrays ? row : Object.fromEntries(row.map((text, i) => [names[i] ?? '', text])))),
    fields: names.map((name) => ({ name, dataTypeID: textOid })),
    rowCount: values.length,
    command: 'SHOW',
  })
  const { transaction } = state.block
  const modes = transaction ?? state.defaultModes()
  switch (statement.name) {
    case null:
      return rows(
        ['name', 'setting', 'description'],
        state.settings.all().map((s) => [s.name, s.setting, s.description]),
      )
    case 'transaction_isolation':
      return rows(['transaction_isolation'], [[modes.isolation.level]])
    case 'transaction_method':
      return rows(['transaction_method'], [[modes.isolation.method ?? 'none']])
    case 'transaction_read_only':
      return rows(['transaction_read_only'], [[modes.readOnly || state.block.readOnly ? 'on' : 'off']])
    case 'transaction_deferrable':
      return rows(['transaction_deferrable'], [[modes.deferrable ? 'on' : 'off']])
    default:
      return rows([settingName(statement.name)], [[state.settings.get(statement.name)]])
  }
}

const textOid = 25
