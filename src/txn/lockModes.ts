/**
 * Lock modes and which of them exclude each other: data, read by one lock manager (D6).
 *
 * Tables have PostgreSQL's eight modes, which contain the classical IS, IX, S, SIX and X; rows have its four. A row has
 * two modes more, in which a transaction only waits for the end of whoever wrote the row, to learn whether a unique key is
 * free, or what the row will be: they exclude nobody, and only the writer is in their way.
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

/** What a request does that cannot be granted now: wait, fail with 55P03, or leave the row out. */
export const LockPolicy = { WAIT: 0, NOWAIT: 1, SKIP: 2 } as const
export type LockPolicy = (typeof LockPolicy)[keyof typeof LockPolicy]

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

/** The first four are storage's `RowMode`: PostgreSQL's documentation, table 13.3. */
export const ROW_MODES: LockModes = matrix({
  'FOR KEY SHARE': '. . . x .',
  'FOR SHARE': '. . x x .',
  'FOR NO KEY UPDATE': '. x x x .',
  'FOR UPDATE': 'x x x x .',
  'unique key': '. . . . .',
  'end of writer': '. . . . .',
})

/** Wait until no open transaction has written the row: to take a key that it has or had, or to read it. */
export const AWAIT_KEY = 4
export const AWAIT_WRITER = 5

/** True if the mode holds nothing when it is granted. */
export const onlyAwaits = (mode: number): boolean => mode >= AWAIT_KEY

/**
 * A range of an index's keys: read under two-phase locking; read there by a statement that is about to write what it finds
 * (else two of them read, and then each waits for the other); and a single key that is written. Writers meet at rows.
 */
export const RangeMode = { SHARE: 0, EXCLUSIVE: 1, WRITE: 2 } as const
export type RangeMode = (typeof RangeMode)[keyof typeof RangeMode]

export const RANGE_MODES: LockModes = matrix({
  RangeShareLock: '. x x',
  RangeExclusiveLock: 'x x x',
  RangeWriteLock: 'x x .',
})

/** The whole database: X for a transaction that runs serially, IX for one that writes beside, IS for one that locks what it reads. */
export const DatabaseMode = { INTENTION_SHARE: 0, INTENTION_EXCLUSIVE: 1, EXCLUSIVE: 2 } as const
export type DatabaseMode = (typeof DatabaseMode)[keyof typeof DatabaseMode]

export const DATABASE_MODES: LockModes = matrix({
  IntentionShareLock: '. . x',
  IntentionExclusiveLock: '. . x',
  ExclusiveLock: 'x x x',
})

export const ADVISORY_MODES: LockModes = matrix({
  ShareLock: '. x',
  ExclusiveLock: 'x x',
})

/** True if who has written or locked a row in `held` keeps it from a request for `wanted`. */
export function rowModesExclude(held: number, wanted: number): boolean {
  return onlyAwaits(wanted) || (ROW_MODES.conflicts[wanted]! & (1 << held)) !== 0
}
