/**
 * Transfers between two databases by a coordinator, on a simulated disk that holds all three logs, and the check that goes
 * with it. Each transfer notes its number and its amount in the ledgers of both databases and moves the amount from an
 * account in the north to one in the south. Whatever was lost, after the recovery both ledgers are equal, the balances follow
 * from them, every transfer that was acknowledged is there, nothing is prepared, and nothing is locked.
 */
import { expect } from 'vitest'
import {
  DatabaseError,
  open,
  openCoordinator,
  type Coordinator,
  type Database,
  type Recovery,
} from '../../src/index.ts'
import { Disk, type Fate } from './disk.ts'
import { SimulatedEnv, type Fault } from './env.ts'
import { SeededRandom } from './random.ts'

const WORKERS = 3
const TRANSFERS = 3
const ACCOUNTS = 3
const INITIAL = 100
/** Turns of the event loop in which whatever can move has moved. */
const PATIENCE = 120

const schema = `
  CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
  CREATE TABLE ledger (number int PRIMARY KEY, amount int NOT NULL);
  INSERT INTO account VALUES ${Array.from({ length: ACCOUNTS }, (_, id) => `(${id}, ${INITIAL})`).join()}`

const names = ['north', 'south'] as const
type Name = (typeof names)[number]

export class Transfers {
  readonly disk = new Disk()
  env: SimulatedEnv
  readonly acknowledged = new Set<number>()
  readonly errors: DatabaseError[] = []
  /** Both schemas were acknowledged. */
  ready = false
  private readonly databases = new Map<Name, Database>()
  private coordinator: Coordinator | null = null
  private readonly random: SeededRandom
  private readonly seed: number
  private workers: Promise<unknown> = Promise.resolve()

  constructor(seed: number, fault?: Fault) {
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.env = this.boot(fault)
  }

  private boot(fault?: Fault): SimulatedEnv {
    const delays = new SeededRandom(~this.seed)
    return new SimulatedEnv(this.disk, {
      seed: this.seed,
      ...(fault === undefined ? {} : { fault }),
      deliver: (complete) => laterBy(delays.below(5), complete),
    })
  }

  /** Runs until all is done, nothing moves any more, or the power was cut. */
  async run(): Promise<void> {
    await this.untilPowerCut(async () => {
      await this.openAll()
      for (const name of names) await this.databases.get(name)!.exec(schema)
      this.ready = true
      this.workers = Promise.all(Array.from({ length: WORKERS }, (_, worker) => this.work(worker)))
      await this.workers
    })
  }

  private async work(worker: number): Promise<void> {
    for (let i = 0; i < TRANSFERS && this.errors.length === 0; i++) {
      const number = worker * 100 + i
      try {
        await this.transfer(number, 1 + this.random.below(9))
        this.acknowledged.add(number)
      } catch (error) {
        if (!this.env.isOff) this.errors.push(error as DatabaseError)
      }
    }
  }

  private async transfer(number: number, amount: number): Promise<void> {
    const [from, to] = [this.random.below(ACCOUNTS), this.random.below(ACCOUNTS)]
    const databases = [this.databases.get('north')!, this.databases.get('south')!] as const
    await this.coordinator!.transaction(databases, async ([north, south]) => {
      await north.query('UPDATE account SET balance = balance - $1 WHERE id = $2', [amount, from])
      await south.query('UPDATE account SET balance = balance + $1 WHERE id = $2', [amount, to])
      await north.query('INSERT INTO ledger VALUES ($1, $2)', [number, amount])
      await south.query('INSERT INTO ledger VALUES ($1, $2)', [number, amount])
    })
  }

  private async openAll(): Promise<void> {
    this.coordinator = await openCoordinator('coordinator', { env: this.env })
    for (const name of names) this.databases.set(name, await open(name, { env: this.env }))
  }

