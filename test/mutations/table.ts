/** For people: which mutation was caught by what, and after how many runs. */
import type { Caught } from './properties.ts'

export interface Row {
  readonly mutation: string
  /** Null: nothing has caught it. */
  readonly caught: Caught | null
}

const WIDTH = 88

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ mutation, caught }) => {
    const [first = '', ...more] = wrapped(mutation)
    const by = caught === null ? 'nothing' : `${caught.finding.check}: ${caught.property}`
    const runs = caught === null ? '–' : String(caught.run)
    return [`${first.padEnd(WIDTH)}  ${runs.padStart(4)}  ${by}`, ...more]
  })
  const caught = rows.filter((row) => row.caught !== null).length
  const head = `${'mutation'.padEnd(WIDTH)}  runs  caught by: in which property`
  return ['', head, '─'.repeat(head.length), ...lines, `${caught} of ${rows.length} mutations caught`, '', ''].join(
    '\n',
  )
}

/** Lines of at most so many characters, all but the first set in. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = `   ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
