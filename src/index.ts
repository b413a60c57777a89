/**
 * The public door of Isolde.
 *
 *     import { open } from 'isolde-db'
 *
 *     const db = await open('./accounts')            // or open() for a database in memory
 *     await db.exec('CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)')
 *     await db.transaction(async (tx) => {
 *       await tx.query('INSERT INTO account VALUES ($1, $2)', [1, 100])
 *     }, { isolation: 'snapshot' })
 *
 * All that a caller needs is exported here; nothing else is public.
 */
import type { Env } from './env/env.ts'
import { nodeEnv } from './env/node.ts'
import type { CoordinatorOptions } from './session/coordinator.ts'
import { Coordinator } from './session/coordinator.ts'
import type { Database } from './session/database.ts'
import type { OpenOptions } from './session/open.ts'
import { openDatabase } from './session/open.ts'

/** A database in the directory `path`, created if it is absent; in memory without one. @throws DatabaseError as `openSync` */
export async function open(path?: string, options: OpenOptions = {}): Promise<Database> {
  return openSync(path, options)
}

/** @throws DatabaseError 55006 if the directory is open elsewhere, XX001 if its log is damaged, 22023 for a bad option */
export function openSync(path?: string, options: OpenOptions = {}): Database {
  const env: Env = options.env ?? nodeEnv
  return openDatabase(env, path, options)
}

/**
 * Opens a coordinator, which commits transactions over several databases. `path`: the directory of its decisions, created if
 * it is absent, and no database's; in memory without one. @throws DatabaseError as `openSync`
 */
export async function openCoordinator(path?: string, options: CoordinatorOptions = {}): Promise<Coordinator> {
  return new Coordinator(options.env ?? nodeEnv, path)
}

export { check } from './checker/check.ts'
export type { ListTable } from './checker/elle/exportElle.ts'
export { checkListAppend } from './checker/elle/listAppend.ts'
export type { ListAppendAnomaly, ListAppendVerdict } from './checker/elle/listAppend.ts'
export { History } from './checker/history.ts'
export type {
  HistoryData,
  HistoryEvent,
  HistoryObject,
  HistoryTransaction,
  KeyOrder,
  Level,
  PredicateObject,
} from './checker/model.ts'
export { describePhenomenon, Verdict } from './checker/verdict.ts'
export type { Conflict, Phenomenon, PhenomenonName, Violation } from './checker/verdict.ts'
export { DatabaseError } from './errors.ts'
export type { ErrorFields } from './errors.ts'
export type { Clock, DirectoryLock, Env, File, Files, Random, Timer, Timers } from './env/env.ts'
export { nodeEnv } from './env/node.ts'
export { isComplete, renderErrorPosition } from './parser/index.ts'
export type { Scheduler, TaskInfo } from './session/core.ts'
export type { CopyData } from './session/copyFrom.ts'
export { Coordinator } from './session/coordinator.ts'
export type { Branches, CoordinatorOptions, Recovery, UnconfirmedTransaction } from './session/coordinator.ts'
export { Database } from './session/database.ts'
export type { CheckDescription, ColumnDescription, IndexDescription, TableDescription } from './session/describe.ts'
export type { Notification, NotificationListener } from './session/notifications.ts'
export type { OpenOptions } from './session/open.ts'
export type { PreparedTransaction } from './session/preparedTransactions.ts'
export type { ProcedureOptions } from './session/procedureCalls.ts'
export type { Procedure, ProcedureTransaction } from './session/procedures.ts'
export type { Field, Notice, ObjectRow, QueryOptions, QueryResult, RunResult, TypeParser } from './session/result.ts'
export { Session } from './session/session.ts'
export type { IsolationName, TransactionOptions, WaitingFor } from './session/session.ts'
export type { SqlFragment, SqlQuery, SqlTag } from './session/sqlTemplate.ts'
export { Statement } from './session/statement.ts'
export { Trace } from './trace.ts'
export type { TraceEvent, TraceListener } from './trace.ts'
export type { Recording, RecordingOptions } from './txn/history/historyRecorder.ts'
export type { IsolationLevel, SerializableMethod } from './txn/isolation.ts'
export type { Durability } from './txn/commitQueue.ts'
