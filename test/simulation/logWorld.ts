/**
 * A log on a simulated disk and the model it is held against: the transactions that were appended, in order, and how
 * many of them were acknowledged as durable.
 */
import { expect } from 'vitest'
import { openLog, type CommitLog, type InDoubt, type RedoSink, type Replay } from '../../src/storage/log/log.ts'
import type { DatabaseError } from '../../src/errors.ts'
import type { Value } from '../../src/types/value.ts'
import { Disk, type Fate } from './disk.ts'
import { PowerCut, SimulatedEnv, type Fault } from './env.ts'
import { SeededRandom } from './random.ts'

type LoggedRecord = readonly [kind: string, ...rest: unknown[]]

export interface LoggedTransaction {
  readonly timestamp: number
  readonly records: readonly LoggedRecord[]
}

/** A sink that keeps what it is given, as plain data. */
export class RecordingReplay implements Replay {
  readonly transactions: LoggedTransaction[] = []
  private records: LoggedRecord[] = []
  lastProgress: readonly [number, number] | null = null

  insert(tableId: number, rowId: number, values: readonly Value[]): void {
    this.records.push(['insert', tableId, rowId, values])
  }

  update(tableId: number, rowId: number, columns: readonly number[], values: readonly Value[]): void {
    this.records.push(['update', tableId, rowId, columns, values])
  }

  delete(tableId: number, rowId: number): void {
    this.records.push(['delete', tableId, rowId])
  }

  catalog(payload: string): void {
    this.records.push(['catalog', payload])
  }

  readonly undecided: InDoubt[] = []

  inDoubt(transaction: InDoubt): void {
    this.undecided.push(transaction)
  }

  commit(timestamp: number): void {
    this.transactions.push({ timestamp, records: this.records })
    this.records = []
  }

  progress(done: number, total: number): void {
    expect(done).toBeLessThanOrEqual(total)
    this.lastProgress = [done, total]
  }

  /** Redo behind the last commit: there must never be any. */
  get unfinished(): number {
    return this.records.length
  }
}

export function emit(sink: RedoSink, records: readonly LoggedRecord[]): void {
  for (const [kind, ...rest] of records) {
    if (kind === 'insert') sink.insert(rest[0] as number, rest[1] as number, rest[2] as Value[])
    else if (kind === 'update')
      sink.update(rest[0] as number, rest[1] as number, rest[2] as number[], rest[3] as Value[])
    else if (kind === 'delete') sink.delete(rest[0] as number, rest[1] as number)
    else sink.catalog(rest[0] as string)
  }
}

export class LogWorld {
  readonly disk = new Disk()
  env: SimulatedEnv
  log: CommitLog | null = null
  /** Every transaction of which `append` was called, since the last recovery told which survived. */
  appended: LoggedTransaction[] = []
  /** How many of them are acknowledged: the listener heard that they are durable. */
  acknowledged = 0
  failures: DatabaseError[] = []
  private ends: number[] = []
  private readonly completions: (() => void)[] = []
  private readonly random: SeededRandom
  private timestamp = 0
  private readonly seed: number

  constructor(seed: number, fault?: Fault) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.env = this.boot(fault)
  }

  /** Runs `steps` random steps; stops early when the log failed or the power was cut. */
  async run(steps: number): Promise<void> {
    this.attempt(() => this.open())
    for (let step = 0; step < steps && !this.broken; step++) await this.step()
  }

  get broken(): boolean {
    return this.env.isOff || this.failures.length > 0 || this.log === null
  }

  /** Restarts on what the disk holds and checks it against the model, which then follows the disk. */
  recoverAndCheck(how: 'kill' | 'power cut', fate: Fate): void {
    if (!this.env.isOff) {
      this.env.turnOff()
      if (how === 'kill') this.disk.kill()
      else this.disk.powerCut(this.random, fate)
    }
    this.env = this.boot()
    const found = this.open()
    expect(found.unfinished).toBe(0)
    expect(found.transactions.length).toBeGreaterThanOrEqual(this.acknowledged)
    expect(found.transactions).toEqual(this.appended.slice(0, found.transactions.length))
    this.adopt(found)
  }

  /** Restarts on what the disk holds, only to lose the power again at the given operation of the recovery. */
  interruptRecovery(fault: Fault): void {
    expect(this.env.isOff).toBe(true)
    this.env = this.boot(fault)
    expect(() => this.open()).toThrow(PowerCut)
  }

  /** A clean close, and everything is there. */
  closeAndCheck(): void {
    this.log?.close()
    const found = this.open()
    expect(found.transactions).toEqual(this.appended)
    this.adopt(found)
  }

  appendOne(): void {
    const transaction = this.randomTransaction()
    this.appended.push(transaction)
    const end = this.log!.append(transaction.timestamp, (sink) => emit(sink, transaction.records))
    this.ends.push(end)
    expect(this.log!.appendedLsn).toBe(end)
  }

  private adopt(found: RecordingReplay): void {
    this.appended = found.transactions
    this.acknowledged = this.appended.length
    this.ends = this.appended.map(() => 0)
  }

  private boot(fault?: Fault): SimulatedEnv {
    this.failures = []
    this.completions.length = 0
    return new SimulatedEnv(this.disk, {
      seed: this.seed,
      ...(fault === undefined ? {} : { fault }),
      deliver: (complete) => void this.completions.push(complete),
    })
  }

  private open(): RecordingReplay {
    const { env } = this
    const replay = new RecordingReplay()
    this.log = null
    this.log = openLog(
      env,
      'data',
      {
        durable: (lsn) => {
          if (env.isOff) return
          this.acknowledged = this.ends.filter((end) => end <= lsn).length
        },
        failed: (error) => {
          if (env === this.env) this.failures.push(error)
        },
      },
      replay,
    )
    this.timestamp = Math.max(this.timestamp, replay.transactions.at(-1)?.timestamp ?? 0)
    return replay
  }

  private async step(): Promise<void> {
    const dice = this.random.below(20)
    this.attempt(() => {
      if (dice < 10) this.appendOne()
      else if (dice < 12) this.log!.syncNow()
      else if (dice < 16) this.log!.requestSync()
      else if (dice < 19) this.completions.shift()?.()
      else this.closeAndCheck()
    })
    // The listener hears of a completion in a microtask.
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  }

  /** A failure of the log or of the machine ends the run; anything else is a failure of the test. */
  private attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (this.env.isOff) return
      if (this.failures.length > 0) {
        expect(error).toBe(this.failures[0])
        return
      }
      // An open that failed for a fault has no handle to fail.
      if (this.log === null && (error as DatabaseError).code.startsWith('5')) return
      throw error
    }
  }

  private randomTransaction(): LoggedTransaction {
    const { random } = this
    const size = random.chance(0.02) ? 400_000 : random.chance(0.2) ? 2_000 : 20
    const records = Array.from({ length: random.below(5) }, (): LoggedRecord => {
      const table = random.below(5)
      const row = random.below(5_000_000)
      const text = 'äx'.repeat(random.below(size))
      const kind = random.below(4)
      if (kind === 0) return ['insert', table, row, [text, null, random.below(100), -1]]
      if (kind === 1) return ['update', table, row, [1, 7], [text, true]]
      return kind === 2 ? ['delete', table, row] : ['catalog', text]
    })
    return { timestamp: ++this.timestamp, records }
  }
}
