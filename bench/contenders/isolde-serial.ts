import { isolde } from './isolde.ts'

export const contender = await isolde('SERIAL', { isolation: 'serializable', method: 'serial' })
