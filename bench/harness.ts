/** What every benchmark here shares: contenders in processes of their own, interleaved rounds, medians, a table. */
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Answer, Order } from './contender.ts'

/** A contender in a process of its own. Only one works at a time, so that they share the machine in turns, not in a fight. */
export class Remote {
  readonly name: string
  private readonly child: ChildProcess

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.child = child
  }

  static async start(module: string): Promise<Remote> {
    const child = fork(join(import.meta.dirname, 'contender.ts'), [module], {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const answer = await answerOf(child)
    if (answer.kind !== 'ready') throw new Error(`${module} does not start: ${JSON.stringify(answer)}`)
    return new Remote(answer.name, child)
  }

  async ask<K extends Answer['kind']>(order: Order, kind: K): Promise<Extract<Answer, { kind: K }>> {
    this.child.send(order)
    const answer = await answerOf(this.child)
    if (answer.kind === kind) return answer as Extract<Answer, { kind: K }>
    throw new Error(`${this.name}: ${JSON.stringify(answer)}`)
  }

  stop(): void {
    this.child.disconnect()
  }
}

function answerOf(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a contender's process ended with ${String(code)}`))
    child.once('exit', ended)
    child.once('message', (answer: Answer) => {
      child.removeListener('exit', ended)
      resolve(answer)
    })
  })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Aligned columns, the first to the left and the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return [line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** Nanoseconds as microseconds with three significant digits. */
export const micros = (nanos: number): string => {
  const value = nanos / 1000
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export const ratio = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(2)) + '×'

export const machine = (): string => `Node ${process.versions.node}, ${process.platform} ${process.arch}`
