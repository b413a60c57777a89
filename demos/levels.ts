/** The isolation levels that a demo can run at. A level is a line of data here: scenarios, matrix and tests follow. */
export interface Level {
  /** SQL's name in lower case: how scenario files and JSON name it. */
  readonly name: string
  /** How a heading names it. */
  readonly title: string
  /** The head of its column in the matrix. */
  readonly column: string
  /** What else `--level` understands. */
  readonly aliases: readonly string[]
  /** The level of PostgreSQL that promises the same, by its name; null if there is none. */
  readonly postgresql: string | null
  /** What a scenario's plain `BEGIN` becomes. */
  readonly begin: string
  /** What a read sees, for the verdict of an anomaly that nothing but reading prevented. */
  readonly reads: string
  /** What happens to a writer that meets another one's change, for the verdict of an anomaly that nothing prevented. */
  readonly writes: string
}

export const levels: readonly Level[] = [
  {
    name: 'read uncommitted',
    title: 'READ UNCOMMITTED',
    column: 'RU',
    aliases: ['ru'],
    postgresql: null,
    begin: 'BEGIN ISOLATION LEVEL READ UNCOMMITTED',
    reads: 'a read sees the newest version of each row, committed or not',
    writes: 'a writer waits for the one before it and then changes the newest version',
  },
  {
    name: 'read committed',
    title: 'READ COMMITTED',
    column: 'RC',
    aliases: ['rc'],
    postgresql: 'read committed',
    begin: 'BEGIN ISOLATION LEVEL READ COMMITTED',
    reads: 'each statement reads one snapshot, of what was committed when the statement began',
    writes: 'a writer waits for the one before it and then changes the newest version',
  },
  {
    name: 'repeatable read',
    title: 'REPEATABLE READ (SNAPSHOT)',
    column: 'RR',
    aliases: ['rr', 'snapshot', 'si'],
    postgresql: 'repeatable read',
    begin: 'BEGIN ISOLATION LEVEL REPEATABLE READ',
    reads: 'all statements of a transaction read one snapshot, of what was committed when its first statement began',
    writes: 'a writer fails only if a concurrent transaction has changed the same row (first updater wins)',
  },
  {
    name: 'serializable',
    title: 'SERIALIZABLE (SSI)',
    column: 'SSI',
    aliases: ['ssi'],
    postgresql: 'serializable',
    begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING SSI',
    reads: 'all statements of a transaction read one snapshot, and what they read is remembered',
    writes: 'a transaction fails if it could close a circle of reads and writes that overtook each other',
  },
  {
    name: 'serializable using 2pl',
    title: 'SERIALIZABLE USING 2PL',
    column: '2PL',
    aliases: ['2pl'],
    postgresql: 'serializable',
    begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING 2PL',
    reads: 'a read locks what it reads until its transaction ends, the gaps between the rows too',
    writes: 'a writer waits for those who have read or written the row',
  },
  {
    name: 'serializable using serial',
    title: 'SERIALIZABLE USING SERIAL',
    column: 'SERIAL',
    aliases: ['serial'],
    postgresql: 'serializable',
    begin: 'BEGIN ISOLATION LEVEL SERIALIZABLE USING SERIAL',
    reads: 'a transaction begins when the one before it has ended',
    writes: 'a transaction begins when the one before it has ended',
  },
]

const key = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim()

/** The level of that name or alias, however it is spelt (`read-committed`, `READ_COMMITTED`, `rc`). */
export function levelNamed(name: string): Level | undefined {
  const wanted = key(name)
  return levels.find((level) => level.name === wanted || level.aliases.includes(wanted))
}

/** Every spelling that `levelNamed` understands, for suggestions. */
export const levelSpellings: readonly string[] = levels.flatMap(({ name, aliases }) => [
  name.replaceAll(' ', '-'),
  ...aliases,
])
