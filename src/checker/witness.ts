/** Turns edges of the graph into conflicts that a person can follow. */
import { Names } from './describe.ts'
import type { HistoryEvent } from './model.ts'
import type { Edge, SerializationGraph } from './serializationGraph.ts'
import type { Conflict, Phenomenon, PhenomenonName, StatementReference } from './verdict.ts'
import { phenomenonTitles } from './verdict.ts'

export class Witnesses {
  readonly #graph: SerializationGraph
  readonly #names: Names
  #statements: Map<number, StatementReference> | null = null

  constructor(graph: SerializationGraph) {
    this.#graph = graph
    this.#names = new Names(graph.history)
  }

  phenomenon(name: PhenomenonName, edges: readonly Edge[]): Phenomenon {
    const conflicts = edges.map((edge) => this.#conflict(edge))
    return { name, title: phenomenonTitles[name], transactions: conflicts.map(({ from }) => from), conflicts }
  }

  #conflict(edge: Edge): Conflict {
    const { kind, object } = edge
    const from = this.#graph.history.transactions[edge.from]!.id
    const to = this.#graph.history.transactions[edge.to]!.id
    const reading = kind === 'rw' ? edge.fromEvent : edge.toEvent
    const read = edge.predicate && reading >= 0 ? this.#graph.history.events[reading]! : null
    const predicate = read?.kind === 'predicate read' ? read.predicate : null
    const conflict = {
      kind,
      from,
      to,
      predicate,
      object,
      fromStatement: this.#statementOf(edge.fromEvent),
      toStatement: this.#statementOf(edge.toEvent),
    }
    return { ...conflict, description: this.#describe(edge, conflict) }
  }

  #describe(
    edge: Edge,
    { kind, from, to, predicate, fromStatement, toStatement }: Omit<Conflict, 'description'>,
  ): string {
    const { object, fromVersion, toVersion } = edge
    const by = (statement: StatementReference | null): string => (statement === null ? '' : ` [${statement.sql}]`)
    const name = (version: number): string => this.#names.version(object, version)
    const first = `T${from} `
    const second = `; T${to} `
    const [a, b] = [by(fromStatement), by(toStatement)]
    switch (kind) {
      case 'key':
        return `${first}gave ${object} free${a}${second}took it${b}`
      case 'ww':
        return `${first}wrote ${name(fromVersion)}${a}${second}wrote ${name(toVersion)}${b}`
      case 'wr':
        if (predicate !== null) {
          return `${first}wrote ${name(fromVersion)}${a}${second}looked for ${predicate} and met it${b}`
        }
        if (from === to) return `${first}wrote ${name(fromVersion)}${a}${second}read ${name(toVersion)}${b}`
        return `${first}wrote ${name(fromVersion)}${a}${second}read it${b}`
      case 'rw':
        if (predicate !== null) {
          return `${first}looked for ${predicate}${a}${second}changed what matches: wrote ${name(toVersion)}${b}`
        }
        return `${first}read ${name(fromVersion)}${a}${second}wrote ${name(toVersion)}${b}`
    }
  }

  #statementOf(at: number): StatementReference | null {
    const event = at < 0 ? undefined : this.#graph.history.events[at]
    if (event === undefined || !('statement' in event)) return null
    this.#statements ??= statementsOf(this.#graph.history.events)
    return this.#statements.get(event.statement) ?? null
  }
}

function statementsOf(events: readonly HistoryEvent[]): Map<number, StatementReference> {
  const statements = new Map<number, StatementReference>()
  for (const event of events) {
    if (event.kind !== 'statement') continue
    const { transaction, statement, sql } = event
    statements.set(statement, { transaction, statement, sql })
  }
  return statements
}
