/**
 * Deadlocks: a cycle in the waits-for graph, looked for on every wait (D2).
 *
 * A waiter waits for the holders that exclude it (hard edges) and for the waiters ahead of it that do (soft edges). A cycle
 * with a soft edge is no deadlock yet: the queue may be reordered so that the waiter comes before the one ahead of it. We
 * try that for each soft edge, and again for the cycles that remain, as PostgreSQL does (src/backend/storage/lmgr/README,
 * "The Deadlock Detection Algorithm"); only if no order of the queues helps does somebody have to die.
 *
 * Everybody in a cycle waits, so nobody in it is committing, and each can be the victim.
 */
import type { Lock, LockOwner, LockWait } from './lockWait.ts'

export interface Edge {
  readonly wait: LockWait
  readonly blocker: LockOwner
  /** The place ahead in the queue; null if the blocker holds the lock. */
  readonly ahead: LockWait | null
}

/** New orders of queues under which nobody waits in a circle. */
export type QueueOrders = ReadonlyMap<Lock, readonly LockWait[]>

export type Verdict =
  | { readonly kind: 'free' }
  | { readonly kind: 'reorder'; readonly orders: QueueOrders }
  | { readonly kind: 'deadlock'; readonly cycle: readonly Edge[] }

interface Constraint {
  readonly first: LockWait
  readonly second: LockWait
}

/** More soft edges than this are not tried at once: then it counts as a deadlock. */
const MAX_CONSTRAINTS = 8

/**
 * Whether a circle runs through one of `starts`. Who runs waits for nobody, so a circle is closed by the last of its
 * transactions that begins to wait, and is found from there. `waiting`: all who wait; a reordering concerns others too.
 */
export function examine(starts: readonly LockOwner[], waiting: Iterable<LockOwner>): Verdict {
  const cycle = findCycle(starts, new Map())
  if (cycle === null) return { kind: 'free' }
  const orders = resolve(waiting, cycle, [])
  return orders === null ? { kind: 'deadlock', cycle } : { kind: 'reorder', orders }
}

function resolve(waiting: Iterable<LockOwner>, cycle: readonly Edge[], constraints: Constraint[]): QueueOrders | null {
  if (constraints.length === MAX_CONSTRAINTS) return null
  for (const { wait, ahead } of cycle) {
    if (ahead === null) continue
    const more = [...constraints, { first: wait, second: ahead }]
    const orders = reorder(more)
    if (orders === null) continue
    const remaining = findCycle(waiting, orders)
    if (remaining === null) return orders
    const deeper = resolve(waiting, remaining, more)
    if (deeper !== null) return deeper
  }
  return null
}

/** The queues with the constraints kept, else in their old order; null if the constraints contradict each other. */
function reorder(constraints: readonly Constraint[]): Map<Lock, readonly LockWait[]> | null {
  const orders = new Map<Lock, readonly LockWait[]>()
  for (const lock of new Set(constraints.map(({ first }) => first.lock))) {
    const remaining = new Set(lock.waits)
    const order: LockWait[] = []
    while (remaining.size > 0) {
      const next = firstOf(remaining, (wait) =>
        constraints.every(({ first, second }) => second !== wait || !remaining.has(first)),
      )
      if (next === null) return null
      order.push(next)
      remaining.delete(next)
    }
    orders.set(lock, order)
  }
  return orders
}

function firstOf<T>(all: Iterable<T>, fits: (each: T) => boolean): T | null {
  for (const each of all) if (fits(each)) return each
  return null
}

function findCycle(waiting: Iterable<LockOwner>, orders: QueueOrders): readonly Edge[] | null {
  const finished = new Set<LockOwner>()
  for (const start of waiting) {
    if (finished.has(start)) continue
    const cycle = walk(start, orders, finished)
    if (cycle !== null) return cycle
  }
  return null
}

/** Depth first, without recursion: a chain of waiters may be as long as there are sessions. */
function walk(start: LockOwner, orders: QueueOrders, finished: Set<LockOwner>): readonly Edge[] | null {
  const path: { readonly owner: LockOwner; readonly edges: readonly Edge[]; at: number }[] = []
  const onPath = new Map<LockOwner, number>()
  const enter = (owner: LockOwner): void => {
    onPath.set(owner, path.length)
    path.push({ owner, edges: edgesOf(owner, orders), at: 0 })
  }
  enter(start)
  while (path.length > 0) {
    const top = path[path.length - 1]!
    const edge = top.edges[top.at++]
    if (edge === undefined) {
      path.pop()
      onPath.delete(top.owner)
      finished.add(top.owner)
      continue
    }
    const from = onPath.get(edge.blocker)
    if (from !== undefined) return path.slice(from).map(({ edges, at }) => edges[at - 1]!)
    if (!finished.has(edge.blocker)) enter(edge.blocker)
  }
  return null
}

function edgesOf(owner: LockOwner, orders: QueueOrders): readonly Edge[] {
  const wait = owner.waitingFor
  if (wait === null) return []
  const edges: Edge[] = wait.blockers().map((blocker) => ({ wait, blocker, ahead: null }))
  const queue = orders.get(wait.lock) ?? wait.lock.waits
  for (let i = queue.indexOf(wait) - 1; i >= 0; i--) {
    const ahead = queue[i]!
    if (!wait.isBehind(ahead)) continue
    edges.push({ wait, blocker: ahead.owner, ahead })
    // Whoever is still further ahead and in the way is in the way of this one too: it stands for all of them.
    if (wait.standsBehindAll(ahead)) break
  }
  return edges
}

/**
 * The one with the shortest deadlock_timeout; of equals the youngest by first attempt: whoever has been at it for the
 * shortest time, retries included.
 */
export function victimOf(cycle: readonly Edge[]): LockWait {
  let victim = cycle[0]!.wait
  for (const { wait } of cycle) {
    const { deadlockTimeout, firstAttempt } = wait.owner
    const shorter = deadlockTimeout - victim.owner.deadlockTimeout
    if (shorter < 0 || (shorter === 0 && firstAttempt > victim.owner.firstAttempt)) victim = wait
  }
  return victim
}

/** For people: who waits for whom. */
export function describeCycle(cycle: readonly Edge[]): string {
  return cycle
    .map(
      ({ wait, blocker }) =>
        `Session ${wait.owner.session} waits for ${wait.mode} on ${wait.resource}; blocked by session ${blocker.session}.`,
    )
    .join('\n')
}
