import { isolde } from './isolde.ts'

export const contender = await isolde('SNAPSHOT', { isolation: 'repeatable read' })
