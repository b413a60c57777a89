/**
 * Whether a key is free in a unique index (D4). An index entry alone says little: it may belong to a version that is
 * long gone for everyone but an old snapshot. For each row with an entry of this key:
 *
 * - an open transaction has written the row *to or away from* this key: its end decides → HELD, wait for that row;
 * - else the newest version is live and has this key, mine or committed (even after my snapshot) → EQUAL;
 * - else the row does not matter.
 */
import type { RowPage, UndoEntry, Writer } from '../undo.ts'
import type { Index } from './index.ts'
import type { Key } from './keyTree.ts'
import { pageOf } from '../ids.ts'
import { ABSENT, versionKeys } from './versions.ts'

export const Probe = { FREE: 0, EQUAL: 1, HELD: 2 } as const
export type Probe = (typeof Probe)[keyof typeof Probe]

export interface ProbeResult {
  readonly probe: Probe
  /** The row that is equal or held. */
  readonly rowId: number
}

const FREE: ProbeResult = { probe: Probe.FREE, rowId: -1 }

/**
 * Probes for `key` on behalf of `writer`, whose row `own` it is; a held row goes before an equal one. `alone`: no other
 * transaction is open, and what is not published yet is committing: the newest versions decide.
 */
export function probeUnique(
  index: Index,
  pages: readonly (RowPage | null)[],
  key: Key,
  writer: Writer,
  own: number,
  alone = false,
): ProbeResult {
  let result = FREE
  for (const rowId of index.keys.equals(key)) {
    if (rowId === own) continue
    const page = pages[pageOf(rowId)]!
    const probe = probeRow(index, page, rowId - page.baseRowId, key, alone ? null : writer)
    if (probe === Probe.HELD) return { probe, rowId }
    if (probe === Probe.EQUAL && result === FREE) result = { probe, rowId }
  }
  return result
}

function probeRow(index: Index, page: RowPage, slot: number, key: Key, writer: Writer | null): Probe {
  const head = page.undo === null ? null : page.undo[slot]!
  const keys = versionKeys(index, page, slot, head)
  const has = (version: number): boolean => {
    const other = keys[version]!
    return other !== ABSENT && index.keys.order(other, key) === 0
  }
  if (writer !== null && head !== null && !head.writer.published && head.writer !== writer) {
    // Version i is what stands in front of entry i: the open writer's own versions, and the one that it found.
    let version = 0
    let entry: UndoEntry | null = head
    for (; entry !== null && entry.writer === head.writer; entry = entry.older, version++) {
      if (has(version) !== has(version + 1)) return Probe.HELD
    }
  }
  return has(0) ? Probe.EQUAL : Probe.FREE
}
