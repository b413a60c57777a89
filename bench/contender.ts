/** The process of one contender: loads its module, then runs the loops it is told to, one at a time, and says how long each took. */
import { checksums, type CaseName, type Contender } from './workload.ts'

export type Order =
  | { readonly kind: 'run'; readonly name: CaseName; readonly count: number; readonly first: number }
  | { readonly kind: 'checksum' }
export type Answer =
  | { readonly kind: 'ready'; readonly name: string }
  | { readonly kind: 'ran'; readonly nanos: number }
  | { readonly kind: 'checksum'; readonly values: readonly number[] }
  | { readonly kind: 'failed'; readonly message: string }

const send = (answer: Answer): void => void process.send!(answer)

async function obey(contender: Contender, order: Order): Promise<Answer> {
  if (order.kind === 'checksum') {
    const values: number[] = []
    for (const sql of checksums) values.push(Number(await contender.value(sql)))
    return { kind: 'checksum', values }
  }
  const loop = contender.loops[order.name]
  globalThis.gc?.()
  const start = process.hrtime.bigint()
  const promise = loop(order.count, order.first)
  if (promise !== undefined) await promise
  const nanos = Number(process.hrtime.bigint() - start)
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
