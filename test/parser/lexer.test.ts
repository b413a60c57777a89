import { describe, expect, test } from 'vitest'
import { tokenise } from '../../src/parser/lexer.ts'
import { errorOf, expressionOf } from './trees.ts'

const values = (sql: string): unknown[] => tokenise(sql).map((token) => token.value)
const images = (sql: string): string[] => tokenise(sql).map((token) => token.image)

describe('strings', () => {
  const cases: readonly (readonly [string, string])[] = [
    ["'abc'", 'abc'],
    ["'it''s'", "it's"],
    ["''", ''],
    ["'a\\n'", 'a\\n'],
    ["'one'\n'two'", 'onetwo'],
    ["'one' -- why\n  'two'\n'three'", 'onetwothree'],
    ["E'a\\nb\\t\\\\\\'c'", "a\nb\t\\'c"],
    ["E'it''s'", "it's"],
    ["e'\\x41\\101\\u0041\\U00000041'", 'AAAA'],
    ["E'\\xc3\\xa4'", 'ä'],
    ["E'\\uD83D\\uDE00'", '😀'],
    ["E'\\q'", 'q'],
    ["E'a'\n'\\t'", 'a\t'],
    ["U&'d\\0061t\\+000061'", 'data'],
    ["U&'d!0061t!+000061' UESCAPE '!'", 'data'],
    ["U&'\\\\'", '\\'],
    ["U&'\\D83D\\DE00'", '😀'],
    ['$$a\'b"$$', 'a\'b"'],
    ['$tag$a$$b$other$$tag$', 'a$$b$other$'],
    ['$$$$', ''],
  ]
  test.each(cases)('%s', (sql, value) => {
    expect(values(sql)).toEqual([value])
  })

  test('two strings on one line are two tokens', () => {
    expect(values("'a' 'b'")).toEqual(['a', 'b'])
    expect(values("'a' /* \n */ 'b'")).toEqual(['a', 'b'])
  })
})

describe('names', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['Abc', 'abc'],
    ['"Abc"', 'Abc'],
    ['"a""b"', 'a"b'],
    ['a$1_b', 'a$1_b'],
    ['ÄÖab', 'ÄÖab'],
    ['U&"d\\0061t\\+000061"', 'data'],
    ['U&"d!0061" UESCAPE \'!\'', 'da'],
    ['__proto__', '__proto__'],
    ['x'.repeat(70), 'x'.repeat(63)],
    [`"${'ä'.repeat(40)}"`, 'ä'.repeat(31)],
  ]
  test.each(cases)('%s', (sql, value) => {
    expect(values(sql)).toEqual([value])
  })
})

describe('numbers', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['0', 0],
    ['42', 42],
    ['1_000_000', 1000000],
    ['0x1F', 31],
    ['0XffFF_ffFF', 4294967295],
    ['0o17', 15],
    ['0b1_01', 5],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['9223372036854775808', { unscaled: 9223372036854775808n, scale: 0 }],
    ['1.50', { unscaled: 150, scale: 2 }],
    ['.5', { unscaled: 5, scale: 1 }],
    ['5.', { unscaled: 5, scale: 0 }],
    ['1e3', { unscaled: 1000, scale: 0 }],
    ['1.5e-3', { unscaled: 15, scale: 4 }],
    ['1.25E+1', { unscaled: 125, scale: 1 }],
    ['12345678901234567890.5', { unscaled: 123456789012345678905n, scale: 1 }],
  ]
  test.each(cases)('%s', (sql, value) => {
    expect(values(sql)).toEqual([value])
  })

  test('two points end a number', () => {
    expect(images('1..10')).toEqual(['1', '..', '10'])
  })

  test('the smallest integers keep their type behind a minus sign', () => {
    expect(expressionOf('-2147483648')).toMatchObject({ kind: 'integer', type: 'int4', value: -2147483648 })
    expect(expressionOf('-9223372036854775808')).toMatchObject({ type: 'int8', value: -9223372036854775808n })
    expect(expressionOf('2147483648')).toMatchObject({ type: 'int8' })
    expect(expressionOf('-2147483649')).toMatchObject({ kind: 'unary', operand: { type: 'int8' } })
  })
})

describe('operators', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['a=-1', ['a', '=', '-', '1']],
    ['a@-1', ['a', '@-', '1']],
    ['a<>b', ['a', '<>', 'b']],
    ['a<=-b', ['a', '<=', '-', 'b']],
    ['a*--c\nb', ['a', '*', 'b']],
    ['a+/*c*/b', ['a', '+', 'b']],
    ['a||b', ['a', '||', 'b']],
    ['a->>b', ['a', '->>', 'b']],
    ['a+-b', ['a', '+', '-', 'b']],
    ['a::b', ['a', '::', 'b']],
    ['a:=b', ['a', ':=', 'b']],
    ['a=>b', ['a', '=>', 'b']],
    ['a?-b', ['a', '?-', 'b']],
    ['$1+$23', ['$1', '+', '$23']],
  ]
  test.each(cases)('%s', (sql, tokens) => {
    expect(images(sql)).toEqual(tokens)
  })

  test('!= is <>', () => {
    expect(values('a != b')).toEqual(['a', '<>', 'b'])
  })
})

test('comments nest', () => {
  expect(images('a /* b /* c */ d */ e -- f\n g')).toEqual(['a', 'e', 'g'])
})

describe('what is no token', () => {
  const cases: readonly (readonly [string, string, string, number])[] = [
    ["select 'abc", '42601', `unterminated quoted string at or near "'abc"`, 8],
    ['select "abc', '42601', 'unterminated quoted identifier at or near ""abc"', 8],
    ['select $a$abc', '42601', 'unterminated dollar-quoted string at or near "$a$abc"', 8],
    ['select /* /* */', '42601', 'unterminated /* comment at or near "/* /* */"', 8],
    ['select ""', '42601', 'zero-length delimited identifier at or near """"', 8],
    ['select 1a', '42601', 'trailing junk after numeric literal at or near "1a"', 8],
    ['select 0x', '42601', 'trailing junk after numeric literal at or near "0x"', 8],
    ['select 1_', '42601', 'trailing junk after numeric literal at or near "1_"', 8],
    ['select $1a', '42601', 'trailing junk after parameter at or near "$1a"', 8],
    ['select $0', '42P02', 'there is no parameter $0', 8],
    ['select $99999', '42601', 'parameter number too large at or near "$99999"', 8],
    ['select \\', '42601', 'syntax error at or near "\\"', 8],
    ["select E'\\u12'", '22025', 'invalid Unicode escape', 8],
    ["select U&'\\12'", '22025', 'invalid Unicode escape', 8],
    ["select E'\\000'", '22021', 'invalid byte sequence for encoding "UTF8": 0x00', 8],
    ["select E'\\xff'", '22021', 'invalid byte sequence for encoding "UTF8": 0xff', 8],
    ["select E'\\uD83D'", '22021', 'invalid byte sequence for encoding "UTF8": a lone surrogate', 8],
    ["select 'a\0b'", '22021', 'invalid byte sequence for encoding "UTF8": 0x00', 8],
    ['select "\ud800"', '22021', 'invalid byte sequence for encoding "UTF8": a lone surrogate', 8],
    ["select X'1F'", '0A000', 'a bit string is not supported', 8],
    ['select 1e999999', '22003', 'value overflows numeric format', 8],
  ]
  test.each(cases)('%j: %s', (sql, code, message, position) => {
    expect(errorOf(() => expressionOf(sql.slice(7)))).toMatchObject({ code, message, position })
  })
})
