import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseGoldenScript, runGoldenScript } from './goldenScript.ts'

const directory = new URL('./scripts/', import.meta.url)
const update = process.env['UPDATE_GOLDEN'] === '1'

describe('golden scripts', () => {
  for (const name of readdirSync(directory).sort()) {
    it(name, async () => {
      const path = new URL(name, directory)
      const expected = readFileSync(path, 'utf8')
      const actual = await runGoldenScript(parseGoldenScript(expected))
      if (update) writeFileSync(path, actual)
      else expect(actual).toBe(expected)
    })
  }
})
