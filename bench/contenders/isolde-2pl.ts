import { isolde } from './isolde.ts'

export const contender = await isolde('2PL', { isolation: 'serializable', method: '2pl' })
