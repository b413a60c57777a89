/**
 * The executor: runs physical plans (plan.ts) as generated JavaScript, in steps. `compile(plan)` makes a statement,
 * `start` begins a run of it, `step(budget)` goes on with it. It reads and writes through storage and transactions, knows
 * no SQL text, and never waits: what has to wait ends its step. docs/execution.md tells the whole story.
 */
export type { Execution, ExecutionContext } from './execution.ts'
export type { Converter, Field, OutputForm, OutputMode } from './output.ts'
export { compile, CompiledStatement } from './compile.ts'
export { MemoryAccount } from './memoryAccount.ts'
export { Step } from './outcome.ts'
export { defaultForm } from './output.ts'
