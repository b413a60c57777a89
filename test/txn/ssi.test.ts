/** Schedules that random ones seldom hit, each the smallest that needs the rule after which it is named. */
import { describe, expect, test } from 'vitest'
import { Isolations } from '../../src/txn/isolation.ts'
import type { Operation, Script } from './ssiSchedule.ts'
import { runSchedule } from './ssiSchedule.ts'

const readWrite = (...operations: Operation[]): Script => ({
  isolation: Isolations.ssi,
  readOnly: false,
  operations,
  commits: true,
})
const readOnly = (...operations: Operation[]): Script => ({ ...readWrite(...operations), readOnly: true })

const get = (id: number): Operation => ({ kind: 'get', id })
const put = (id: number): Operation => ({ kind: 'put', id })
const insert = (id: number): Operation => ({ kind: 'insert', id, k: 1 })

/** In what order they fail. */
const failures = (scripts: readonly Script[], order: readonly number[], limits = {}): readonly string[] =>
  runSchedule(scripts, order, limits, true).failures

describe('a dangerous structure', () => {
  test('is met by a reader whose T2 has committed: the reader fails', () => {
    const pivot = readWrite(get(1), put(2))
    const first = readWrite(put(1))
    const late = readWrite(get(3), get(1), get(2), put(3))
    expect(failures([pivot, first, late], [0, 1, 1, 2, 0, 0, 2, 2, 2, 2])).toEqual(['40001'])
  })

  test('a snapshot that turned out to be unsafe is never taken for safe again', () => {
    const pivot = readWrite(get(1), put(2))
    const first = readWrite(put(1))
    const late = readOnly(get(3), get(1), get(2))
    expect(failures([pivot, first, late], [0, 1, 1, 2, 0, 0, 2, 2, 2])).toEqual(['40001'])
  })

  test('is none if T2 committed before T3', () => {
    const pivot = readWrite(get(1), put(2))
    const second = readWrite(put(1))
    const reader = readWrite(get(2), put(3))
    expect(failures([pivot, second, reader], [0, 1, 2, 0, 0, 1, 2, 2])).toEqual([])
  })

  test('is none with a READ ONLY T1 that does not see T3', () => {
    const pivot = readWrite(get(1), put(2))
    const first = readWrite(put(1))
    const early = readOnly(get(2), get(1))
    expect(failures([pivot, first, early], [0, 2, 1, 1, 2, 2, 0, 0])).toEqual([])
  })
})

test('a writer below SERIALIZABLE is T3', () => {
  for (const isolation of [Isolations.repeatableRead, Isolations.readCommitted, Isolations.readUncommitted]) {
    const pivot = readWrite(get(1), put(2))
    const first: Script = { ...readWrite(put(1)), isolation }
    const late = readWrite(get(1), get(2), put(3))
    expect(failures([pivot, first, late], [0, 1, 1, 2, 0, 0, 2, 2, 2])).toEqual(['40001'])
  }
})

describe('unique keys', () => {
  test('that a key was free is read, also if the row that took it is gone again', () => {
    const takes = readWrite(insert(5), { kind: 'delete', id: 5 }, put(1))
    const other = readWrite({ kind: 'scan' }, insert(5))
    expect(failures([takes, other], [1, 0, 0, 0, 0, 1, 1])).toEqual(['40001'])
  })

  test('likewise if it was rolled back to a savepoint', () => {
    const takes = readWrite({ kind: 'savepoint' }, insert(5), { kind: 'rollbackTo' }, put(1))
    const other = readWrite(get(1), insert(5))
    expect(failures([takes, other], [1, 0, 0, 0, 0, 0, 1, 1])).toEqual(['40001'])
  })

  test('a key that is free since a delete behind the snapshot puts the transaction behind the delete', () => {
    const deletes = readWrite({ kind: 'delete', id: 3 })
    const other = readWrite(get(1), insert(3), { kind: 'scan' })
    expect(failures([deletes, other], [1, 0, 0, 1, 1, 1])).toEqual(['40001'])
  })
})

describe('a summary of ended transactions', () => {
  test('stands where the last of them does', () => {
    const old = readWrite(get(4), put(2), get(1))
    const before = readWrite(get(2), put(3))
    const first = readWrite(put(1))
    const behind = readWrite(get(1), get(2), put(3))
    const order = [0, 1, 1, 1, 2, 2, 3, 3, 3, 3, 0, 0, 0]
    for (const ended of [0, 1, 10]) expect(failures([old, before, first, behind], order, { ended })).toEqual(['40001'])
  })
})
