/**
 * The system views of an engine, by name: what it knows about itself, as tables that FROM may name. Each file beside this
 * one makes a view out of what its owner describes as data.
 */
import type { SystemView } from '../../planner/index.ts'
import type { Engine } from '../engine.ts'
import { conflictsView } from './conflicts.ts'
import { locksView } from './locks.ts'
import { preparedView } from './prepared.ts'
import { sessionsView } from './sessions.ts'
import { statsView } from './stats.ts'
import { tablesView } from './tables.ts'
import { versionsView } from './versions.ts'

export function systemViews(engine: Engine): ReadonlyMap<string, SystemView> {
  const makers = [conflictsView, locksView, preparedView, sessionsView, statsView, tablesView, versionsView]
  return new Map(makers.map((make) => make(engine)).map((view) => [view.name, view]))
}
