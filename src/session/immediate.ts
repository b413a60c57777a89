/**
 * The short way: a planned statement that runs from begin to end within one call, without a task.
 *
 * Between its steps nobody else steps, so it needs no place in a queue; an autocommit read needs no transaction, and no
 * lock on its tables as long as nobody holds or awaits one that would exclude it; an autocommit write in memory needs no
 * such lock either. Whatever this way cannot do (wait,
 * restart) it undoes and leaves to a task: it returns null, and nothing has happened.
 */
import { assert } from '../assert.ts'
import type { CompiledStatement, Execution, ExecutionContext, OutputForm } from '../executor/index.ts'
import { MemoryAccount, Step } from '../executor/index.ts'
import { ReadView } from '../storage/readView.ts'
import type { Transaction } from '../txn/transaction.ts'
import type { Value } from '../types/value.ts'
import type { Engine } from './engine.ts'
import type { SessionState } from './sessionState.ts'

/** Visited rows between two looks at the outcome: nobody else can step, so it only bounds a step's work. */
const stepBudget = 1 << 20

/**
 * Runs the statement, whose text is `sql`, in the session's block, or in a transaction of its own. `mayWait`: the call may
 * block this thread until a commit is durable. Returns null if it must go the long way. Throws the statement's errors, which
 * have ended or failed the block then.
 */
export function runImmediately(
  engine: Engine,
  state: SessionState,
  sql: string,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
  mayWait: boolean,
): Execution | null {
  if (engine.trace.on || engine.transactions.history.on) return null
  // Whoever set a timeout wants a statement that takes long to have an end: it needs steps.
  if (!compiled.endsAtOnce && state.settings.engine.timeouts !== null) return null
  const { block } = state
  if (block.kind === 'explicit') {
    const { transaction } = block
    if (transaction === null || block.failed) return null
    if (compiled.writes && (engine.core.hasExclusive || block.readOnly)) return null
    state.lastStatement = sql
    return runInTransaction(engine, state, transaction, compiled, parameters, output)
  }
  if (block.kind !== 'none') return null
  if (!compiled.writes) return readAlone(engine, state, compiled, parameters, output)
  if (engine.core.hasExclusive || (engine.log !== null && !mayWait) || state.defaultModes().readOnly) return null
  return writeAlone(engine, state, sql, compiled, parameters, output)
}

/** One view for all: a read that takes this way ends before the next one begins. */
const sharedView = new ReadView()

function readAlone(
  engine: Engine,
  state: SessionState,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
): Execution | null {
  const { transactions } = engine
  for (const table of compiled.tables) if (!transactions.mayRead(table)) return null
  transactions.readView(sharedView)
  const { isolation } = state.defaultModes()
  if (isolation.tracksReads && !transactions.conflicts.isSafeNow) return null
  if ((isolation.locksReads || isolation.alone) && !transactions.idle) return null
  if (isolation.reads === 'in place') sharedView.timestamp = Number.POSITIVE_INFINITY
  const execution = start(engine, compiled, null, sharedView, parameters, output)
  assert(runToEnd(execution) === Step.DONE, 'a read waits for no row')
  return execution
}

function writeAlone(
  engine: Engine,
  state: SessionState,
  sql: string,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
): Execution | null {
  const { transactions } = engine
  const modes = state.defaultModes()
  const transaction = transactions.begin(state.id, modes)
  if (modes.isolation.tracksReads) transaction.noteStatement(sql)
  let execution: Execution | null
  try {
    execution = goesUnlocked(engine, transaction, compiled)
      ? runLocked(engine, transaction, compiled, parameters, output)
      : runOnce(engine, transaction, compiled, parameters, output)
    if (execution !== null) transactions.commit(transaction, true)
  } catch (error) {
    engine.statistics.failed(modes.isolation, error)
    // A commit that fails has ended it.
    if (transaction.state === 'active') transactions.rollback(transaction)
    throw error
  }
  if (execution === null) transactions.rollback(transaction)
  return execution
}

function runInTransaction(
  engine: Engine,
  state: SessionState,
  transaction: Transaction,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
): Execution | null {
  state.block.fresh = false
  try {
    return runOnce(engine, transaction, compiled, parameters, output)
  } catch (error) {
    transaction.undoStatement()
    state.block.fail(error)
    throw error
  } finally {
    if (state.block.isTimed) state.rests()
  }
}

/**
 * In memory a write in autocommit is published before this call ends. A lock on its tables would be there for nobody to
 * meet: that nobody else has one against it is enough.
 */
function goesUnlocked(
  { log, transactions }: Engine,
  transaction: Transaction,
  { tables, tableModes }: CompiledStatement,
): boolean {
  const { locksReads, alone } = transaction.isolation
  if (log !== null || locksReads || alone || transactions.locks.serials > 0) return false
  for (let i = 0; i < tables.length; i++) {
    if (!transactions.locks.mayLockTable(transaction, tables[i]!, tableModes[i]!)) return false
  }
  return true
}

/** One run of a statement in an open transaction. Null if it has to wait or to restart: it is undone then. What it throws, the caller undoes. */
export function runOnce(
  engine: Engine,
  transaction: Transaction,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
): Execution | null {
  const { tables } = compiled
  const modes = transaction.isolation.locksReads ? compiled.tableModesOfLockers : compiled.tableModes
  for (let i = 0; i < tables.length; i++) {
    const wait = transaction.lockTable(tables[i]!, modes[i]!)
    if (wait !== null) {
      wait.cancel()
      return null
    }
  }
  return runLocked(engine, transaction, compiled, parameters, output)
}

function runLocked(
  engine: Engine,
  transaction: Transaction,
  compiled: CompiledStatement,
  parameters: Value[],
  output: OutputForm,
): Execution | null {
  const execution = start(engine, compiled, transaction, transaction.beginStatement(true), parameters, output)
  if (runToEnd(execution) === Step.DONE) {
    transaction.endStatement()
    return execution
  }
  transaction.waitingFor?.cancel()
  transaction.undoStatement()
  return null
}

/** Of statements that hold one row at most: nothing to bound. */
const singleRowMemory = new MemoryAccount()

/** Filled anew for each run, which takes what it needs when it starts: the short way allocates none. */
const context: { -readonly [K in keyof ExecutionContext]: ExecutionContext[K] } = {
  transaction: null,
  view: sharedView,
  parameters: [],
  memory: singleRowMemory,
}

function start(
  engine: Engine,
  compiled: CompiledStatement,
  transaction: Transaction | null,
  view: ReadView,
  parameters: Value[],
  output: OutputForm,
): Execution {
  context.transaction = transaction
  context.view = view
  context.parameters = parameters
  context.memory = compiled.endsAtOnce ? singleRowMemory : new MemoryAccount(engine.memoryLimit)
  return compiled.start(context, output)
}

function runToEnd(execution: Execution): Step {
  let step = execution.step(stepBudget)
  while (step === Step.YIELD) step = execution.step(stepBudget)
  return step
}
