/**
 * A branch: the part of a distributed transaction that one database has (the X/Open model's word). It is an ordinary
 * transaction of an ordinary session; the coordinator asks of a database nothing that SQL does not offer.
 */
import { transactionHadFailed } from '../errors.ts'
import type { Database } from './database.ts'
import type { Age, Session, TransactionOptions } from './session.ts'

export class Branch {
  readonly database: Database
  readonly session: Session
  /** What the callback gets: it is good for this transaction only, whatever the callback ends or begins. */
  readonly handle: Session

  /** `age`: of this branch's first attempt. Throws 22023 for options that make no sense. */
  constructor(database: Database, options: TransactionOptions, age: Age) {
    this.database = database
    this.session = database.connectSync()
    try {
      this.handle = this.session.beginBranch(options, age)
    } catch (error) {
      this.session.close()
      throw error
    }
  }

  /** Throws 25P01, 25P02 unless it stands as it was begun, and nothing of it failed. */
  async requireHealthy(): Promise<void> {
    // A statement that the callback did not await may still fail, or write.
    await this.session.whenIdle()
    this.handle.requireHealthyEnd()
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
