/**
 * The system views of an engine, by name: what it knows about itself, as tables that FROM may name. Each file beside this
 * one makes a view out of what its owner describes as data.
 */
import type { SystemView } from '../../planner/index.ts'
import type { Engine } from '../engine.ts'
import { preparedView } from './prepared.ts'
import { tablesView } from './tables.ts'

export function systemViews(engine: Engine): ReadonlyMap<string, SystemView> {
  return new Map([preparedView(engine), tablesView(engine)].map((view) => [view.name, view]))
}
