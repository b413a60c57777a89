/** An invariant of Isolde did not hold: a bug of ours, whatever the input was. It is never thrown for a user's mistake. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** States what must hold here. Stays on in production: a database that knows it is wrong must stop, not go on. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** Ends an exhaustive `switch` over a union; a new member that nobody handles fails to compile here. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`)
}
