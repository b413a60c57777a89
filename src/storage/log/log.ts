/**
 * The redo log: what makes a transaction survive (D10). `openLog` takes the directory's lock, recovers, replays, and
 * gives the writing end back.
 *
 * - commitLog.ts  the seam: what transactions ask of the log
 * - redoLog.ts    appends, group commit, failure
 * - recovery.ts   torn tail or damage; replay
 * - header.ts, frame.ts, redo.ts  the format, from the file down to a value; docs/file-format.md draws it
 *
 * The log never holds anything of a transaction that neither committed nor was prepared. It may import files (through `Env`), values and
 * errors; it knows no table, no lock and no snapshot.
 */
import type { DirectoryLock, Env } from '../../env/env.ts'
import { DatabaseError, fileFailed, notADatabaseDirectory } from '../../errors.ts'
import type { CommitLog, LogListener, Replay } from './commitLog.ts'
import { idOf, newHeaderArea, readHeader, writeHeader } from './header.ts'
import { recover } from './recovery.ts'
import { RedoLog } from './redoLog.ts'

export { randomId } from './header.ts'
export type {
  CommitLog,
  InDoubt,
  LockSink,
  LoggedKey,
  LogListener,
  Lsn,
  PreparedHead,
  PreparedSink,
  RedoSink,
  Replay,
} from './commitLog.ts'

/** Under its name a log is whole; while it is made it has another. `lock` belongs to `Files.lock`. */
export const DATABASE_LOG = 'redo.log'
const newName = (name: string): string => `${name}.new`

/**
 * Opens the database directory, creating it if it is absent, and replays its log, transaction by transaction, before it
 * returns. Throws 55006 if the directory is open elsewhere, 55000 if it holds something else than a database, XX001 if
 * the log is damaged, 22023 if a newer Isolde wrote it, 58030 (42501, 53100) if the operating system refuses.
 * `name`: what the directory holds, a database or something else that keeps a log.
 */
export function openLog(
  env: Env,
  directory: string,
  listener: LogListener,
  replay: Replay,
  name: string = DATABASE_LOG,
): CommitLog {
  const path = `${directory}/${name}`
  const lock = translated(path, () => {
    env.files.makeDirectory(directory)
    refuseOtherDirectories(env, directory, name)
    return env.files.lock(directory)
  })
  try {
    return translated(path, () => openLocked(env, directory, path, lock, listener, replay))
  } catch (error) {
    lock.release()
    throw error
  }
}

function openLocked(
  env: Env,
  directory: string,
  path: string,
  lock: DirectoryLock,
  listener: LogListener,
  replay: Replay,
): CommitLog {
  if (!env.files.exists(path)) createLog(env, path)
  // Also if it was there: whoever made it may have been killed before this.
  env.files.syncDirectory(directory)
  const writing = env.files.open(path, 'write')
  try {
    const found = readHeader(writing, path)
    // The epoch goes up before anything else is touched, so that an owner whose lock was lost stops first.
    const id = idOf(found, env.random)
    const header = { ...found, sequence: found.sequence + 1, epoch: found.epoch + 1, id }
    writeHeader(writing, header)
    const recovered = recover(writing, path, header, replay)
    const syncing = env.files.open(path, 'write')
    return new RedoLog(env, { path, writing, syncing, lock }, header, recovered, listener)
  } catch (error) {
    writing.close()
    throw error
  }
}

/** A log is made under another name and renamed when its header is durable: under its own name it is never half there. */
function createLog(env: Env, path: string): void {
  const newPath = newName(path)
  const file = env.files.open(newPath, 'create')
  try {
    const salt = Math.floor(env.random.next() * 2 ** 32)
    file.write(0, newHeaderArea(salt, idOf(null, env.random)))
    file.sync()
  } finally {
    file.close()
  }
  env.files.rename(newPath, path)
}

/** A typing error in a path must not scatter a database among somebody's files. Names with a dot in front are ignored. */
function refuseOtherDirectories(env: Env, directory: string, name: string): void {
  const names = env.files.list(directory)
  if (names.includes(name)) return
  const foreign = names.find((each) => !each.startsWith('.') && !each.startsWith('lock') && each !== newName(name))
  if (foreign !== undefined) throw notADatabaseDirectory(directory, foreign)
}

/** Runs `work`; what the operating system throws becomes a `DatabaseError`. */
function translated<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof DatabaseError || !isSystemError(error)) throw error
    throw fileFailed('open', path, error)
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
