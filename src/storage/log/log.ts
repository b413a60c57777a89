export type { CommitLog, LogListener, Lsn, RedoSink, Replay } from './commitLog.ts'
