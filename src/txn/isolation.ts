/**
 * The isolation levels as data: what distinguishes them is in one table, and the code that runs transactions asks the
 * table, not the name. What each promises: docs/isolation.md.
 *
 * SERIALIZABLE has three methods: SSI (the default) checks snapshots for dangerous structures, 2PL locks what it reads,
 * SERIAL runs one transaction at a time.
 */
import { isolationLevelNotSupported, unknownIsolationLevel } from '../errors.ts'

/** The weakest first. */
export const IsolationLevels = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const
export type IsolationLevel = (typeof IsolationLevels)[number]

export const SerializableMethods = ['ssi', '2pl', 'serial'] as const
export type SerializableMethod = (typeof SerializableMethods)[number]

export interface Isolation {
  readonly level: IsolationLevel
  /** Null below SERIALIZABLE. */
  readonly method: SerializableMethod | null
  /** `READ COMMITTED`, `SERIALIZABLE USING 2PL`. */
  readonly title: string
  /** What its reads see: the newest versions in place, a snapshot a statement, or one for the whole transaction. */
  readonly reads: 'in place' | 'statement snapshot' | 'transaction snapshot'
  /** What a writer does that meets a committed version newer than its snapshot. In place there is none. */
  readonly onNewerVersion: 'restart' | 'fail'
  /** It locks what it reads, and gives up no lock before its end. */
  readonly locksReads: boolean
  /** It leaves SIREADs. */
  readonly tracksReads: boolean
  /** No other transaction that writes, or locks what it reads, runs beside it. */
  readonly alone: boolean
  /** Its place in `Isolations`, for tables of counters. */
  readonly ordinal: number
}

let ordinals = 0

function isolation(
  level: IsolationLevel,
  method: SerializableMethod | null,
  reads: Isolation['reads'],
  more: Partial<Isolation> = {},
): Isolation {
  const title = (method === null ? level : `${level} using ${method}`).toUpperCase()
  const onNewerVersion = reads === 'transaction snapshot' ? 'fail' : 'restart'
  return {
    level,
    method,
    title,
    reads,
    onNewerVersion,
    locksReads: false,
    tracksReads: false,
    alone: false,
    ordinal: ordinals++,
    ...more,
  }
}

export const Isolations = {
  readUncommitted: isolation('read uncommitted', null, 'in place'),
  readCommitted: isolation('read committed', null, 'statement snapshot'),
  repeatableRead: isolation('repeatable read', null, 'transaction snapshot'),
  ssi: isolation('serializable', 'ssi', 'transaction snapshot', { tracksReads: true }),
  twoPhaseLocking: isolation('serializable', '2pl', 'in place', { locksReads: true }),
  serial: isolation('serializable', 'serial', 'in place', { alone: true }),
} as const

const bySerializableMethod: Readonly<Record<SerializableMethod, Isolation>> = {
  ssi: Isolations.ssi,
  '2pl': Isolations.twoPhaseLocking,
  serial: Isolations.serial,
}

/** The rules of a level; `method` counts at SERIALIZABLE only. */
export function isolationOf(level: IsolationLevel, method: SerializableMethod): Isolation {
  switch (level) {
    case 'read uncommitted':
      return Isolations.readUncommitted
    case 'read committed':
      return Isolations.readCommitted
    case 'repeatable read':
      return Isolations.repeatableRead
    case 'serializable':
      return bySerializableMethod[method]
  }
}

/** The level of a title, as a log noted it. */
export function isolationTitled(title: string): Isolation {
  const isolation = Object.values(Isolations).find((each) => each.title === title)
  if (isolation === undefined) throw unknownIsolationLevel(title)
  return isolation
}

/** Methods that can be asked for. */
const built: ReadonlySet<Isolation> = new Set<Isolation>([
  Isolations.ssi,
  Isolations.twoPhaseLocking,
  Isolations.serial,
])

/** By method that is meant if none is named: names that were asked for before. */
const asked: Readonly<Record<SerializableMethod, Map<string, Isolation>>> = {
  ssi: new Map(),
  '2pl': new Map(),
  serial: new Map(),
}

/**
 * The level of a name in lower case; 'snapshot' is REPEATABLE READ's other name, and 'serializable using 2pl' names a
 * method too (`method`: the one that is meant if none is named). Throws 22023 for what is no level, 0A000.
 */
export function isolationNamed(name: string, method: SerializableMethod = 'ssi'): Isolation {
  let isolation = asked[method].get(name)
  if (isolation === undefined) {
    isolation = findIsolation(name, method)
    // Only names of levels come here, and there are few.
    asked[method].set(name, isolation)
  }
  return isolation
}

function findIsolation(name: string, method: SerializableMethod): Isolation {
  const [level, using = method, ...rest] = name.split(' using ')
  const known = level === 'snapshot' ? 'repeatable read' : IsolationLevels.find((each) => each === level)
  const knownMethod = SerializableMethods.find((each) => each === using)
  const named = name.includes(' using ')
  if (known === undefined || knownMethod === undefined || rest.length > 0 || (named && known !== 'serializable')) {
    throw unknownIsolationLevel(name)
  }
  const isolation = isolationOf(known, knownMethod)
  if (isolation.method !== null && !built.has(isolation)) throw isolationLevelNotSupported(name.toUpperCase())
  return isolation
}
