/**
 * COPY … FROM on its way: records become rows, one prepared INSERT a row, so that defaults, checks and keys are what
 * they are for any INSERT. Only the row that meets a lock waits and restarts (D2). Memory is bounded by a chunk of data.
 */
import { assert } from '../assert.ts'
import { copyNeedsStdin, DatabaseError, extraCopyData, fileNotFound, missingCopyColumn } from '../errors.ts'
import { quoteIdentifier } from '../parser/index.ts'
import type { Files } from '../env/env.ts'
import type { Copy } from '../parser/ast.ts'
import type { PlannedStatement } from '../planner/index.ts'
import { textParser } from '../types/textInput.ts'
import type { Value } from '../types/value.ts'
import type { LockWait } from '../txn/lockWait.ts'
import type { Transaction } from '../txn/transaction.ts'
import { TableMode } from '../txn/lockModes.ts'
import type { Task } from './core.ts'
import { TaskStep } from './core.ts'
import type { CopyField } from './copyFormat.ts'
import { CopyReader } from './copyFormat.ts'
import type { Engine } from './engine.ts'
import { runOnce } from './immediate.ts'
import { noOutput } from './output.ts'
import type { QueryResult } from './result.ts'
import type { SessionEffects } from './sessionEffects.ts'
import { StatementRun } from './statementRun.ts'

/** Where the bytes come from. */
export interface CopySource {
  /** The next chunk, null at the end, or 'wait' if it is not there yet. */
  next(): Uint8Array | null | 'wait'
  /** No more is wanted. */
  close(): void
}

export class CopyRun {
  wait: LockWait | null = null
  readonly #engine: Engine
  readonly #task: Task
  readonly #transaction: Transaction
  readonly #table: string
  readonly #statement: Copy
  #columns: readonly string[] = []
  #insert: PlannedStatement
  #parsers: readonly ((text: string) => Value)[] = []
  /** True once the table is held: what was planned for it stays good. */
  #locked = false
  readonly #reader: CopyReader
  readonly #source: CopySource
  readonly #effects: SessionEffects
  /** A row that has to wait or to restart. */
  #slow: StatementRun | null = null
  #rowCount = 0

  /** Throws what the binding of the INSERT throws, and 22023 for bad options. */
  constructor(
    engine: Engine,
    task: Task,
    transaction: Transaction,
    statement: Copy,
    open: () => CopySource,
    effects: SessionEffects,
  ) {
    this.#effects = effects
    this.#engine = engine
    this.#task = task
    this.#transaction = transaction
    this.#table = statement.table.name
    this.#reader = new CopyReader(statement.options)
    this.#statement = statement
    this.#insert = this.#plan()
    this.#source = open()
  }

