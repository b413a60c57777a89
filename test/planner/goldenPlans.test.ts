import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CatalogRoot } from '../../src/catalog/index.ts'
import { DatabaseError } from '../../src/errors.ts'
import { parseStatements } from '../../src/parser/index.ts'
import type { Statement } from '../../src/parser/index.ts'
import { explainPlan } from '../../src/planner/explain.ts'
import { planDdl } from '../../src/planner/index.ts'
import { planStatement } from '../../src/planner/planStatement.ts'
import { isDataStatement } from '../../src/planner/cachedStatement.ts'
import { Store } from '../../src/storage/store.ts'

// Golden scripts, a topic a file: SQL statements, and behind each, in lines that begin with `--`, its plan or its error.
// `-- rows t 1000` tells how many rows a table is to have for the optimiser. `npx vitest run test/planner -u` writes them anew.

const directory = new URL('./golden/', import.meta.url)

class Planning {
  readonly store = new Store()
  root = CatalogRoot.empty

  /** The lines that the statement is answered with. */
  answer(statement: Statement, sql: string, parameterCount: number): readonly string[] {
    try {
      if (isDataStatement(statement)) {
        return explainPlan(planStatement(statement, this.root, this.store, { parameterCount, hints: null }).plan)
      }
      const { changes, notices } = planDdl(statement, this.root)
      for (const change of changes) {
        this.root = this.root.apply(change)
        this.store.apply(change)
      }
      return notices.map((notice) => `NOTICE: ${notice}`)
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      return errorLines(error, sql)
    }
  }

  setRows(name: string, rows: number): void {
    const table = this.store.table(this.root.table(name)!.id)!
    Object.defineProperty(table, 'estimatedRows', { value: () => rows })
  }
}

/** With what the error points at, in place of a number. */
function errorLines(error: DatabaseError, sql: string): string[] {
  const at = error.position === undefined ? '' : ` at "${sql.slice(error.position - 1).split(/[\n;]/)[0] ?? ''}"`
  return [
    `ERROR ${error.code}: ${error.message}${at}`,
    ...(error.detail === undefined ? [] : [`DETAIL: ${error.detail}`]),
    ...(error.hint === undefined ? [] : [`HINT: ${error.hint}`]),
  ]
}

function runScript(script: string): string {
  const planning = new Planning()
  const out: string[] = []
  for (const block of script.split(/\n(?:[ \t]*\n)+/)) {
    const lines = block.split('\n').filter((line) => line !== '')
    const sql = lines.filter((line) => !line.startsWith('--')).join('\n')
    for (const line of lines) {
      const rows = /^-- rows (\w+) (\d+)$/.exec(line)
      if (rows !== null) planning.setRows(rows[1]!, Number(rows[2]))
    }
    const comments = lines.filter((line) => /^-- rows |^--- /.test(line))
    const answers = answersOf(planning, sql)
    out.push([...comments, ...(sql === '' ? [] : [sql]), ...answers.map((line) => `-- ${line}`.trimEnd())].join('\n'))
  }
  return `${out.join('\n\n')}\n`
}

function answersOf(planning: Planning, sql: string): readonly string[] {
  if (sql === '') return []
  try {
    return parseStatements(sql).flatMap(({ statement, parameterCount }) =>
      planning.answer(statement, sql, parameterCount),
    )
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return errorLines(error, sql)
  }
}

describe('plans and errors', () => {
  for (const name of readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    test(name, async () => {
      const path = new URL(name, directory)
      const answered = runScript(readFileSync(path, 'utf8'))
      await expect(answered).toMatchFileSnapshot(path.pathname)
    })
  }
})
