/**
 * Programs that once showed what their levels proscribe, as random search shrunk them: each a mistake of the engine, or of what
 * the recording made of it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Program } from './programs.ts'
import { describeProgram } from './programs.ts'
import { examine, properties } from './properties.ts'

interface Regression {
  readonly what: string
  /** The name of the property that found it. */
  readonly property: string
  readonly program: Program
}

const regressions = JSON.parse(
  readFileSync(join(import.meta.dirname, 'regressions.json'), 'utf8'),
) as readonly Regression[]

for (const { what, property: name, program } of regressions) {
  it(what, async () => {
    const property = properties.find((each) => each.name === name)
    expect(property, `the property "${name}" is gone`).toBeDefined()
    for (const run of [0, 1]) {
      const { finding, execution } = await examine(property!, program, run)
      expect(finding, `${describeProgram(program)}\n${execution?.history.describe() ?? ''}`).toBeNull()
    }
  })
}
