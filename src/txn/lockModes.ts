/**
 * Lock modes and which of them exclude each other: data, read by one lock manager (D6).
 *
 * Tables have PostgreSQL's eight modes, which contain the classical IS, IX, S, SIX and X. Rows have the two modes in which
 * a row is written, which exclude each other, and one in which a transaction only waits for the end of whoever wrote the
 * row (to learn whether a unique key is free): it excludes nobody and is excluded by the writer alone.
 */
export const TableMode = {
  ACCESS_SHARE: 0,
  ROW_SHARE: 1,
  ROW_EXCLUSIVE: 2,
  SHARE_UPDATE_EXCLUSIVE: 3,
  SHARE: 4,
  SHARE_ROW_EXCLUSIVE: 5,
  EXCLUSIVE: 6,
  ACCESS_EXCLUSIVE: 7,
} as const
export type TableMode = (typeof TableMode)[keyof typeof TableMode]

export interface LockModes {
  readonly names: readonly string[]
  /** By mode: a bit for each mode that it excludes. */
  readonly conflicts: readonly number[]
}

/** Reads a matrix whose row says, from the weakest mode to the strongest, which modes are excluded (x). */
function matrix(rows: Readonly<Record<string, string>>): LockModes {
  return {
    names: Object.keys(rows),
    conflicts: Object.values(rows).map((row) =>
      row
        .split(' ')
        .map((mark, mode): number => (mark === 'x' ? 1 << mode : 0))
        .reduce((bits, bit) => bits | bit, 0),
    ),
  }
}

/** PostgreSQL's documentation, table 13.2. */
export const TABLE_MODES: LockModes = matrix({
  AccessShareLock: '. . . . . . . x',
  RowShareLock: '. . . . . . x x',
  RowExclusiveLock: '. . . . x x x x',
  ShareUpdateExclusiveLock: '. . . x x x x x',
  ShareLock: '. . x x . x x x',
  ShareRowExclusiveLock: '. . x x x x x x',
  ExclusiveLock: '. x x x x x x x',
  AccessExclusiveLock: 'x x x x x x x x',
})

/** The first two are storage's `RowMode`. */
export const ROW_MODES: LockModes = matrix({
  'FOR NO KEY UPDATE': 'x x .',
  'FOR UPDATE': 'x x .',
  'unique key': '. . .',
})

/** A row's third mode: wait until no open transaction has written the row. */
export const AWAIT_WRITER = 2
