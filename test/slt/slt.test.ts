import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { long } from '../support/runs.ts'
import { describeWithShared } from '../support/shared.ts'
import { runScript } from './runScript.ts'
import { parseScript } from './scriptFile.ts'

/** Small files whole, of the large ones a sample of the queries. */
const quick: Readonly<Record<string, number>> = {
  'select1.test': 1,
  'select2.test': 5,
  'select3.test': 10,
  'evidence/in1.test': 1,
  'evidence/slt_lang_aggfunc.test': 1,
  'random/aggregates/slt_good_129.test': 1,
  'random/groupby/slt_good_13.test': 5,
  'random/expr/slt_good_1.test': 20,
  'index/commute/10/slt_good_10.test': 10,
  'index/in/10/slt_good_5.test': 20,
  'index/random/1000/slt_good_4.test': 5,
}

/** Records that PostgreSQL answers otherwise too: `IN ()`, a column assigned twice, INSERT OR REPLACE, and what follows from them. */
const otherDialect: ReadonlySet<string> = new Set([
  'evidence/in2.test',
  'evidence/slt_lang_update.test',
  'evidence/slt_lang_replace.test',
])

describeWithShared('sqllogictest', 'slt', (folder) => {
  const files = long
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test'))
    : Object.keys(quick)
  for (const file of files.filter((name) => !otherDialect.has(name)).sort()) {
    it(file, async () => {
      const records = parseScript(readFileSync(join(folder, file), 'utf8'), 'postgresql')
      const { failures } = await runScript(records, long ? 1 : quick[file])
      expect(failures.length, failures.slice(0, 5).join('\n\n')).toBe(0)
    })
  }
})
