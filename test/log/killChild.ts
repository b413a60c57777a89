/**
 * The process that is killed: `node killChild.ts directory first`. Four sessions commit transactions numbered from `first`
 * on; a number is written to standard output, synchronously, as soon as its COMMIT returned.
 */
import fs from 'node:fs'
import { open, type Session } from '../../src/index.ts'

const [directory, first] = process.argv.slice(2)
const db = await open(directory)
await db.exec(`
  CREATE TABLE IF NOT EXISTS mark (number int PRIMARY KEY, session int NOT NULL);
  CREATE TABLE IF NOT EXISTS entry (id int PRIMARY KEY, number int NOT NULL, key int NOT NULL, note text);
  CREATE INDEX IF NOT EXISTS entry_key ON entry (key);
  CREATE TABLE IF NOT EXISTS counter (session int PRIMARY KEY, commits int NOT NULL)`)
for (const session of [0, 1, 2, 3]) {
  const { rowCount } = await db.query('UPDATE counter SET commits = commits WHERE session = $1', [session])
  if (rowCount === 0) await db.query('INSERT INTO counter VALUES ($1, 0)', [session])
}

let number = Number(first)

async function work(session: Session, name: number): Promise<void> {
  for (;;) {
    const mine = number++
    // Some transactions are larger than a chunk of the log, so that the kill may come between two chunks.
    const rows = mine % 40 === 0 ? 60 : 2
    await session.query('BEGIN')
    await session.query('INSERT INTO mark VALUES ($1, $2)', [mine, name])
    for (let row = 0; row < rows; row++) {
      const note = rows === 2 ? 'note' : 'long '.repeat(5000)
      await session.query('INSERT INTO entry VALUES ($1, $2, $3, $4)', [mine * 100 + row, mine, (mine + row) % 7, note])
    }
    await session.query('UPDATE counter SET commits = commits + 1 WHERE session = $1', [name])
    await session.query('COMMIT')
    fs.writeSync(1, `${mine}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map(async (name) => work(await db.connect(), name)))