  /** The whole process dies, and another one opens what is left. With a fault, the power is cut again on the way. */
  async restart(how: 'kill' | 'power cut', fate: Fate, fault?: Fault): Promise<void> {
    if (!this.env.isOff) {
      this.env.turnOff()
      if (how === 'kill') this.disk.kill()
      else this.disk.powerCut(this.random, fate)
    }
    this.env = this.boot(fault)
    await this.untilPowerCut(async () => {
      await this.openAll()
      await this.recover()
    })
  }

  /** Only what has failed is opened again; the rest lives on, with what it was waiting for. */
  async reopenWhatFailed(): Promise<void> {
    for (const name of names) {
      const database = this.databases.get(name)
      if (database !== undefined && !(await isDead(database))) continue
      await database?.close()
      this.databases.set(name, await open(name, { env: this.env }))
    }
    try {
      await this.recover()
    } catch (error) {
      expect((error as DatabaseError).code).toMatch(/58030|53100|08003/)
      await this.coordinator?.close()
      this.coordinator = await openCoordinator('coordinator', { env: this.env })
      await this.recover()
    }
    let ended = false
    void this.workers.then(() => (ended = true))
    for (let turn = 0; turn < PATIENCE && !ended; turn++) await turnOfLoop()
    expect(ended).toBe(true)
    await this.recover()
  }

  async recover(): Promise<Recovery> {
    return this.coordinator!.recover([...this.databases.values()])
  }

  async check(): Promise<void> {
    const [north, south] = [this.databases.get('north')!, this.databases.get('south')!]
    expect([...north.prepared(), ...south.prepared(), ...this.coordinator!.unconfirmed]).toEqual([])
    if (!this.ready) return
    const ledger = await ledgerOf(north)
    expect(await ledgerOf(south)).toEqual(ledger)
    for (const number of this.acknowledged) expect(ledger.map((row) => row.number)).toContain(number)
    const moved = ledger.reduce((sum, { amount }) => sum + amount, 0)
    expect([await sumOf(north), await sumOf(south)]).toEqual([ACCOUNTS * INITIAL - moved, ACCOUNTS * INITIAL + moved])
    // A statement that would have to wait fails: nobody is left who could let it go.
    for (const database of [north, south]) {
      database.prepare('UPDATE account SET balance = balance').run()
      database.prepare('DELETE FROM ledger').run()
    }
    await north.exec('DROP TABLE account')
  }

  async close(): Promise<void> {
    await this.untilPowerCut(async () => {
      for (const database of this.databases.values()) await database.close()
      await this.coordinator?.close()
    })
  }

  /** An error of opening ends the work and is noted; the promises of a machine that is off never settle. */
  private async untilPowerCut(work: () => Promise<unknown>): Promise<void> {
    let done = false
    const running = work()
      .catch((error: unknown) => {
        if (this.env.isOff) return
        if (!(error instanceof DatabaseError)) throw error
        this.errors.push(error)
      })
      .finally(() => (done = true))
    running.catch(() => undefined)
    for (let turn = 0; !done && !this.env.isOff;) {
      await turnOfLoop()
      // After an error others may wait for ever for what is in doubt.
      if (this.errors.length > 0 && ++turn > PATIENCE) return
    }
    if (done) await running
  }
}

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** After that many turns of the event loop: slow fsyncs gather more commits. */
function laterBy(turns: number, complete: () => void): void {
  setImmediate(() => (turns > 0 ? laterBy(turns - 1, complete) : complete()))
}

async function isDead(database: Database): Promise<boolean> {
  try {
    await database.query('CREATE TABLE alive (id int)')
    await database.query('DROP TABLE alive')
    return false
  } catch (error) {
    expect((error as DatabaseError).code).toMatch(/58030|53100|08007|08003/)
    return true
  }
}

interface LedgerRow {
  readonly number: number
  readonly amount: number
}

async function ledgerOf(database: Database): Promise<readonly LedgerRow[]> {
  return (await database.query<LedgerRow>('SELECT number, amount FROM ledger ORDER BY number')).rows
}

async function sumOf(database: Database): Promise<number> {
  const { rows } = await database.query<{ balance: number }>('SELECT balance FROM account')
  return rows.reduce((sum, { balance }) => sum + balance, 0)
}
