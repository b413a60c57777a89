import { isolde } from './isolde.ts'

export const contender = await isolde('Isolde, sync')
