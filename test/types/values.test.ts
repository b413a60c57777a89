import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commonType } from '../../src/types/commonType.ts'
import { Decimal } from '../../src/types/decimal.ts'
import { fromJs, inferJsType, toJs } from '../../src/types/javascript.ts'
import * as registry from '../../src/types/registry.ts'
import { parseValue } from '../../src/types/textInput.ts'
import { formatFloat8, formatValue } from '../../src/types/textOutput.ts'
import { runs } from '../support/runs.ts'
import { canonical, decimals, integers, texts } from './generators.ts'

const { BOOLEAN, DATE, DECIMAL, FLOAT8, INT2, INT4, INT8, TEXT, TIMESTAMP, UNKNOWN, VARCHAR, fixedNumeric } = registry

const fails = (code: string, message: string | RegExp = /./): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as unknown })

describe('type names', () => {
  test('resolve to types and are written back in full', () => {
    const written = [
      ['int', [], 'integer', 23],
      ['smallint', [], 'smallint', 21],
      ['bigint', [], 'bigint', 20],
      ['double precision', [], 'double precision', 701],
      ['decimal', [15, 2], 'numeric(15,2)', 1700],
      ['numeric', [5], 'numeric(5,0)', 1700],
      ['numeric', [], 'numeric', 1700],
      ['varchar', [25], 'character varying(25)', 1043],
      ['character varying', [], 'character varying', 1043],
      ['text', [], 'text', 25],
      ['date', [], 'date', 1082],
      ['timestamp', [], 'timestamp without time zone', 1114],
      ['bool', [], 'boolean', 16],
    ] as const
    for (const [name, modifiers, full, oid] of written) {
      const type = registry.resolveTypeName(name, modifiers)
      expect([registry.formatType(type), registry.typeOid(type)]).toEqual([full, oid])
      expect(registry.typeByOid(oid)?.kind).toBe(type.kind)
    }
  })

  test('what is unknown, not built or out of range says so', () => {
    expect(() => registry.resolveTypeName('foo')).toThrow(fails('42704', 'type "foo" does not exist'))
    expect(() => registry.resolveTypeName('__proto__')).toThrow(fails('42704'))
    expect(() => registry.resolveTypeName('real')).toThrow(fails('0A000'))
    expect(() => registry.resolveTypeName('numeric', [1001])).toThrow(fails('22023'))
    expect(() => registry.resolveTypeName('numeric', [5, 1001])).toThrow(fails('22023'))
    expect(() => registry.resolveTypeName('varchar', [0])).toThrow(fails('22023'))
    expect(() => registry.resolveTypeName('int4', [3])).toThrow(fails('22023'))
  })
})

describe('text forms', () => {
  test('every value reads back as itself', () => {
    fc.assert(
      fc.property(integers, decimals, fc.double(), texts, fc.integer({ min: 0, max: 30 }), (i, d, f, t, scale) => {
        const float = f + 0
        expect(parseValue(INT8, formatValue(INT8, canonical(i)))).toBe(canonical(i))
        expect((parseValue(DECIMAL, formatValue(DECIMAL, d)) as Decimal).toString()).toBe(d.toString())
        expect(parseValue(FLOAT8, formatFloat8(float))).toBe(float)
        expect(parseValue(TEXT, formatValue(TEXT, t))).toBe(t)
        const fixed = fixedNumeric(scale)
        expect(parseValue(fixed, formatValue(fixed, canonical(i)))).toBe(canonical(i))
      }),
      { numRuns: runs(1000) },
    )
  })

  test('what UTF-8 cannot hold is 22021', () => {
    expect(() => parseValue(TEXT, 'a\0b')).toThrow(fails('22021', /0x00/))
    expect(() => parseValue(VARCHAR, '\uD800')).toThrow(fails('22021'))
    expect(parseValue(TEXT, '😀')).toBe('😀')
  })
})

