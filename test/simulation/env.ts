/**
 * A deterministic `Env`: a clock that stands until it is moved, timers in a queue, random numbers from a seed, and files
 * on a `Disk` with faults on demand. Every operation that changes the disk has a number, so that a test can repeat a run
 * and cut the power, or fail, at each of them in turn.
 */
import type { Clock, Env, File, Files, Timer, Timers } from '../../src/env/env.ts'
import { databaseInUse } from '../../src/errors.ts'
import { Inode, type Disk, type Fate } from './disk.ts'
import { SeededRandom } from './random.ts'

/** The machine is off: nothing of this process runs any more. No catch clause of the engine may swallow it. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

export type FaultKind =
  | 'power cut'
  /** The operation fails, EIO; a sync fails as on Linux. */
  | 'EIO'
  /** A write writes nothing and fails, or writes a part and fails. */
  | 'ENOSPC'
  | 'short write'
  /** Before the operation the kernel fails to write back, which the next sync of each descriptor reports. */
  | 'writeback'

export interface Fault {
  /** The number of the operation, counted from 1. */
  readonly at: number
  readonly kind: FaultKind
  readonly fate: Fate
}

export interface SimulationOptions {
  readonly seed: number
  readonly fault?: Fault
  /** Takes the end of an asynchronous sync, to be called later; the default is the next turn of the event loop. */
  readonly deliver?: (complete: () => void) => void
}

interface SystemError extends Error {
  code: string
  syscall: string
}

function systemError(code: string, syscall: string): SystemError {
  return Object.assign(new Error(`${code}: simulated fault, ${syscall}`), { code, syscall })
}

export class SimulatedEnv implements Env {
  readonly random: SeededRandom
  readonly timers = new SimulatedTimers(this)
  readonly clock: Clock = this.timers
  readonly files: Files
  readonly warnings: string[] = []
  readonly disk: Disk
  /** How many numbered operations there were, by the name of each. */
  readonly operations: string[] = []
  readonly deliver: (complete: () => void) => void
  private readonly fault: Fault | undefined
  private readonly chance: SeededRandom
  private off = false

  constructor(disk: Disk, options: SimulationOptions) {
    this.disk = disk
    this.random = new SeededRandom(options.seed)
    this.chance = new SeededRandom(options.seed ^ 0x5eed)
    this.fault = options.fault
    this.deliver = options.deliver ?? ((complete) => void setImmediate(complete))
    this.files = new SimulatedFiles(this)
  }

  warn(message: string): void {
    this.warnings.push(message)
  }

  get isOff(): boolean {
    return this.off
  }

  /** Turns this process off from outside; the disk is the caller's. */
  turnOff(): void {
    this.off = true
  }

  checkOn(): void {
    if (this.off) throw new PowerCut('the power is cut')
  }

  /**
   * One numbered operation on `inode`. `change` is done unless a fault prevents it; a power cut comes after it, when
   * nothing of it is durable yet, so that whatever part of it may survive.
   */
  operate(name: string, change: () => void, inode?: Inode, part?: () => void): void {
    this.checkOn()
    this.operations.push(name)
    const fault = this.operations.length === this.fault?.at ? this.fault : undefined
    if (fault === undefined) {
      change()
      return
    }
    switch (fault.kind) {
      case 'power cut':
        // A sync that is cut off has done nothing that an un-synced write could not have done by itself.
        if (!isSync(name)) change()
        this.off = true
        this.disk.powerCut(this.chance, fault.fate)
        throw new PowerCut(`the power is cut at operation ${fault.at}, ${name}`)
      case 'EIO':
        if (isSync(name)) inode?.failWriteBack(this.chance, fault.fate)
        throw systemError('EIO', name)
      case 'ENOSPC':
        throw systemError('ENOSPC', name)
      case 'short write':
        part?.()
        throw systemError('ENOSPC', name)
      case 'writeback':
        inode?.failWriteBack(this.chance, fault.fate)
        change()
    }
  }
}

function isSync(name: string): boolean {
  return name === 'sync' || name === 'syncAsync' || name === 'syncDirectory'
}

class SimulatedTimers implements Timers, Clock {
  private readonly env: SimulatedEnv
  private now = 0
  private queue: { readonly at: number; readonly callback: () => void }[] = []

  constructor(env: SimulatedEnv) {
    this.env = env
  }

  nowMicros(): number {
    return 1_700_000_000_000_000 + this.now * 1000
  }

  monotonicMillis(): number {
    return this.now
  }

