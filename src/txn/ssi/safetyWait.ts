/**
 * READ ONLY DEFERRABLE waits, before it reads anything, for a snapshot that nobody can make unsafe; then it reads without
 * SIREADs, and neither fails nor makes others fail. If the snapshot turns out to be unsafe it takes another one.
 * (Ports and Grittner 2012, section 4.3.)
 *
 * It is a wait like that for a lock, so that timeouts, cancel and the views of people need to know nothing of it; but it
 * stands in no queue.
 */
import { DATABASE_MODES } from '../lockModes.ts'
import type { LockOwner } from '../lockWait.ts'
import { Lock, LockWait } from '../lockWait.ts'
import type { ConflictNode } from './node.ts'

/** Nobody ever holds it. */
const nothing = new Lock('database', DATABASE_MODES, null)

export class SafetyWait extends LockWait {
  readonly #threats: () => readonly LockOwner[]

  /** `threats`: who can still make the snapshot unsafe. `over` is called once, when that is decided. */
  constructor(
    owner: LockOwner,
    node: ConflictNode,
    threats: () => readonly LockOwner[],
    over: (wait: LockWait) => void,
  ) {
    super(owner, nothing, 0, () => {
      node.decided = null
      owner.waitingFor = null
    })
    this.#threats = threats
    owner.waitingFor = this
    node.decided = () => {
      node.decided = null
      this.granted = true
      owner.waitingFor = null
      over(this)
    }
  }

  override get resource(): string {
    return 'a safe snapshot'
  }

  override get mode(): string {
    return 'SafeSnapshot'
  }

  override holders(): readonly LockOwner[] {
    return this.granted ? [] : this.#threats()
  }
}
