/**
 * The exclusive lock of a database directory, one that the operating system gives back when the process dies.
 *
 * Node has no flock. SQLite, which Node brings along, takes an OS lock on the file of a database while an exclusive
 * transaction is open; so the lock is such a transaction, never ended, on the empty database `lock`. A file with a
 * process id in it would not do: a process in another container has the same id and cannot be seen, and after a crash
 * the id may be somebody else's.
 *
 * POSIX locks belong to a process, not to a descriptor: they do not keep out a second opener in the same process, hence
 * the registry; and they are lost when the process closes *any* descriptor of the file. Nothing here opens the file but
 * SQLite; against those who copy the directory from within the process the log has its epoch (storage/log/header.ts).
 */
import fs from 'node:fs'
import path from 'node:path'
import type * as sqlite from 'node:sqlite'
import { databaseInUse, fileFailed } from '../errors.ts'
import type { DirectoryLock } from './env.ts'

const SQLITE_BUSY = 5

/**
 * The directories that this process holds, by device and inode, so that no second path to one gets around the lock. The
 * connection is kept here too: one that nobody refers to is collected, closed by its finalizer, and the lock is gone.
 */
const held = new Map<string, sqlite.DatabaseSync>()

/** Throws 55006 if the directory is held, 58030 or 42501 if the lock cannot be asked for. */
export function lockDirectory(directory: string): DirectoryLock {
  const { dev, ino } = fs.statSync(directory, { bigint: true })
  const identity = `${dev.toString()}:${ino.toString()}`
  if (held.has(identity)) throw databaseInUse(directory, true)
  const database = openExclusively(directory)
  held.set(identity, database)
  return {
    release() {
      if (held.delete(identity)) database.close()
    },
  }
}

function openExclusively(directory: string): sqlite.DatabaseSync {
  const lockPath = path.join(directory, 'lock')
  const { DatabaseSync } = loadSqlite()
  let database: sqlite.DatabaseSync | undefined
  try {
    database = new DatabaseSync(lockPath)
    // Without a journal on disk the directory holds no second file beside `lock`.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    throw isBusy(error) ? databaseInUse(directory, false) : fileFailed('lock', lockPath, error)
  }
}

/** Loaded only here, so that a database in memory does not pay for it; and without Node's warning that it is experimental. */
function loadSqlite(): typeof sqlite {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  return (error.errcode & 0xff) === SQLITE_BUSY
}
