import { expect, test } from 'vitest'
import { StatementGrammar } from '../../src/parser/statementGrammar.ts'
import { keywordNames } from '../../src/parser/tokens.ts'
import { UtilityGrammar } from '../../src/parser/utilityGrammar.ts'
import { parseStatement } from '../../src/parser/index.ts'

// At run time chevrotain's checks are skipped; here they run: left recursion, ambiguities that nobody declared, empty loops.
test('the grammar of queries, DML and transactions is valid', () => {
  expect(() => new StatementGrammar(true)).not.toThrow()
})

test('the grammar of DDL and utility statements is valid', () => {
  expect(() => new UtilityGrammar(true)).not.toThrow()
})

test('every keyword is a label behind AS, and quoted it names anything', () => {
  for (const word of keywordNames) {
    expect(parseStatement(`SELECT "${word}" AS ${word} FROM "${word}"`).statement).toMatchObject({
      items: [{ expression: { kind: 'column', name: word }, alias: word }],
      from: [{ table: { name: word } }],
    })
  }
})

test('unreserved words name tables and columns; those of a column do too, but no functions', () => {
  for (const word of ['begin', 'commit', 'insert', 'set', 'key', 'first', 'by', 'isolation', 'name', 'value', 'work']) {
    expect(parseStatement(`SELECT ${word}.${word}, ${word}(1) FROM ${word}`).statement).toMatchObject({
      items: [
        { expression: { kind: 'column', table: word, name: word } },
        { expression: { kind: 'function', name: word } },
      ],
    })
  }
  for (const word of ['position', 'extract', 'timestamp', 'int', 'values', 'row', 'exists', 'between']) {
    expect(parseStatement(`SELECT ${word} FROM ${word}`).statement).toMatchObject({
      items: [{ expression: { kind: 'column', name: word } }],
      from: [{ table: { name: word } }],
    })
  }
})
