/**
 * The one session that a prompt or a script talks to, so that BEGIN … COMMIT works across statements. The engine is
 * loaded here and nowhere else in this folder, by `openClient`: the prompt is on the screen before that.
 */
import type {
  Database,
  DatabaseError,
  Notice,
  Notification,
  QueryResult,
  Session,
  TableDescription,
} from '../src/index.ts'
import type { TextResult } from './resultFormat.ts'

/** Pieces of text or bytes, cut anywhere. */
export type CopyData = AsyncIterable<string | Uint8Array>

export type TransactionStatus = Session['transactionStatus']

/** Null: a database in memory. @throws DatabaseError if the directory cannot be opened as a database */
export async function openClient(directory: string | null): Promise<Client> {
  const { DatabaseError: ErrorClass, open } = await import('../src/index.ts')
  const db = directory === null ? await open() : await open(directory)
  return new Client(db, await db.connect(), (error) => error instanceof ErrorClass)
}

export class Client {
  readonly #db: Database
  readonly #session: Session
  readonly #isDatabaseError: (error: unknown) => error is DatabaseError

  constructor(db: Database, session: Session, isDatabaseError: (error: unknown) => error is DatabaseError) {
    this.#db = db
    this.#session = session
    this.#isDatabaseError = isDatabaseError
  }

  get transactionStatus(): TransactionStatus {
    return this.#session.transactionStatus
  }

  set onNotice(listener: (notice: Notice) => void) {
    this.#session.onNotice = listener
  }

  /** Is told in a line of text of each notification that the session listens to. */
  set onNotification(listener: (line: string) => void) {
    this.#session.onNotification = (notification) => listener(notificationLine(notification))
  }

  async query(sql: string, signal?: AbortSignal): Promise<TextResult> {
    return textResult(await this.#session.query(sql, [], { rowMode: 'text', ...(signal && { signal }) }))
  }

  /** Builds what the first statement would have to wait for (the grammar above all), while nobody waits yet. */
  async warmUp(): Promise<void> {
    await this.#session.query('SELECT 1')
  }

  /** Several statements, as one transaction unless they say otherwise. */
  async exec(sql: string, signal?: AbortSignal): Promise<readonly TextResult[]> {
    return (await this.#session.exec(sql, { rowMode: 'text', ...(signal && { signal }) })).map(textResult)
  }

  /** `sql` is a COPY … FROM STDIN. Resolves to the number of rows. */
  copy(sql: string, data: CopyData, signal?: AbortSignal): Promise<number> {
    return this.#session.copyFrom(sql, data, signal === undefined ? {} : { signal })
  }

  /** All tables, or the one of that name. */
  describe(table?: string): readonly TableDescription[] {
    return this.#db.describe(table)
  }

  /** What the person at the prompt did, and not a bug. */
  isDatabaseError(error: unknown): error is DatabaseError {
    return this.#isDatabaseError(error)
  }

  /** The results of the statements that came before the one that failed. */
  resultsBefore(error: DatabaseError): readonly TextResult[] {
    return (error.results as readonly QueryResult[] | undefined)?.map(textResult) ?? []
  }

  async close(): Promise<void> {
    // What was notified last is told in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve))
    this.#session.close()
    await this.#db.close()
  }
}

/** As psql says it. */
function notificationLine({ channel, payload, session }: Notification): string {
  const said = payload === '' ? '' : ` with payload ${JSON.stringify(payload)}`
  return `Asynchronous notification ${JSON.stringify(channel)}${said} received from session ${session}.`
}

const textResult = ({ command, rowCount, fields, rows }: QueryResult): TextResult => ({
  command,
  rowCount,
  fields,
  rows: rows.map(textRow),
})

/** Rows asked for as text are arrays of text and NULL. */
function textRow(row: unknown): readonly (string | null)[] {
  if (!Array.isArray(row)) throw new TypeError('a row of text was expected')
  return row.map((value: unknown) => (typeof value === 'string' ? value : null))
}

/** True for a statement whose data comes after it: `COPY … FROM STDIN`. */
export const isCopyFromStdin = (sql: string): boolean =>
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*copy\b[\s\S]*\bfrom\s+stdin\b/i.test(sql)
