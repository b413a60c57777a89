/** What docs/history.md shows is what happens. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { check, checkListAppend, open } from '../../src/index.ts'

const page = readFileSync(new URL('../../docs/history.md', import.meta.url), 'utf8')

/** The blocks of code in one language, in order. */
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '')

it('the first example says what is printed below it', async () => {
  const code = blocks('ts')[0]!.replace(/^import .*$/m, '')
  const printed: string[] = []
  const body = `return (async () => { ${code} })()`
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the page's own code
  const run = new Function('check', 'open', 'console', body) as (...values: unknown[]) => Promise<void>
  await run(check, open, { log: (text: string) => printed.push(text) })
  expect(page).toContain(`\`\`\`\n${printed.join('\n')}\n\`\`\``)
})

it('the history in JSON holds a G2', () => {
  const verdict = check(blocks('json')[0]!)
  expect(verdict.phenomena.map(({ name }) => name)).toEqual(['G2'])
  expect(verdict.ok).toBe(true)
})

it('a history that is wrong is refused with the place', () => {
  const good = JSON.parse(blocks('json')[0]!) as Record<string, unknown>
  const refused = (change: Record<string, unknown>): unknown => {
    try {
      check(JSON.stringify({ ...good, ...change }))
    } catch (error) {
      return error
    }
    return null
  }
  expect(refused({ format: 'other' })).toMatchObject({ code: '22023' })
  expect(refused({ transactions: [{ id: 1, level: 'chaos', status: 'committed' }] })).toMatchObject({
    code: '22023',
    message: expect.stringContaining('transactions[0].level') as string,
  })
  const events = [{ kind: 'read', transaction: 9, object: 'x', version: 0 }]
  expect(refused({ events })).toMatchObject({ message: expect.stringContaining('events[0]') as string })
  const twice = { kind: 'write', transaction: 1, object: 'x', version: 1, operation: 'update' }
  expect(refused({ events: [twice, twice] })).toMatchObject({ message: expect.stringContaining('events[1]') as string })
  const commit = { kind: 'commit', transaction: 1 }
  const says = (text: string): object => ({ code: '22023', message: expect.stringContaining(text) as string })
  expect(refused({ events: [commit, twice] })).toMatchObject(says('events[1] is behind the end'))
  expect(refused({ events: [commit, commit] })).toMatchObject(says('events[1] is behind the end'))
  expect(refused({ events: [{ kind: 'abort', transaction: 1 }] })).toMatchObject(says('whose status is "committed"'))
  expect(refused({ keys: [{ key: 'k', transactions: [1, 7] }] })).toMatchObject(says('keys[0] names transaction 7'))
})

it('the history of lists holds a write skew', () => {
  expect(checkListAppend(blocks('clojure')[0]!).anomalies).toEqual(['G2-item'])
})
