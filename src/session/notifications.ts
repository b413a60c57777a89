/**
 * LISTEN and NOTIFY. What a transaction says is nobody's business until it commits: it collects in the session's outbox,
 * goes back with a savepoint and away with a rollback, and the copies of one message are one. When the transaction is
 * published, in the order of publication, it reaches every session that listens.
 *
 *     NOTIFY ─► outbox of the transaction ──publication──► inboxes of those who listen ──no transaction open──► listener
 *
 * A session is told between its transactions only, as in PostgreSQL: inside of one it would not see, under its snapshot,
 * what it is told of. The listener is called in a macrotask of its own, never within a step.
 *
 * Nothing of this is durable: who does not listen when the transaction is published never hears of it.
 */
import type { Timers } from '../env/env.ts'
import { channelNameEmpty, channelNameTooLong, payloadTooLong, tooManyNotifications } from '../errors.ts'
import type { Transaction } from '../txn/transaction.ts'

export interface Notification {
  readonly channel: string
  readonly payload: string
  /** The number of the session that notified. */
  readonly session: number
}

export type NotificationListener = (notification: Notification) => void

export type OutboxAction =
  | { readonly kind: 'listen'; readonly channel: string }
  /** `channel` null: all. */
  | { readonly kind: 'unlisten'; readonly channel: string | null }
  | { readonly kind: 'notify'; readonly channel: string; readonly payload: string }

/** PostgreSQL's bounds, in bytes of UTF-8. */
const mostPayloadBytes = 7999
const mostChannelBytes = 63
/** Messages of one transaction, and those that one session has not been told yet. */
const mostMessages = 100_000

const encoder = new TextEncoder()
const bytesOf = (text: string): number => encoder.encode(text).length

/** What the transaction of one session will say and hear when it commits. */
export class Outbox {
  readonly #actions: OutboxAction[] = []
  readonly #messages = new Set<string>()

  get length(): number {
    return this.#actions.length
  }

  /** Throws 22023 for a name or a payload that cannot be, 54000 if the transaction says too much. */
  add(action: OutboxAction): void {
    if (action.kind === 'notify') {
      if (action.channel === '') throw channelNameEmpty()
      if (bytesOf(action.channel) > mostChannelBytes) throw channelNameTooLong()
      if (bytesOf(action.payload) > mostPayloadBytes) throw payloadTooLong()
      const key = keyOf(action)
      if (this.#messages.has(key)) return
      if (this.#messages.size >= mostMessages) throw tooManyNotifications()
      this.#messages.add(key)
    }
    this.#actions.push(action)
  }

  /** Takes back what came behind the first `kept`. */
  truncate(kept: number): void {
    while (this.#actions.length > kept) {
      const action = this.#actions.pop()
      if (action?.kind === 'notify') this.#messages.delete(keyOf(action))
    }
  }

  /** Empties it. */
  take(): readonly OutboxAction[] {
    const actions = [...this.#actions]
    this.truncate(0)
    return actions
  }
}

// No name holds a NUL.
const keyOf = ({ channel, payload }: { channel: string; payload: string }): string => `${channel}\0${payload}`

/** What one session is to be told. */
export class Inbox {
  readonly session: number
  onNotification: NotificationListener | null = null
  readonly #listeners = new Map<string, Set<NotificationListener>>()
  readonly #timers: Timers
  readonly #inTransaction: () => boolean
  #waiting: Notification[] = []
  #requested = false

  constructor(session: number, timers: Timers, inTransaction: () => boolean) {
    this.session = session
    this.#timers = timers
    this.#inTransaction = inTransaction
  }

  get isFull(): boolean {
    return this.#waiting.length >= mostMessages
  }

  receive(notification: Notification): void {
    if (this.isFull) return
    this.#waiting.push(notification)
    this.deliver()
  }

  /** Also when a transaction has ended. */
  deliver(): void {
    if (this.#waiting.length === 0 || this.#requested || this.#inTransaction()) return
    this.#requested = true
    this.#timers.soon(() => {
      this.#requested = false
      // What a listener makes be said comes in another turn; and a listener may throw, or begin a transaction.
      const count = this.#waiting.length
      try {
        for (let i = 0; i < count && !this.#inTransaction(); i++) this.#tell(this.#waiting.shift())
      } finally {
        this.deliver()
      }
    })
  }

  #tell(notification: Notification | undefined): void {
    if (notification === undefined) return
    this.onNotification?.(notification)
    for (const listener of this.#listeners.get(notification.channel) ?? []) listener(notification)
  }

  /** Calls `listener` for what comes on this channel; gives the function that ends that, and says whether others listen on. */
  add(channel: string, listener: NotificationListener): () => boolean {
    let listeners = this.#listeners.get(channel)
    if (listeners === undefined) this.#listeners.set(channel, (listeners = new Set()))
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel)
      return this.#listeners.has(channel)
    }
  }

  close(): void {
    if (this.#waiting.length > 0) this.#waiting = []
    if (this.#listeners.size > 0) this.#listeners.clear()
    this.onNotification = null
  }
}

/** Who listens to what in one database. */
export class Notifications {
  readonly #channels = new Map<string, Set<Inbox>>()
  /** Of transactions on their way to the disk. */
  readonly #committing = new Map<Transaction, { readonly inbox: Inbox; readonly actions: readonly OutboxAction[] }>()

  /** Throws 54000 if somebody who listens is so far behind that no more can be kept for it. */
  requireRoom(channel: string): void {
    for (const inbox of this.#channels.get(channel) ?? []) if (inbox.isFull) throw tooManyNotifications()
  }

  /** The transaction of the inbox's session has committed, and is published already or waits for the disk. */
  committed(
    inbox: Inbox,
    transaction: Transaction,
    actions: readonly OutboxAction[],
    state: 'published' | 'committing',
  ): void {
    if (state === 'committing') this.#committing.set(transaction, { inbox, actions })
    else this.#apply(inbox, actions)
  }

  published(transaction: Transaction): void {
    const committing = this.#committing.get(transaction)
    if (committing === undefined) return
    this.#committing.delete(transaction)
    this.#apply(committing.inbox, committing.actions)
  }

  /** The log has failed: nobody knows what became of it. */
  unknown(transaction: Transaction): void {
    this.#committing.delete(transaction)
  }

  /** Who begins to listen in this transaction hears what the transaction itself says. */
  #apply(inbox: Inbox, actions: readonly OutboxAction[]): void {
    for (const action of actions) {
      if (action.kind === 'listen') this.#listen(inbox, action.channel)
      else if (action.kind === 'unlisten') this.unlisten(inbox, action.channel)
    }
    for (const action of actions) {
      if (action.kind !== 'notify') continue
      const { channel, payload } = action
      for (const listening of this.#channels.get(channel) ?? [])
        listening.receive({ channel, payload, session: inbox.session })
    }
  }

  #listen(inbox: Inbox, channel: string): void {
    let listening = this.#channels.get(channel)
    if (listening === undefined) this.#channels.set(channel, (listening = new Set()))
    listening.add(inbox)
  }

  /** `channel` null: all. */
  unlisten(inbox: Inbox, channel: string | null): void {
    if (this.#channels.size === 0) return
    for (const [name, listening] of this.#channels) {
      if (channel !== null && channel !== name) continue
      listening.delete(inbox)
      if (listening.size === 0) this.#channels.delete(name)
    }
  }

  /** The channels of a session, in the order in which somebody first listened to them. */
  channelsOf(inbox: Inbox): string[] {
    return [...this.#channels].filter(([, listening]) => listening.has(inbox)).map(([name]) => name)
  }
}
