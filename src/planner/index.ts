/**
 * The planner: from the AST to a physical plan. `bind*` resolves names and types against the catalog and makes a logical
 * plan; `optimise` moves predicates and orders joins; `physical` chooses scans, indexes and join methods
 * (executor/plan.ts). The plan cache in front of it makes most statements skip all of that. It runs nothing and knows no
 * transaction.
 */
export { PlanCache } from './planCache.ts'
export type { CachedText, FoundText, PlanCacheOptions } from './planCache.ts'
export { isDataStatement } from './cachedStatement.ts'
export type { CachedStatement, PlannedStatement } from './cachedStatement.ts'
export type { Moments } from './moments.ts'
export { explain } from './explain.ts'
export { planDdl } from './bindDdl.ts'
export { locksRows } from './rowLocks.ts'
export type { SystemView } from './systemViews.ts'
export type { TableLookup } from './tableLookup.ts'
export { lookUpTable } from './bindContext.ts'
export { MustWait, on } from './sessionFunctions.ts'
export type { AdvisoryRequest, SessionPort } from './sessionFunctions.ts'