  /** Plans the INSERT under the catalog of now. Throws what its binding throws. */
  #plan(): PlannedStatement {
    const { catalog } = this.#transaction
    const { columns: named, table } = this.#statement
    const { schema, name } = table
    const columns = named?.map((column) => column.name) ?? catalog.table(name)?.columns.map((column) => column.name)
    this.#columns = columns ?? []
    const target = (schema === null ? '' : `${quoteIdentifier(schema)}.`) + quoteIdentifier(name)
    const list = this.#columns.map(quoteIdentifier).join(', ')
    const values = this.#columns.map((_, i) => `$${i + 1}`).join(', ')
    const sql =
      columns === undefined
        ? `INSERT INTO ${target} DEFAULT VALUES`
        : `INSERT INTO ${target} (${list}) VALUES (${values})`
    const [cached] = this.#engine.plans.prepare(sql).statements
    assert(cached !== undefined, 'an INSERT is a statement')
    const insert = cached.plan(catalog, null)
    this.#parsers = insert.parameterTypes.map(textParser)
    return insert
  }

  /** Locks the table before any data is asked for: a source may be slow, and DDL must not come between. */
  #lock(): TaskStep {
    if (this.wait !== null) {
      if (this.wait.error !== null) throw this.wait.error
      assert(this.wait.granted, 'COPY that waits was stepped before its lock was granted')
      this.#insert = this.#plan()
    }
    const { target } = this.#insert.compiled
    assert(target !== null, 'an INSERT has a target')
    const wait = (this.wait = this.#transaction.lockTable(target, TableMode.ROW_EXCLUSIVE))
    this.#locked = wait === null
    if (wait === null) return TaskStep.DONE
    if (wait.granted || wait.error !== null) return TaskStep.YIELD
    this.#engine.awaitLock(wait, this.#task)
    return TaskStep.BLOCKED
  }

  step(budget: number): TaskStep {
    if (!this.#locked) {
      const outcome = this.#lock()
      if (outcome !== TaskStep.DONE) return outcome
    }
    for (let rows = 0; rows < budget; rows++) {
      if (this.#slow !== null) {
        const outcome = this.#slow.step(budget)
        this.wait = this.#slow.wait
        if (outcome !== TaskStep.DONE) return outcome
        this.#slow = null
        this.#rowCount++
        continue
      }
      const record = this.#read()
      if (record === null) {
        const chunk = this.#source.next()
        if (chunk === 'wait') return TaskStep.PARKED
        if (chunk !== null) this.#reader.feed(chunk)
        else if (!this.#reader.ended) this.#reader.end()
        else return TaskStep.DONE
        continue
      }
      this.#insertRow(record)
    }
    return TaskStep.YIELD
  }

  abandon(): void {
    this.#source.close()
    this.#slow?.abandon()
    this.#slow = null
    this.wait?.cancel()
    this.wait = null
  }

  result(): QueryResult<unknown> {
    return { rows: [], fields: [], rowCount: this.#rowCount, command: 'COPY' }
  }

  #read(): readonly CopyField[] | null {
    try {
      return this.#reader.next()
    } catch (error) {
      throw this.#located(error, null, null)
    }
  }

  #insertRow(record: readonly CopyField[]): void {
    const values = this.#valuesOf(record)
    const { compiled } = this.#insert
    try {
      if (runOnce(this.#engine, this.#transaction, compiled, values, noOutput) !== null) {
        this.#rowCount++
        return
      }
    } catch (error) {
      this.#transaction.undoStatement()
      throw this.#located(error, null, null)
    }
    const bound = { compiled, parameters: values, usesSession: false }
    this.#slow = new StatementRun(this.#engine, this.#task, this.#transaction, () => bound, {
      output: () => noOutput,
      memoryLimit: this.#engine.memoryLimit,
      effects: this.#effects,
    })
  }

  #valuesOf(record: readonly CopyField[]): Value[] {
    const columns = this.#columns
    if (record.length > columns.length) throw this.#located(extraCopyData(), null, null)
    const values: Value[] = []
    for (let i = 0; i < columns.length; i++) {
      const name = columns[i] ?? ''
      const text = record[i]
      const parser = this.#parsers[i]
      assert(parser !== undefined, 'each column of COPY has a type')
      if (text === undefined) throw this.#located(missingCopyColumn(name), name, null)
      try {
        values.push(text === null ? null : parser(text))
      } catch (error) {
        throw this.#located(error, name, text)
      }
    }
    return values
  }

  /** Says where in the data an error arose, as PostgreSQL's CONTEXT does. */
  #located(error: unknown, column: string | null, text: CopyField): unknown {
    if (!(error instanceof DatabaseError)) return error
    const value = text === null ? '' : `: "${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`
    error.where = `COPY ${this.#table}, line ${this.#reader.line}${column === null ? '' : `, column ${column}${value}`}`
    return error
  }
}

const chunkBytes = 1 << 16

/** Reads the file of COPY … FROM 'file'. Throws 58P01 if it is not there, 42601 if the statement names none. */
export function fileSource(files: Files, statement: Copy): CopySource {
  const path = statement.file
  if (path === null) throw copyNeedsStdin()
  if (!files.exists(path)) throw fileNotFound(path)
  const file = files.open(path, 'read')
  let offset = 0
  let open = true
  const close = (): void => {
    if (open) file.close()
    open = false
  }
  return {
    next() {
      const chunk = new Uint8Array(chunkBytes)
      const length = open ? file.read(offset, chunk) : 0
      offset += length
      if (length > 0) return chunk.subarray(0, length)
      close()
      return null
    },
    close,
  }
}
