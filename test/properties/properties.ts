/**
 * What must hold of random programs, as data: which levels they mix, how finely they are interleaved, and what is asked of
 * a run. programs.test.ts holds the engine to it, and test/mutations holds engines with a mistake against it.
 */
import type fc from 'fast-check'
import { inconsistent, judge, leftBehind, misbehaved, notSerial, violated } from './judge.ts'
import type { Program } from './programs.ts'
import { levels, programs, serializableLevels } from './programs.ts'
import { families, replacedParents } from './themes/families.ts'
import { inDoubt } from './themes/inDoubt.ts'
import { lockedToTheEnd } from './themes/lockedToTheEnd.ts'
import { manyReads } from './themes/manyReads.ts'
import { besideWeaker, longBesideShort, points } from './themes/snapshots.ts'
import { uniqueKeys } from './themes/uniqueKeys.ts'
import type { Execution, World } from './worlds.ts'
import { forsake, worldOf } from './worlds.ts'

export interface Property {
  readonly name: string
  readonly programs: fc.Arbitrary<Program>
  /** 1: statements are suspended after each row. */
  readonly stepBudget: number
  /** Reads are remembered, or locked, a few at a time: then by whole tables. */
  readonly littleMemory?: boolean
  /** By default. */
  readonly runs: number
  /** Transactions of these levels must have a serial order, in which the same is read and left. */
  readonly serial: boolean
}

const size = { sessions: 4, transactions: 2, statements: 4 }
const short = { sessions: 4, transactions: 5, statements: 2 }

/** Programs on one theme each, statement after statement: rules that programs of everything seldom need. */
export const themes: readonly Property[] = [
  { name: 'rows looked up and written by SSI: a serial order', programs: points, serial: true },
  { name: 'SSI beside weaker writers: no level shows what it proscribes', programs: besideWeaker, serial: false },
  {
    name: 'a long transaction beside many short ones: no level shows what it proscribes',
    programs: longBesideShort,
    serial: false,
  },
  {
    name: 'more reads than are remembered one by one: a serial order',
    programs: manyReads,
    serial: true,
    littleMemory: true,
  },
  { name: 'transactions in doubt: a serial order', programs: inDoubt, serial: true },
  { name: 'unique keys taken and given up: a serial order', programs: uniqueKeys, serial: true },
  { name: 'parents that go while children come: no level shows what it proscribes', programs: families, serial: false },
  {
    name: '2PL with savepoints and statements that run again: no level shows what it proscribes',
    programs: lockedToTheEnd,
    serial: false,
  },
  { name: 'parents replaced by others under their keys: a serial order', programs: replacedParents, serial: true },
].map((property) => ({ ...property, stepBudget: 10_000, runs: 2000 }))

export const properties: readonly Property[] = [
  ...[1, 10_000].flatMap((stepBudget): Property[] => {
    const grain = stepBudget === 1 ? 'suspended after each row' : 'each in one step'
    const common = { stepBudget, runs: 2000 }
    return [
      {
        ...common,
        name: `serializable transactions of all methods read and leave what some serial order does, statements ${grain}`,
        programs: programs({ ...size, levels: serializableLevels }),
        serial: true,
      },
      {
        ...common,
        name: `levels and methods mixed: no level shows what it proscribes, statements ${grain}`,
        programs: programs({ ...size, levels }),
        serial: false,
      },
    ]
  }),
  // Snapshots that see many come and go: what is pruned between them, and who only reads.
  {
    name: 'many short serializable transactions of all methods: a serial order, statements suspended after each row',
    programs: programs({ ...short, levels: serializableLevels }),
    stepBudget: 1,
    runs: 2000,
    serial: true,
  },
  {
    name: 'many short transactions of all levels: no level shows what it proscribes, statements suspended after each row',
    programs: programs({ ...short, levels }),
    stepBudget: 1,
    runs: 2000,
    serial: false,
  },
  ...levels.map((level): Property => ({
    name: `all at ${level}: nothing that it proscribes`,
    programs: programs({ ...size, sessions: 6, levels: [level] }),
    stepBudget: 1,
    runs: 2000,
    serial: false,
  })),
  ...themes,
]

/** Which of the questions found something wrong, and what. */
export interface Finding {
  readonly check:
    'an error or a hang' | 'something left behind' | 'a broken constraint' | 'the checker' | 'the serial run'
  readonly what: string
}

/** `run`: how many of the property have gone before. The execution is null if the engine broke down under it. */
export async function examine(
  property: Property,
  program: Program,
  run: number,
): Promise<{ readonly execution: Execution | null; readonly finding: Finding | null }> {
  const world = worldOf(program.schema, property.stepBudget, property.littleMemory === true)
  let execution: Execution | null = null
  let finding: Finding | null
  try {
    execution = await world.run(program)
    finding = await findingIn(property, world, execution, run)
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    finding = { check: 'an error or a hang', what }
  }
  // What went wrong may go on in this world.
  if (finding !== null) forsake(world)
  return { execution, finding }
}

async function findingIn(
  { serial }: Property,
  world: World,
  execution: Execution,
  run: number,
): Promise<Finding | null> {
  let what = misbehaved(execution)
  if (what !== null) return { check: 'an error or a hang', what }
  what = leftBehind(world.engine)
  if (what !== null) return { check: 'something left behind', what }
  what = await inconsistent(world)
  if (what !== null) return { check: 'a broken constraint', what }
  const { verdict } = judge(execution)
  what = violated(verdict)
  if (what !== null) return { check: 'the checker', what }
  if (!serial) return null
  what = await notSerial(
    world,
    execution,
    verdict,
    run % 20 === 0 ? 'fork' : 'here',
    run % 2 === 0 ? 'left out' : 'repeated',
  )
  return what === null ? null : { check: 'the serial run', what }
}