describe('JavaScript values', () => {
  test('results follow node-postgres, but for int8 and date', () => {
    expect(toJs(INT8)(5)).toBe(5)
    expect(toJs(INT8)(2n ** 60n)).toBe(2n ** 60n)
    expect(toJs(fixedNumeric(2))(150)).toBe('1.50')
    expect(toJs(fixedNumeric(2))(-5)).toBe('-0.05')
    expect(toJs(DECIMAL)(Decimal.parse('0.10'))).toBe('0.10')
    expect(toJs(DATE)(0)).toBe('1970-01-01')
    expect(toJs(TIMESTAMP)(-1)).toEqual(new Date(-1))
    expect(toJs(TIMESTAMP)(Infinity)).toBe(Infinity)
    expect(toJs(TEXT)(null)).toBe(null)
  })

  test('a parameter is read as a literal of the type that its place wants', () => {
    expect(fromJs(INT4, 5)).toBe(5)
    expect(fromJs(INT4, '5')).toBe(5)
    expect(fromJs(INT4, -0)).toBe(0)
    expect(fromJs(INT8, 2n ** 60n)).toBe(2n ** 60n)
    expect(fromJs(INT8, 5n)).toBe(5)
    expect(fromJs(fixedNumeric(2), 1.005)).toBe(101)
    expect(fromJs(fixedNumeric(2), 7)).toBe(700)
    expect((fromJs(DECIMAL, 0.1) as Decimal).toString()).toBe('0.1')
    expect(fromJs(TEXT, 5)).toBe('5')
    expect(fromJs(TEXT, true)).toBe('true')
    expect(fromJs(BOOLEAN, 'yes')).toBe(true)
    expect(fromJs(BOOLEAN, 1)).toBe(true)
    expect(fromJs(DATE, new Date(86_400_000 + 5))).toBe(1)
    expect(fromJs(TIMESTAMP, new Date(-1))).toBe(-1000)
    expect(fromJs(TEXT, null)).toBe(null)
  })

  test('a parameter that does not fit is PostgreSQL’s error; what is no SQL value is 22023', () => {
    expect(() => fromJs(INT4, 1.5)).toThrow(fails('22P02', 'invalid input syntax for type integer: "1.5"'))
    expect(() => fromJs(INT4, 2 ** 31)).toThrow(fails('22003'))
    expect(() => fromJs(INT2, 40_000n)).toThrow(fails('22003'))
    expect(() => fromJs(INT8, NaN)).toThrow(fails('22P02'))
    expect(() => fromJs(DATE, new Date(NaN))).toThrow(fails('22023', /invalid Date/))
    expect(() => fromJs(TEXT, undefined)).toThrow(fails('22023', /undefined/))
    expect(() => fromJs(TEXT, { a: 1 })).toThrow(fails('22023', /object \(Object\)/))
    expect(() => fromJs(TEXT, Object.create(null))).toThrow(fails('22023', /an object/))
    expect(() => fromJs(TEXT, Symbol('x'))).toThrow(fails('22023', /symbol/))
    expect(() => inferJsType(undefined)).toThrow(fails('22023'))
  })

  test('without context the JavaScript type decides', () => {
    const inferred = [1, 2 ** 31, 1.5, NaN, 5n, 2n ** 70n, 'x', true, new Date(0), null].map(inferJsType)
    expect(inferred).toEqual([INT4, INT8, FLOAT8, FLOAT8, INT8, DECIMAL, TEXT, BOOLEAN, TIMESTAMP, UNKNOWN])
  })
})

describe('the common type of branches', () => {
  test('is that of PostgreSQL, with the largest static scale', () => {
    expect(commonType([UNKNOWN, UNKNOWN])).toEqual(TEXT)
    expect(commonType([INT4, INT8])).toEqual(INT8)
    expect(commonType([INT4, UNKNOWN])).toEqual(INT4)
    expect(commonType([INT4, fixedNumeric(2), fixedNumeric(3)])).toEqual(fixedNumeric(3))
    expect(commonType([INT4, DECIMAL, fixedNumeric(3)])).toEqual(DECIMAL)
    expect(commonType([fixedNumeric(2), FLOAT8])).toEqual(FLOAT8)
    expect(commonType([{ kind: 'varchar', length: 5 }, TEXT])).toEqual(VARCHAR)
    expect(commonType([TEXT, { kind: 'varchar', length: 5 }])).toEqual(TEXT)
    expect(
      commonType([
        { kind: 'varchar', length: 5 },
        { kind: 'varchar', length: 6 },
      ]),
    ).toEqual(VARCHAR)
    expect(commonType([DATE, TIMESTAMP])).toEqual(TIMESTAMP)
    const column = { kind: 'numeric', precision: 15, scale: 2 } as const
    expect(commonType([column, column])).toEqual(column)
    expect(() => commonType([INT4, TEXT], 'UNION')).toThrow(
      fails('42804', 'UNION types integer and text cannot be matched'),
    )
  })
})
