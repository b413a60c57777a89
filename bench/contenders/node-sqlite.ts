import { DatabaseSync } from 'node:sqlite'
import { sqlite } from './sqlite.ts'

const db = new DatabaseSync(':memory:')
const begin = db.prepare('BEGIN')
const commit = db.prepare('COMMIT')
export const contender = sqlite('node:sqlite', db, (body) => (...values) => {
  begin.run()
  body(...values)
  commit.run()
})
