/**
 * Mistakes, one at a time, in what keeps transactions apart. Each is one that a person could make, and none is equivalent:
 * there are programs whose outcome is wrong with it, and the properties must find one.
 */
import { lockingMistakes } from './mistakes/locking.ts'
import { ssiMistakes } from './mistakes/ssi.ts'
import { versionMistakes } from './mistakes/versions.ts'
import type { Mutation } from './mutant.ts'

export const mutations: readonly Mutation[] = [...ssiMistakes, ...lockingMistakes, ...versionMistakes]
