/**
 * Everything that is not a pure function of the input reaches the engine through an `Env` (D1): clock, timers, random
 * numbers, files, warnings. So a run can be replayed from a seed and a fault injected at every file operation.
 */
export interface Env {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly files: Files
  /** A message for the person who runs the process (a hanging statement, a slow recovery); Node's goes to `process.emitWarning`. */
  warn(message: string): void
}

export interface Clock {
  /** Microseconds since 1970-01-01 UTC. */
  nowMicros(): number
  /** Milliseconds of a clock that never goes back, for durations. */
  monotonicMillis(): number
}

export interface Timers {
  /** Calls `callback` once after `delayMillis`; a timer with `keepAlive` keeps the process from exiting. */
  set(delayMillis: number, callback: () => void, keepAlive: boolean): Timer
  /** Calls `callback` after the current macrotask, so that I/O and timers are served between steps. */
  soon(callback: () => void): void
}

export interface Timer {
  cancel(): void
}

export interface Random {
  /** A number in [0, 1). */
  next(): number
}

/**
 * The file system. Paths are relative to nothing: the caller passes them whole. Whatever fails throws the operating
 * system's error (with `code`, as ENOSPC); only `lock` throws a `DatabaseError`.
 */
export interface Files {
  /** Creates the directory and its parents if absent, durably. */
  makeDirectory(path: string): void
  /** The names in a directory, in no particular order. */
  list(directory: string): readonly string[]
  exists(path: string): boolean
  /** `create` makes an empty file, in the place of one that may be there; its name is durable after `syncDirectory`. */
  open(path: string, mode: 'read' | 'write' | 'create'): File
  remove(path: string): void
  /** Replaces `to`, if there is one, in one step. */
  rename(from: string, to: string): void
  /** Makes creations, renames and removals inside `path` durable. */
  syncDirectory(path: string): void
  /** Takes the exclusive lock of a database directory until `release` or the death of the process; throws 55006 if it is held. */
  lock(directory: string): DirectoryLock
}

export interface DirectoryLock {
  release(): void
}

/** An open file: one descriptor. An error of writing back is reported once to each descriptor that is open at the time. */
export interface File {
  size(): number
  /** Fills `into` from `offset` on and returns the number of bytes read; fewer than asked for only at the end of the file. */
  read(offset: number, into: Uint8Array): number
  /** Writes all of `bytes` at `offset`, or throws; then any part of them may have been written. */
  write(offset: number, bytes: Uint8Array): void
  truncate(size: number): void
  /** fdatasync, now. */
  sync(): void
  /** fdatasync through the thread pool; the promise rejects if it failed. What was written before the call is covered. */
  syncAsync(): Promise<void>
  close(): void
}
