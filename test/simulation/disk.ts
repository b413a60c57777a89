/**
 * A disk that forgets. Each file has two images: what a read sees (the page cache), and what a power cut would leave. A
 * write changes the first and waits as a pending change; fdatasync makes the pending changes part of the second. At a
 * power cut each sector of each pending write is kept, lost or torn, as the seed says; truncations are kept or lost;
 * of the changes to directory entries that were not synced some prefix is kept.
 *
 * A failed writing-back is modelled after Linux: some sectors of what was pending reached the disk, all of it counts as
 * clean from then on, reads go on seeing it, and every descriptor open at the time hears of the error once.
 */
import type { SeededRandom } from './random.ts'

const SECTOR_BYTES = 512

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }

/** What becomes of un-synced bytes; 'mixed' decides anew for each sector. */
export type Fate = 'kept' | 'lost' | 'torn' | 'mixed'

export class Image {
  private space = Buffer.alloc(256)
  size = 0

  get bytes(): Buffer {
    return this.space.subarray(0, this.size)
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    this.reserve(end)
    this.space.set(bytes, offset)
    this.size = Math.max(this.size, end)
  }

  truncate(size: number): void {
    this.reserve(size)
    this.space.fill(0, Math.min(size, this.size), Math.max(size, this.size))
    this.size = size
  }

  copy(): Image {
    const copy = new Image()
    copy.write(0, this.bytes)
    return copy
  }

  private reserve(size: number): void {
    if (size <= this.space.length) return
    const grown = Buffer.alloc(Math.max(size, this.space.length * 2))
    this.bytes.copy(grown)
    this.space = grown
  }
}

export class Inode {
  cached = new Image()
  onDisk = new Image()
  pending: Change[] = []
  /** How many changes there ever were; those up to `changes - pending.length` are written back. */
  changes = 0
  /** How many writings-back have failed; a descriptor that has heard of fewer gets EIO at its next sync. */
  errors = 0

  write(offset: number, bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes)
    this.cached.write(offset, copy)
    this.changes++
    this.pending.push({ kind: 'write', offset, bytes: copy })
  }

  truncate(size: number): void {
    this.cached.truncate(size)
    this.changes++
    this.pending.push({ kind: 'truncate', size })
  }

  /** The changes up to the given one, counted from the first ever, reach the disk. */
  writeBack(upTo: number): void {
    const written = this.changes - this.pending.length
    for (const change of this.pending.splice(0, Math.max(0, upTo - written))) {
      if (change.kind === 'write') this.onDisk.write(change.offset, change.bytes)
      else this.onDisk.truncate(change.size)
    }
  }

  /** Writing back fails: the pending changes are clean, and what of them is on the disk is for the seed to say. */
  failWriteBack(random: SeededRandom, fate: Fate): void {
    this.scatter(random, fate)
    this.errors++
  }

  powerCut(random: SeededRandom, fate: Fate): void {
    this.scatter(random, fate)
    this.cached = this.onDisk.copy()
  }

  private scatter(random: SeededRandom, fate: Fate): void {
    for (const change of this.pending) {
      if (change.kind === 'write') this.scatterWrite(change.offset, change.bytes, random, fate)
      else if (fate === 'kept' || (fate !== 'lost' && random.chance(0.5))) this.onDisk.truncate(change.size)
    }
    this.pending = []
  }

  private scatterWrite(offset: number, bytes: Uint8Array, random: SeededRandom, fate: Fate): void {
    const fates: readonly Fate[] = ['kept', 'lost', 'torn']
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES))
      const sector = fate === 'mixed' ? fates[random.below(3)]! : fate
      const kept = sector === 'kept' ? to : sector === 'lost' ? from : from + random.below(to - from + 1)
      if (kept > from) this.onDisk.write(offset + from, bytes.subarray(from, kept))
      // The file system may have noted the new length before the bytes came.
      else if (random.chance(0.3)) this.onDisk.truncate(Math.max(this.onDisk.size, offset + to))
      from = to
    }
  }
}

type Entries = Map<string, Inode>

export class Disk {
  /** Directory entries by whole path: what a look-up sees, what is durable, and the steps between. */
  entries: Entries = new Map()
  private durable: Entries = new Map()
  private steps: Entries[] = []
  readonly locks = new Set<string>()

  /** Changes the entries in one step that a power cut keeps or loses whole. */
  change(step: (entries: Entries) => void): void {
    this.entries = new Map(this.entries)
    step(this.entries)
    this.steps.push(this.entries)
  }

  syncEntries(): void {
    this.durable = this.entries
    this.steps = []
  }

  /** The process dies; the page cache lives. */
  kill(): void {
    this.locks.clear()
  }

  powerCut(random: SeededRandom, fate: Fate): void {
    this.kill()
    const inodes = new Set([...this.entries.values(), ...this.durable.values()])
    for (const inode of inodes) inode.powerCut(random, fate)
    const kept = fate === 'kept' ? this.steps.length : fate === 'lost' ? 0 : random.below(this.steps.length + 1)
    this.entries = kept === 0 ? this.durable : this.steps[kept - 1]!
    this.syncEntries()
  }
}
