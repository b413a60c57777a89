import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Expression } from '../../src/parser/index.ts'
import { deparse } from '../../src/parser/index.ts'
import { runs } from '../support/runs.ts'
import { expressionOf, meaning } from './trees.ts'

const position = 0
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'select', 'Position', '__proto__', 'x"y', 'current_date', 'left', 'ä', 'extract', 'a b'),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed() && !text.includes('\0')),
)
const text = fc.string({ maxLength: 8 }).filter((value) => value.isWellFormed() && !value.includes('\0'))
const type = fc.constantFrom(
  { schema: null, name: 'int4', modifiers: [], position },
  { schema: null, name: 'numeric', modifiers: [10, 2], position },
  { schema: null, name: 'varchar', modifiers: [3], position },
  { schema: null, name: 'timestamp', modifiers: [], position },
  { schema: null, name: 'float8', modifiers: [], position },
  { schema: 'S', name: 'my type', modifiers: [1], position },
)
const integer = fc.oneof(
  fc
    .integer({ min: 0, max: 2147483647 })
    .map((value) => ({ kind: 'integer', type: 'int4', value, slot: null, position }) as const),
  fc
    .bigInt({ min: 9007199254740992n, max: 9223372036854775807n })
    .map((value) => ({ kind: 'integer', type: 'int8', value, slot: null, position }) as const),
  fc.constantFrom<Expression>(
    { kind: 'integer', type: 'int4', value: -2147483648, slot: null, position },
    { kind: 'integer', type: 'int8', value: -9223372036854775808n, slot: null, position },
  ),
)
const numeric = fc
  .record({ unscaled: fc.nat(), scale: fc.nat({ max: 12 }) })
  .map((value) => ({ kind: 'numeric', ...value, slot: null, position }) as const)

const { expression } = fc.letrec<{ expression: Expression; leaf: Expression; inner: Expression }>((tie) => {
  const e = tie('expression')
  const negated = fc.boolean()
  const list = fc.array(e, { minLength: 1, maxLength: 3 })
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    fc.constant<Expression>({ kind: 'null', position }),
    fc.boolean().map((value) => ({ kind: 'boolean', value, position }) as const),
    integer,
    numeric,
    text.map((value) => ({ kind: 'string', value, slot: null, position }) as const),
    fc.integer({ min: 1, max: 9 }).map((index) => ({ kind: 'parameter', index, position }) as const),
    fc.record({ table: fc.option(name), name }).map((c) => ({ kind: 'column', schema: null, ...c, position }) as const),
  )
  const inner: fc.Arbitrary<Expression> = fc.oneof(
    fc
      .record({ operator: fc.constantFrom('-', '+', '@', '~'), operand: e })
      .map((x) => ({ kind: 'unary', ...x, position }) as const),
    fc
      .record({
        operator: fc.constantFrom(
          '+',
          '-',
          '*',
          '/',
          '%',
          '^',
          '=',
          '<',
          '>',
          '<=',
          '>=',
          '<>',
          '||',
          '->',
          '~~',
          '@-',
        ),
        left: e,
        right: e,
      })
      .map((x) => ({ kind: 'binary', ...x, position }) as const),
    fc
      .record({
        operator: fc.constantFrom('and' as const, 'or' as const),
        operands: fc.array(e, { minLength: 2, maxLength: 4 }),
      })
      .map((x) => ({ kind: 'logical', ...x, position }) as const),
    e.map((operand) => ({ kind: 'not', operand, position }) as const),
    fc
      .record({
        operand: e,
        test: fc.constantFrom('null' as const, 'true' as const, 'false' as const, 'unknown' as const),
        negated,
      })
      .map((x) => ({ kind: 'is', ...x, position }) as const),
    fc.record({ left: e, right: e, negated }).map((x) => ({ kind: 'is_distinct', ...x, position }) as const),
    fc
      .record({ operand: e, low: e, high: e, symmetric: fc.boolean(), negated })
      .map((x) => ({ kind: 'between', ...x, position }) as const),
    fc.record({ operand: e, items: list, negated }).map((x) => ({ kind: 'in', ...x, position }) as const),
    fc
      .record({ operand: e, pattern: e, escape: fc.option(e), caseInsensitive: fc.boolean(), negated })
      .map((x) => ({ kind: 'like', ...x, position }) as const),
    fc
      .record({
        operand: fc.option(e),
        branches: fc.array(fc.record({ condition: e, result: e }), { minLength: 1, maxLength: 2 }),
        otherwise: fc.option(e),
      })
      .map((x) => ({ kind: 'case', ...x, position }) as const),
    fc.record({ operand: e, type }).map((x) => ({ kind: 'cast', ...x, position }) as const),
    fc
      .record({
        name: fc.constantFrom('f', 'lower', 'left', 'coalesce', 'substring', 'btrim', 'Odd name', 'select'),
        arguments: list,
        distinct: fc.boolean(),
      })
      .map((x) => ({ kind: 'function', schema: null, ...x, star: false, position }) as const),
    fc.record({ field: text, source: e }).map(({ field, source }): Expression => {
      const first: Expression = { kind: 'string', value: field, slot: null, position }
      return {
        kind: 'function',
        schema: null,
        name: 'extract',
        arguments: [first, source],
        distinct: false,
        star: false,
        position,
      }
    }),
    fc.tuple(e, e).map((args): Expression => ({
      kind: 'function',
      schema: null,
      name: 'position',
      arguments: args,
      distinct: false,
      star: false,
      position,
    })),
    fc.constantFrom('current_date', 'user').map((word): Expression => ({
      kind: 'function',
      schema: null,
      name: word,
      arguments: [],
      distinct: false,
      star: false,
      position,
    })),
  )
  return { expression: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, inner), leaf, inner }
})

test('an expression, written and read again, is the same expression', () => {
  fc.assert(
    fc.property(expression, (tree) => {
      // A name longer than an identifier may be is cut; the generators stay below that.
      expect(meaning(expressionOf(deparse(tree)))).toEqual(meaning(tree))
    }),
    { numRuns: runs(2000) },
  )
})
