/** The `Env` of production: Node's clock, timers, random numbers and files. */
import type { Clock, Env, Random, Timers } from './env.ts'
import { nodeFiles } from './nodeFiles.ts'

const clock: Clock = {
  nowMicros: () => Date.now() * 1000,
  monotonicMillis: () => performance.now(),
}

const timers: Timers = {
  set(delayMillis, callback, keepAlive) {
    const timer = setTimeout(callback, delayMillis)
    if (!keepAlive) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: (callback) => void setImmediate(callback),
}

const random: Random = { next: () => Math.random() }

export const nodeEnv: Env = {
  clock,
  timers,
  random,
  files: nodeFiles,
  warn: (message) => process.emitWarning(message, 'IsoldeWarning'),
}
