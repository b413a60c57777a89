/** `isolde_stats`: counters since the database was opened, and what is kept now, and for whom. One fact a row. */
import type { SystemView } from '../../planner/index.ts'
import { countVersions } from '../../storage/row/describeVersions.ts'
import type { ReadView } from '../../storage/readView.ts'
import { INT8, TEXT } from '../../types/registry.ts'
import type { Value } from '../../types/value.ts'
import type { Engine } from '../engine.ts'

export function statsView(engine: Engine): SystemView {
  return {
    name: 'isolde_stats',
    columns: [
      { name: 'statistic', type: TEXT },
      { name: 'level', type: TEXT },
      { name: 'value', type: INT8 },
      { name: 'detail', type: TEXT },
    ],
    rows: () => [...ends(engine), ...failures(engine), ...now(engine)],
  }
}

function* ends({ transactions }: Engine): Generator<Value[]> {
  for (const { isolation, commits, rollbacks } of transactions.ends.counts) {
    const level = isolation.title.toLowerCase()
    yield ['commits', level, commits, null]
    yield ['rollbacks', level, rollbacks, null]
  }
}

function* failures({ statistics }: Engine): Generator<Value[]> {
  for (const { level, cause, count } of statistics.failures) yield ['failures', level.toLowerCase(), count, cause]
  yield ['waits', null, statistics.waits, null]
  yield ['restarts', null, statistics.restarts, null]
}

/** Of what there is at this moment. */
function* now(engine: Engine): Generator<Value[]> {
  const { transactions, store } = engine
  const { rows, entries } = countVersions(store.tables())
  yield ['transactions open', null, transactions.active().length, null]
  yield ['rows with old versions', null, rows, null]
  yield ['undo entries', null, entries, null]
  yield ['sireads', null, transactions.conflicts.sireads.count, null]
  const { oldest } = transactions.snapshots
  const age = oldest === null ? 0 : transactions.publishedTimestamp - oldest.timestamp
  yield ['commits since the oldest snapshot', null, age, age === 0 || oldest === null ? null : holder(engine, oldest)]
}

/** Who keeps old versions alive. */
function holder({ transactions }: Engine, view: ReadView): string {
  if (view === transactions.timeTravel.horizonView) return 'the history that `retention` keeps'
  const { writer } = view
  const transaction = transactions.active().find((each) => each === writer)
  if (transaction === undefined) return 'a statement in autocommit'
  const { session, id, isolation } = transaction
  return `session ${session}, transaction ${id} (${isolation.title.toLowerCase()})`
}
