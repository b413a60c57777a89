/** The process of one contender: loads its module, then runs the loops it is told to, one at a time, and says how long each took. */
import { checksums, type CaseName, type Contender } from './workload.ts'

export type Order =
  | {
      readonly kind: 'run'
      readonly name: CaseName
      readonly count: number
      readonly first: number
      readonly clock: 'wall' | 'cpu'
    }
  | { readonly kind: 'checksum' }
export type Answer =
  | { readonly kind: 'ready'; readonly name: string }
  | { readonly kind: 'ran'; readonly nanos: number }
  | { readonly kind: 'checksum'; readonly values: readonly number[] }
  | { readonly kind: 'failed'; readonly message: string }

const send = (answer: Answer): void => void process.send!(answer)

const wallNanos = (): number => Number(process.hrtime.bigint())

/** Of this thread: the helpers of the compiler and of the collector work beside it, and nobody waits for them but in a pause. */
function processorNanos(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) * 1000
}

async function obey(contender: Contender, order: Order): Promise<Answer> {
  if (order.kind === 'checksum') {
    const values: number[] = []
    for (const sql of checksums) values.push(Number(await contender.value(sql)))
    return { kind: 'checksum', values }
  }
  const loop = contender.loops[order.name]
  if (order.name === 'bulk insert') await contender.beforeBulk()
  globalThis.gc?.()
  const now = order.clock === 'wall' ? wallNanos : processorNanos
  const start = now()
  const promise = loop(order.count, order.first)
  if (promise !== undefined) await promise
  const nanos = now() - start
  if (order.name === 'insert') await contender.afterInserts()
  return { kind: 'ran', nanos }
}

try {
  const { contender } = (await import(process.argv[2]!)) as { contender: Contender }
  await contender.load()
  process.on('message', (order: Order) => {
    obey(contender, order).then(send, (error: unknown) => send({ kind: 'failed', message: String(error) }))
  })
  send({ kind: 'ready', name: contender.name })
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  process.disconnect()
}
