/**
 * The core: one thread of control in which the statements of all sessions take turns, step by step (D1).
 *
 * A statement is a `Task`. Only a step is atomic; between two steps of a task any step of another may run. Which one is
 * next is asked of a `Scheduler`, so that a test, a demo or an explorer can drive every interleaving by hand. Nothing
 * here awaits: promises only report what a task became.
 *
 * An asynchronous call submits its task: the first step runs inside the call, the others in slices between which timers
 * and I/O are served. A synchronous call drives its own task to the end, and others only where it must wait for them.
 *
 * Exclusive runs: from the second run of a READ COMMITTED DML on, no other task may write or commit until that run ends
 * or blocks; else it may chase newer versions for ever (D2). The others still read, and wait their turn to write.
 */
import { assert } from '../assert.ts'
import type { Env } from '../env/env.ts'
import type { DatabaseError } from '../errors.ts'
import { lockNotAvailable } from '../errors.ts'
import type { Trace } from '../trace.ts'
import type { LockWait } from '../txn/lockWait.ts'

/** What became of a step. */
export const TaskStep = {
  /** The task is settled. */
  DONE: 0,
  /** The budget is spent: step again. */
  YIELD: 1,
  /** It waits for a lock; `Core.wake` is called when it is granted. */
  BLOCKED: 2,
  /** It waits until its commit is durable and published; `Core.wake` is called then. */
  DURABLE: 3,
  /** It waits for its caller: a stream's consumer, COPY's data; `Core.wake` is called then. */
  PARKED: 4,
} as const
export type TaskStep = (typeof TaskStep)[keyof typeof TaskStep]

/** A statement on its way, as a scheduler sees it. */
export interface TaskInfo {
  /** The number of its session, from 1 in the order in which they connected. */
  readonly session: number
  readonly sql: string
}

export interface Task extends TaskInfo {
  /** True if a step of it may write or commit. */
  readonly writes: boolean
  /** Runs on for about `budget` visited rows. Never throws: an error settles the task. */
  step(budget: number): TaskStep
  /** Ends it now with this error: what the statement did is undone. */
  fail(error: Error): void
  /** The lock it waits for, while it is blocked. */
  readonly wait: LockWait | null
  /** `wait` in words. */
  waitDescription(): string
  /** Set if the log failed while its commit was on its way (08007). */
  commitError: DatabaseError | null
  /** True once the person was told that it waits for an idle session. */
  warned: boolean
}

/** Picks the task that steps next: an index into `ready`, which is in the order of arrival and never empty. */
export interface Scheduler {
  pick(ready: readonly TaskInfo[]): number
}

/** Steps in one slice before timers and I/O are served. */
const stepsPerSlice = 32

export class Core {
  readonly #env: Env
  readonly #trace: Trace
  readonly #scheduler: Scheduler | null
  readonly #stepBudget: number
  readonly #ready: Task[] = []
  /** Makes all that is committing durable and publishes it, now; false if nothing was committing. */
  readonly #flush: () => boolean
  #sliceRequested = false
  #stepping = false
  #exclusive: Task | null = null
  #afterStep: (() => void)[] = []

  constructor(env: Env, trace: Trace, scheduler: Scheduler | null, stepBudget: number, flush: () => boolean) {
    this.#env = env
    this.#trace = trace
    this.#scheduler = scheduler
    this.#stepBudget = stepBudget
    this.#flush = flush
  }

  /** True inside a step: a trace listener or type parser that calls the database again is a mistake of its author. */
  get stepping(): boolean {
    return this.#stepping || this.#trace.emitting
  }

