/**
 * Golden scripts: SQL by named sessions, and below `---` what came out, in the manner of toydb's.
 *
 *     # What this file shows. Comments stay where they are.
 *     > CREATE TABLE t (id int PRIMARY KEY)
 *     ---
 *     CREATE TABLE
 *
 *     a> BEGIN
 *     a> INSERT INTO t VALUES (1)
 *     b> INSERT INTO t VALUES (1)
 *     ---
 *     a: BEGIN
 *     a: INSERT 0 1
 *     b: waits for row (id)=(1) of table "t", held by a
 *
 * A block runs its commands in order, each to its end or until it waits; what a command brought to an end in another
 * session is printed behind it. A command may go on over lines that begin with two spaces. `> ` alone is the unnamed
 * session. `# steps: 1` in the file's head makes every step visit one row.
 *
 * `npm run golden` writes what came out into the files; the diff is the review.
 */
import type { Database, Session } from '../../src/index.ts'
import { DatabaseError, openSync, renderErrorPosition } from '../../src/index.ts'
import { alignedTable, commandTag, rowCountText } from '../../repl/resultFormat.ts'

interface Command {
  readonly session: string
  readonly sql: string
}

interface Block {
  /** Comments and blank lines in front of it. */
  readonly lead: readonly string[]
  /** The lines of the commands as they were written. */
  readonly source: readonly string[]
  readonly commands: readonly Command[]
}

export interface GoldenScript {
  readonly stepBudget: number | null
  readonly blocks: readonly Block[]
  readonly tail: readonly string[]
}

const commandLine = /^(\w*)> ?(.*)$/

export function parseGoldenScript(text: string): GoldenScript {
  const lines = text.replace(/\n$/, '').split('\n')
  const blocks: Block[] = []
  let lead: string[] = []
  let at = 0
  while (at < lines.length) {
    if (!commandLine.test(lines[at] ?? '')) {
      lead.push(lines[at++] ?? '')
      continue
    }
    const source: string[] = []
    const commands: { session: string; sql: string }[] = []
    for (; at < lines.length && lines[at] !== '---'; at++) {
      const line = lines[at] ?? ''
      const command = commandLine.exec(line)
      const last = commands.at(-1)
      if (command !== null) commands.push({ session: command[1] ?? '', sql: command[2] ?? '' })
      else if (line.startsWith('  ') && last !== undefined) last.sql += `\n${line.slice(2)}`
      else if (line === '') break
      else throw new Error(`neither a command nor its continuation: ${line}`)
      source.push(line)
    }
    if (lines[at] === '---') for (at++; at < lines.length && lines[at] !== ''; at++);
    blocks.push({ lead, source, commands })
    lead = []
  }
  const steps = /^# steps: (\d+)$/m.exec(text)?.[1]
  return { stepBudget: steps === undefined ? null : Number(steps), blocks, tail: lead }
}

/** Runs the script on a database of its own and gives the file as it should read. */
export async function runGoldenScript(script: GoldenScript): Promise<string> {
  const db = openSync(undefined, script.stepBudget === null ? {} : { stepBudget: script.stepBudget })
  const stage = new Stage(db)
  const out: string[] = []
  try {
    for (const block of script.blocks) {
      out.push(...block.lead, ...block.source, '---', ...(await stage.run(block.commands)))
    }
  } finally {
    await db.close()
  }
  out.push(...script.tail)
  return `${out.join('\n')}\n`
}

interface Actor {
  readonly name: string
  readonly session: Session
  /** True between the issue of a command and its end. */
  busy: boolean
}

class Stage {
  readonly #db: Database
  readonly #actors = new Map<string, Actor>()
  #lines: string[] = []

  constructor(db: Database) {
    this.#db = db
  }

  async run(commands: readonly Command[]): Promise<string[]> {
    this.#lines = []
    for (const { session, sql } of commands) {
      const actor = this.#actor(session)
      if (actor.busy) throw new Error(`session ${session} still waits: ${sql}`)
      this.#issue(actor, sql)
      await this.#untilQuiet()
      const { waitingFor } = actor.session
      if (waitingFor !== null) {
        const holders = waitingFor.holders.map((id) => this.#nameOf(id)).join(' and ')
        this.#print(actor, `waits for ${waitingFor.lock}, held by ${holders}`)
      }
    }
    return this.#lines
  }

  #actor(name: string): Actor {
    let actor = this.#actors.get(name)
    if (actor === undefined) {
      actor = { name, session: this.#db.connectSync(), busy: false }
      const created = actor
      actor.session.onNotice = (notice) => this.#print(created, `${notice.severity}:  ${notice.message}`)
      this.#actors.set(name, actor)
    }
    return actor
  }

  #issue(actor: Actor, sql: string): void {
    actor.busy = true
    actor.session
      .exec(sql, { rowMode: 'text' })
      .then(
        (results) => {
          for (const { fields, rows, rowCount, command } of results) {
            const result = { fields, rows: rows as unknown as (string | null)[][], rowCount, command }
            if (fields.length === 0) this.#print(actor, commandTag(result))
            else this.#print(actor, `${alignedTable(result, { nullText: 'NULL' }).trimEnd()}\n${rowCountText(rows.length)}`)
          }
        },
        (error: unknown) => this.#print(actor, describeError(error, sql)),
      )
      .finally(() => (actor.busy = false))
  }

  /** Steps run in slices of the event loop: waits until every session is idle or waits for a lock. */
  async #untilQuiet(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while ([...this.#actors.values()].some(({ busy, session }) => busy && session.state !== 'waiting'))
  }

  #nameOf(id: number): string {
    for (const { name, session } of this.#actors.values()) if (session.id === id) return name === '' ? 'the unnamed session' : name
    return id === 0 ? 'a prepared transaction' : `session ${id}`
  }

  #print(actor: Actor, text: string): void {
    const prefix = actor.name === '' ? '' : `${actor.name}: `
    text.split('\n').forEach((line, i) => this.#lines.push((i === 0 ? prefix : ' '.repeat(prefix.length)) + line))
  }
}

function describeError(error: unknown, sql: string): string {
  if (!(error instanceof DatabaseError)) return `INTERNAL ERROR: ${String(error)}`
  const lines = [`ERROR ${error.code}: ${error.message}`]
  if (error.position !== undefined) {
    const { text, caret } = renderErrorPosition(sql, error.position)
    lines.push(text, caret)
  }
  if (error.detail !== undefined) lines.push(`DETAIL: ${error.detail}`)
  if (error.hint !== undefined) lines.push(`HINT: ${error.hint}`)
  return lines.map((line) => line.trimEnd()).join('\n')
}