  set(delayMillis: number, callback: () => void): Timer {
    const entry = { at: this.now + delayMillis, callback }
    this.queue.push(entry)
    return {
      cancel: () => {
        this.queue = this.queue.filter((other) => other !== entry)
      },
    }
  }

  soon(callback: () => void): void {
    setImmediate(() => {
      if (this.env.isOff) return
      try {
        callback()
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error
      }
    })
  }

  /** Moves the clock, running what falls due in order of time. */
  advance(millis: number): void {
    const end = this.now + millis
    for (;;) {
      const due = this.queue.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.queue = this.queue.filter((entry) => entry !== due)
      this.now = due.at
      due.callback()
    }
    this.now = end
  }
}

class SimulatedFiles implements Files {
  private readonly env: SimulatedEnv

  constructor(env: SimulatedEnv) {
    this.env = env
  }

  makeDirectory(): void {
    this.env.checkOn()
  }

  list(directory: string): readonly string[] {
    this.env.checkOn()
    const prefix = `${directory}/`
    return [...this.env.disk.entries.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
  }

  exists(path: string): boolean {
    this.env.checkOn()
    return this.env.disk.entries.has(path)
  }

  open(path: string, mode: 'read' | 'write' | 'create'): File {
    if (mode === 'create') {
      this.env.operate('create', () => this.env.disk.change((entries) => entries.set(path, new Inode())))
    }
    this.env.checkOn()
    const inode = this.env.disk.entries.get(path)
    if (inode === undefined) throw systemError('ENOENT', 'open')
    return new SimulatedFile(this.env, inode)
  }

  remove(path: string): void {
    this.env.operate('remove', () => this.env.disk.change((entries) => entries.delete(path)))
  }

  rename(from: string, to: string): void {
    this.env.operate('rename', () =>
      this.env.disk.change((entries) => {
        const inode = entries.get(from)
        if (inode === undefined) throw systemError('ENOENT', 'rename')
        entries.delete(from)
        entries.set(to, inode)
      }),
    )
  }

  syncDirectory(): void {
    this.env.operate('syncDirectory', () => this.env.disk.syncEntries())
  }

  lock(directory: string): { release(): void } {
    this.env.checkOn()
    const { locks } = this.env.disk
    if (locks.has(directory)) throw databaseInUse(directory, true)
    locks.add(directory)
    return {
      release: () => {
        if (!this.env.isOff) locks.delete(directory)
      },
    }
  }
}

class SimulatedFile implements File {
  private readonly env: SimulatedEnv
  private readonly inode: Inode
  private errorsHeard: number
  private closed = false

  constructor(env: SimulatedEnv, inode: Inode) {
    this.env = env
    this.inode = inode
    this.errorsHeard = inode.errors
  }

  size(): number {
    this.checkOpen()
    return this.inode.cached.size
  }

  read(offset: number, into: Uint8Array): number {
    this.checkOpen()
    const bytes = this.inode.cached.bytes.subarray(offset, offset + into.length)
    into.set(bytes)
    return bytes.length
  }

  write(offset: number, bytes: Uint8Array): void {
    this.checkOpen()
    this.env.operate(
      'write',
      () => this.inode.write(offset, bytes),
      this.inode,
      () => this.inode.write(offset, bytes.subarray(0, this.env.random.below(bytes.length))),
    )
  }

  truncate(size: number): void {
    this.checkOpen()
    this.env.operate('truncate', () => this.inode.truncate(size), this.inode)
  }

  sync(): void {
    this.checkOpen()
    this.env.operate('sync', () => this.finishSync(this.inode.changes), this.inode)
  }

  syncAsync(): Promise<void> {
    this.checkOpen()
    const covered = this.inode.changes
    let failure: Error | null = null
    try {
      this.env.operate('syncAsync', () => undefined, this.inode)
    } catch (error) {
      // The promises of a machine that is off are never settled.
      if (error instanceof PowerCut) return new Promise(() => undefined)
      failure = error as Error
    }
    return new Promise((resolve, reject) => {
      this.env.deliver(() => {
        if (this.env.isOff) return
        try {
          this.finishSync(covered)
          if (failure !== null) throw failure
          resolve()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  }

  close(): void {
    this.closed = true
  }

  private finishSync(upTo: number): void {
    if (this.errorsHeard < this.inode.errors) {
      this.errorsHeard = this.inode.errors
      throw systemError('EIO', 'fdatasync')
    }
    this.inode.writeBack(upTo)
  }

  private checkOpen(): void {
    this.env.checkOn()
    if (this.closed) throw systemError('EBADF', 'file')
  }
}
