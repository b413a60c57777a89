/** The asynchronous calls of a session: from a text to a task and the promise that reports what became of it. */
import { requireArray } from '../argumentChecks.ts'
import { DatabaseError, loneTransactionControl } from '../errors.ts'
import { isDataStatement } from '../planner/index.ts'
import type { Engine } from './engine.ts'
import { runImmediately } from './immediate.ts'
import { outputChoice, resultOf } from './output.ts'
import type { QueryOptions, QueryResult } from './result.ts'
import type { SessionState } from './sessionState.ts'
import { asError } from './sessionTask.ts'
import { StatementsTask } from './statementsTask.ts'

/** What `session.query` does: the short way if it can be. Never throws, rejects; an error fails the block. */
export function query<Row>(
  engine: Engine,
  state: SessionState,
  sql: string,
  parameters: readonly unknown[],
  options: QueryOptions,
): Promise<QueryResult<Row>> {
  try {
    const immediate = tryQuery<Row>(engine, state, sql, parameters, options)
    if (immediate !== null) return Promise.resolve(immediate)
  } catch (error) {
    state.block.fail(error)
    return Promise.reject(asError(error))
  }
  return queryStatement<Row>(engine, state, sql, parameters, options)
}

/**
 * A single data statement that needs no waiting, run on the spot; null if it takes the long way. Statements that may
 * visit many rows do: others want their turn.
 */
export function tryQuery<Row>(
  engine: Engine,
  state: SessionState,
  sql: string,
  parameters: readonly unknown[],
  options: QueryOptions,
): QueryResult<Row> | null {
  if (state.task !== null || state.block.failed || engine.core.stepping || options.signal?.aborted === true) return null
  requireArray('the parameters', parameters)
  // The caller's own functions are called within a step, where they cannot do harm.
  if (options.types !== undefined) return null
  const { text, literals } = engine.plans.find(sql)
  const [cached] = text.statements
  if (cached === undefined || text.statements.length !== 1 || !isDataStatement(cached.statement)) return null
  const planned = cached.plan(state.block.transaction?.catalog ?? engine.transactions.catalog, parameters, state)
  const { compiled } = planned
  if (!compiled.endsAtOnce || planned.usesSession) return null
  if (state.block.transaction?.isolation.tracksReads === true) state.block.transaction.noteStatement(sql)
  const form = outputChoice(options).formOf(compiled)
  const execution = runImmediately(engine, state, sql, compiled, planned.bind(parameters, literals, state), form, false)
  return execution === null ? null : (resultOf(compiled, execution) as QueryResult<Row>)
}

export async function queryStatement<Row>(
  engine: Engine,
  state: SessionState,
  sql: string,
  parameters: readonly unknown[],
  options: QueryOptions,
): Promise<QueryResult<Row>> {
  requireArray('the parameters', parameters)
  const source = { sql, statements: null, literals: null, single: true, parameters }
  const [result] = await settle(new StatementsTask(engine, state, source, outputChoice(options)), state, options)
  return result as QueryResult<Row>
}

export async function execStatements(
  engine: Engine,
  state: SessionState,
  sql: string,
  options: QueryOptions,
): Promise<QueryResult[]> {
  const source = { sql, statements: null, literals: null, single: false, parameters: [] }
  const task = new StatementsTask(engine, state, source, outputChoice(options))
  try {
    return (await settle(task, state, options)) as QueryResult[]
  } catch (error) {
    if (error instanceof DatabaseError) error.results = task.results
    throw error
  }
}

/** A statement that opens or ends a block makes no sense in a call that is a session of its own. Throws 0A000. */
export function refuseLoneControl(engine: Engine, sql: string): void {
  const { statements } = engine.plans.find(sql).text
  const [first] = statements
  if (statements.length !== 1 || first === undefined) return
  if (controlKinds.has(first.statement.kind))
    throw loneTransactionControl(sql.trim().split(/[\s;]/, 1)[0]?.toUpperCase() ?? '')
}

const controlKinds: ReadonlySet<string> = new Set([
  ...['begin', 'commit', 'rollback', 'savepoint', 'release', 'rollback_to', 'set_transaction', 'set'],
  ...['prepare_transaction', 'listen', 'unlisten'],
])

/** Submits the task, and resolves with its results or rejects with its error. */
function settle(task: StatementsTask, state: SessionState, options: QueryOptions): Promise<QueryResult<unknown>[]> {
  return new Promise((resolve, reject) => {
    task.onSettled(() => {
      if (task.error === null) resolve(task.results)
      else reject(task.error)
    })
    task.listenTo(options.signal)
    if (!task.settled) state.submit(task)
  })
}
