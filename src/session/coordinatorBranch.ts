/**
 * A branch: the part of a distributed transaction that one database has (the X/Open model's word). It is an ordinary
 * transaction of an ordinary session; the coordinator asks of a database nothing that SQL does not offer.
 */
import { callbackEndedTransaction, transactionHadFailed } from '../errors.ts'
import type { Database } from './database.ts'
import type { Session, TransactionOptions } from './session.ts'

export class Branch {
  readonly database: Database
  readonly session: Session

  constructor(database: Database) {
    this.database = database
    this.session = database.connectSync()
  }

  async begin(options: TransactionOptions): Promise<void> {
    await this.session.query(beginText(options))
  }

  /** Throws 25P01, 25P02 unless it stands as it was begun, and nothing of it failed. */
  async requireHealthy(): Promise<void> {
    // A statement that the callback did not await may still fail, or write.
    await this.session.whenIdle()
    const { transactionStatus } = this.session
    if (transactionStatus === 'idle') throw callbackEndedTransaction()
    if (transactionStatus === 'failed') throw transactionHadFailed()
  }

  /** True if it has something to commit. */
  get hasWritten(): boolean {
    return this.session.hasWritten
  }

  async commit(): Promise<void> {
    const { command } = await this.session.query('COMMIT')
    if (command !== 'COMMIT') throw transactionHadFailed()
  }

  async prepare(gid: string): Promise<void> {
    const { command } = await this.session.query(`PREPARE TRANSACTION '${gid}'`)
    if (command !== 'PREPARE TRANSACTION') throw transactionHadFailed()
  }

  /** Undoes what is not prepared; the session is over. */
  close(): void {
    this.session.close()
  }
}

function beginText({ isolation, method, readOnly, deferrable }: TransactionOptions): string {
  const level = isolation ?? (method === undefined ? null : 'serializable')
  const modes = [
    ...(level === null ? [] : [`ISOLATION LEVEL ${level}${method === undefined ? '' : ` USING ${method}`}`]),
    ...(readOnly === undefined ? [] : [readOnly ? 'READ ONLY' : 'READ WRITE']),
    ...(deferrable === undefined ? [] : [deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE']),
  ]
  return ['BEGIN', ...modes].join(' ')
}