  /** Runs `action` now, or after the step that is under way: a listener may cancel or close in the middle of one. */
  betweenSteps(action: () => void): void {
    if (this.#stepping) this.#afterStep.push(action)
    else if (this.#trace.emitting) this.#env.timers.soon(action)
    else action()
  }

  /** True if `task` must wait for the end of another's exclusive run. */
  mustHold(task: Task): boolean {
    return this.#exclusive !== null && this.#exclusive !== task && task.writes
  }

  /** True while some task has an exclusive run, so that even a writer's one-step path must not be taken. */
  get hasExclusive(): boolean {
    return this.#exclusive !== null
  }

  beginExclusive(task: Task): void {
    assert(this.#exclusive === null || this.#exclusive === task, 'two exclusive runs at once')
    this.#exclusive = task
  }

  endExclusive(task: Task): void {
    if (this.#exclusive === task) this.#exclusive = null
  }

  /** Starts an asynchronous task: its first step now, unless it must hold back. */
  submit(task: Task): void {
    if (this.#stepping || this.mustHold(task)) this.#enqueue(task)
    else this.#advance(task)
  }

  /** What the task waited for has come. */
  wake(task: Task): void {
    this.#enqueue(task)
  }

  /** The task will not step again: forget it. */
  drop(task: Task): void {
    this.endExclusive(task)
    const at = this.#ready.indexOf(task)
    if (at >= 0) this.#ready.splice(at, 1)
  }

  /** Runs what needs no task as a step: nobody else steps meanwhile, and it cannot call the database again. */
  runStep<T>(step: () => T): T {
    assert(!this.#stepping, 'a step within a step')
    this.#stepping = true
    try {
      return step()
    } finally {
      this.#stepEnded()
    }
  }

  /** Drives `task` within this call until it is settled or parked. It fails with 55P03 if it has to wait for what no step can bring. */
  drive(task: Task): void {
    assert(!this.#stepping, 'a synchronous call inside a step')
    let outcome: TaskStep = this.mustHold(task) ? this.#driveUntil(task, () => !this.mustHold(task)) : TaskStep.YIELD
    for (;;) {
      if (outcome === TaskStep.DONE || outcome === TaskStep.PARKED) return
      if (outcome === TaskStep.DURABLE) this.#flush()
      else if (outcome !== TaskStep.YIELD && !this.#driveOthersUntilAwake(task)) {
        task.fail(lockNotAvailable(task.waitDescription()))
        return
      }
      this.#removeReady(task)
      outcome = this.#stepOnce(task)
    }
  }

  /** Runs other tasks until `task` was woken. False if nothing is left that could wake it. */
  #driveOthersUntilAwake(task: Task): boolean {
    while (!this.#ready.includes(task)) {
      const other = this.#pickReady()
      if (other !== null) this.#advance(other)
      else if (!this.#flush()) return false
    }
    return true
  }

  #driveUntil(task: Task, reached: () => boolean): TaskStep {
    while (!reached()) {
      const other = this.#pickReady()
      if (other === null) {
        assert(this.#flush(), `an exclusive run is stuck: ${task.sql}`)
        continue
      }
      this.#advance(other)
    }
    return TaskStep.YIELD
  }

  #stepOnce(task: Task): TaskStep {
    this.#stepping = true
    try {
      return task.step(this.#stepBudget)
    } finally {
      this.#stepEnded()
    }
  }

  #stepEnded(): void {
    this.#stepping = false
    if (this.#afterStep.length > 0) for (const action of this.#afterStep.splice(0)) action()
  }

  #advance(task: Task): void {
    if (this.#stepOnce(task) === TaskStep.YIELD) this.#enqueue(task)
  }

  #enqueue(task: Task): void {
    if (this.#ready.includes(task)) return
    this.#ready.push(task)
    this.#requestSlice()
  }

  #removeReady(task: Task): void {
    const at = this.#ready.indexOf(task)
    if (at >= 0) this.#ready.splice(at, 1)
  }

  #requestSlice(): void {
    if (this.#sliceRequested) return
    this.#sliceRequested = true
    this.#env.timers.soon(() => {
      this.#sliceRequested = false
      for (let steps = 0; steps < stepsPerSlice; steps++) {
        const task = this.#pickReady()
        if (task === null) return
        this.#advance(task)
      }
      if (this.#ready.length > 0) this.#requestSlice()
    })
  }

  /** Takes the next task out of the queue; null if none may step. */
  #pickReady(): Task | null {
    const candidates = this.#exclusive === null ? this.#ready : this.#ready.filter((task) => !this.mustHold(task))
    if (candidates.length === 0) return null
    const picked = candidates[this.#scheduler?.pick(candidates) ?? 0]
    assert(picked !== undefined, 'the scheduler picked a task that is not there')
    this.#removeReady(picked)
    return picked
  }
}
