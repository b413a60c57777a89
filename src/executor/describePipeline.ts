/** One line that says what a pipeline does: the comment above its code. */
import { identifier } from './codeWriter.ts'
import type { Operator, Pipeline, Program } from './pipeline.ts'

export function describePipeline(program: Program, { source, operators, sink }: Pipeline): string {
  const name = (buffer: number): string => bufferName(program, buffer)
  const steps = [
    describeSource(source, name),
    ...operators.map((operator) => describeOperator(operator, name)),
    describeSink(sink, name),
  ]
  return steps.join(' → ')
}

/** What buffers are called in the code. */
export function bufferName(program: Program, number: number): string {
  return `${bufferNames[program.buffers[number]!.kind]}${number}`
}

const bufferNames = { rows: 'stored', hashTable: 'table', groups: 'groups', sorter: 'sorter', seen: 'seen' } as const

type Naming = (buffer: number) => string

function describeSource(source: Pipeline['source'], name: Naming): string {
  switch (source.kind) {
    case 'tableScan':
    case 'viewScan':
      return `scan ${identifier(source.node.name)}`
    case 'indexScan':
      return `${source.lookup ? 'look up' : 'scan'} ${identifier(source.node.name)} by ${identifier(source.node.index.name)}`
    case 'values':
      return 'values'
    case 'stored':
      return `rows of ${name(source.buffer)}`
    case 'groups':
      return `groups of ${name(source.buffer)}`
    case 'sorted':
      return `sorted rows of ${name(source.buffer)}`
  }
}

function describeOperator(operator: Operator, name: Naming): string {
  switch (operator.kind) {
    case 'filter':
    case 'project':
      return operator.kind
    case 'hashProbe':
    case 'nestedLoop':
      return `${operator.node.join} join with ${name(operator.buffer)}`
    case 'indexJoin':
      return `${operator.node.join} join with ${identifier(operator.node.name)} by ${identifier(operator.node.index.name)}`
    case 'distinct':
      return 'distinct'
    case 'lockRows':
      return 'lock'
    case 'limit':
      return 'limit'
  }
}

function describeSink(sink: Pipeline['sink'], name: Naming): string {
  switch (sink.kind) {
    case 'output':
      return 'result'
    case 'hashBuild':
      return `hash table ${name(sink.buffer)}`
    case 'materialise':
      return name(sink.buffer)
    case 'aggregate':
      return `aggregate into ${name(sink.buffer)}`
    case 'sort':
      return name(sink.buffer)
    case 'upsert':
      return 'insert, or what is to be done on conflict'
    case 'insert':
    case 'update':
    case 'delete':
      return sink.buffer === null ? sink.kind : `${sink.kind}, collected in ${name(sink.buffer)}`
  }
}
