import Database from 'better-sqlite3'
import { sqlite } from './sqlite.ts'

const db = new Database(':memory:')
export const contender = sqlite('better-sqlite3', db, (body) => db.transaction(body))
