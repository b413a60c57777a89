/**
 * Deadlocks that no database sees: T1 holds a row of A and waits in B for T2, which waits in A for T1. Each database knows
 * half of the circle. All of them are in this process, and a step is atomic, so the whole graph can be looked at in one
 * moment: what is a circle in it is a deadlock, and none is missed. Asked at every wait it would cost every wait; a timer
 * looks while two or more distributed transactions are open. (A circle over two databases needs at least two of them.)
 */
import type { Env, Timer } from '../env/env.ts'
import { deadlockDetected } from '../errors.ts'
import type { Branch } from './coordinatorBranch.ts'
import type { Database } from './database.ts'

/** How long a circle may stand. */
const examineEveryMillis = 50

/** A distributed transaction, by its branches; or a session that is in none. */
type Node = Group | Alone

class Group {
  readonly number: number
  readonly branches: readonly Branch[]

  constructor(number: number, branches: readonly Branch[]) {
    this.number = number
    this.branches = branches
  }

  get waiting(): readonly Branch[] {
    return this.branches.filter(({ session }) => session.waitingFor !== null)
  }
}

interface Alone {
  readonly database: Database
  readonly session: number
}

export class DeadlockWatch {
  readonly #env: Env
  readonly #groups = new Set<Group>()
  #begun = 0
  #timer: Timer | null = null

  constructor(env: Env) {
    this.#env = env
  }

  /** Watches over these branches while `work` runs. */
  async during<T>(branches: readonly Branch[], work: () => Promise<T>): Promise<T> {
    const group = new Group(++this.#begun, branches)
    this.#groups.add(group)
    this.#watch()
    try {
      return await work()
    } finally {
      this.#groups.delete(group)
    }
  }

  #watch(): void {
    if (this.#timer !== null || this.#groups.size < 2) return
    this.#timer = this.#env.timers.set(
      examineEveryMillis,
      () => {
        this.#timer = null
        this.#examine()
        this.#watch()
      },
      false,
    )
  }

  /** Ends each circle by its youngest distributed transaction. */
  #examine(): void {
    for (const group of this.#groups) {
      if (group.waiting.length === 0) continue
      const circle = this.#circleThrough(group)
      if (circle === null) continue
      const victim = circle.reduce((youngest, each) => (each.number > youngest.number ? each : youngest))
      const detail = victim.waiting.map(({ session }) => session.waitingFor!.lock).join(' and ')
      const error = deadlockDetected(`The wait for ${detail} closes a circle over several databases.`)
      for (const { session } of victim.waiting) session.interrupt(error)
    }
  }

  /** The distributed transactions of a circle of waits; null if there is none through this one. */
  #circleThrough(start: Group): readonly Group[] | null {
    const seen = new Set<Group | string>()
    const numbers = new Map<Database, number>()
    const keyOf = (node: Node): Group | string => {
      if (node instanceof Group) return node
      if (!numbers.has(node.database)) numbers.set(node.database, numbers.size)
      return `${numbers.get(node.database)}/${node.session}`
    }
    const paths: { readonly node: Node; readonly groups: readonly Group[] }[] = [{ node: start, groups: [start] }]
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      for (const node of this.#waitsFor(path.node)) {
        if (node === start) return path.groups
        if (seen.has(keyOf(node))) continue
        seen.add(keyOf(node))
        paths.push({ node, groups: node instanceof Group ? [...path.groups, node] : path.groups })
      }
    }
    return null
  }

  #waitsFor(node: Node): readonly Node[] {
    if (!(node instanceof Group)) return this.#holders(node.database, node.database.holdersBefore(node.session))
    return node.branches.flatMap(({ database, session }) => this.#holders(database, session.waitingFor?.holders ?? []))
  }

  #holders(database: Database, sessions: readonly number[]): readonly Node[] {
    return sessions.map((session) => this.#groupOf(database, session) ?? { database, session })
  }

  #groupOf(database: Database, session: number): Group | null {
    for (const group of this.#groups) {
      if (group.branches.some((branch) => branch.database === database && branch.session.id === session)) return group
    }
    return null
  }
}
