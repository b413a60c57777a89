/** The isolation levels that are built. What each promises, and the seams of the others: docs/isolation.md. */
import { isolationLevelNotSupported, unknownIsolationLevel } from '../errors.ts'

/** The weakest first. */
export const IsolationLevels = ['read uncommitted', 'read committed', 'repeatable read'] as const
export type IsolationLevel = (typeof IsolationLevels)[number]

/**
 * The level of a name in lower case; 'snapshot' is REPEATABLE READ's other name. Throws 0A000 for SERIALIZABLE with
 * whatever method ('serializable using 2pl'), 22023 for what is no level.
 */
export function isolationLevel(name: string): IsolationLevel {
  switch (name) {
    case 'read uncommitted':
    case 'read committed':
    case 'repeatable read':
      return name
    case 'snapshot':
      return 'repeatable read'
    case 'serializable':
    case 'serializable using ssi':
    case 'serializable using 2pl':
    case 'serializable using serial':
      throw isolationLevelNotSupported(name.toUpperCase())
    default:
      throw unknownIsolationLevel(name)
  }
}
