/**
 * Operations that generated code performs inline. `CallExpression.intrinsic` names one as type kind + operator
 * (`int4+`, `text=`, `int8<`). Arithmetic takes a short cut in plain JavaScript and hands every case that the short cut
 * does not cover (overflow, bigint, division by zero, infinity) to the full function in its slot, which computes the
 * exact result or throws; so the semantics live in one place, src/types, and here is only speed.
 */

/** The arguments are simple: identifiers or literals that may be repeated. `slow` names the slot of the full function. */
export interface IntrinsicArguments {
  readonly a: string
  readonly b: string
  /** True if the operand is statically a JavaScript number, never a bigint; `b` is empty for a unary operation. */
  readonly aIsNumber: boolean
  readonly bIsNumber: boolean
  readonly slow: string
  readonly temporary: () => string
}

/** `number`: the result is statically a number. */
export interface Intrinsic {
  readonly arity: 1 | 2
  readonly number: boolean
  emit(x: IntrinsicArguments): string
}

const comparisonOperators: Readonly<Record<string, string>> = {
  '=': '===',
  '<>': '!==',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

const table = new Map<string, Intrinsic>()

/** An integer type whose values are always numbers: `inRange` tests the sum, difference or product. */
function addSmallInteger(kind: string, inRange: (x: string) => string): void {
  for (const operator of ['+', '-', '*']) {
    // Zero is added so that 0 * -5 is 0, not -0.
    const zero = operator === '*' ? ' + 0' : ''
    table.set(kind + operator, {
      arity: 2,
      number: true,
      emit({ a, b, slow, temporary }) {
        const t = temporary()
        return `((${t} = ${a} ${operator} ${b}${zero}), ${inRange(t)} ? ${t} : ${slow}(${a}, ${b}))`
      },
    })
  }
  table.set(`${kind}/`, {
    arity: 2,
    number: true,
    emit: ({ a, b, slow }) => `(${b} > 0 ? (${a} / ${b}) | 0 : ${slow}(${a}, ${b}))`,
  })
  table.set(`${kind}%`, {
    arity: 2,
    number: true,
    emit: ({ a, b, slow }) => `(${b} > 0 ? (${a} % ${b}) + 0 : ${slow}(${a}, ${b}))`,
  })
}

/** int8 and scaled integers: a number while safe, a bigint beyond. */
function addBigInteger(kind: string, operators: readonly string[]): void {
  for (const operator of operators) {
    const zero = operator === '*' ? ' + 0' : ''
    table.set(kind + operator, {
      arity: 2,
      number: false,
      emit({ a, b, aIsNumber, bIsNumber, slow, temporary }) {
        const t = temporary()
        const guards = [
          ...(aIsNumber ? [] : [`typeof ${a} === 'number'`]),
          ...(bIsNumber ? [] : [`typeof ${b} === 'number'`]),
          `Number.isSafeInteger((${t} = ${a} ${operator} ${b}${zero}))`,
        ]
        return `(${guards.join(' && ')} ? ${t} : ${slow}(${a}, ${b}))`
      },
    })
  }
}

function addFloat(): void {
  for (const operator of ['+', '-', '*', '/']) {
    // A sum is normalised from -0 by adding zero. A zero product or quotient may be an underflow, which is an error, or a -0: the full function decides.
    const zero = operator === '*' || operator === '/' ? (t: string) => `${t} !== 0 && ` : () => ''
    table.set(`float8${operator}`, {
      arity: 2,
      number: true,
      emit({ a, b, slow, temporary }) {
        const t = temporary()
        return `((${t} = ${a} ${operator} ${b}${operator === '+' || operator === '-' ? ' + 0' : ''}), ${zero(t)}${t} - ${t} === 0 ? ${t} : ${slow}(${a}, ${b}))`
      },
    })
  }
  for (const [sql, js] of Object.entries(comparisonOperators)) {
    table.set(`float8${sql}`, {
      arity: 2,
      number: false,
      emit: ({ a, b, slow }) => `(${a} === ${a} && ${b} === ${b} ? ${a} ${js} ${b} : ${slow}(${a}, ${b}))`,
    })
  }
}

/** Types whose canonical values JavaScript compares as SQL does; a bigint and a number compare by value, too. */
function addComparisons(kind: string, operators: readonly string[]): void {
  for (const sql of operators) {
    const js = comparisonOperators[sql]!
    table.set(kind + sql, { arity: 2, number: false, emit: ({ a, b }) => `${a} ${js} ${b}` })
  }
}

function addUnary(): void {
  for (const kind of ['int8', 'fixed', 'float8']) {
    const guard = (a: string, aIsNumber: boolean): boolean => kind !== 'float8' && !aIsNumber && a !== ''
    table.set(`${kind}negate`, {
      arity: 1,
      number: kind === 'float8',
      emit: ({ a, aIsNumber, slow }) =>
        guard(a, aIsNumber) ? `(typeof ${a} === 'number' ? 0 - ${a} : ${slow}(${a}))` : `(0 - ${a})`,
    })
  }
  table.set('toNumber', { arity: 1, number: true, emit: ({ a, aIsNumber }) => (aIsNumber ? a : `Number(${a})`) })
}

/** `scaleUp2`: a scaled integer with two digits more. */
function scaleUp(places: number): Intrinsic {
  const factor = 10 ** places
  return {
    arity: 1,
    number: false,
    emit({ a, aIsNumber, slow, temporary }) {
      const t = temporary()
      const guard = aIsNumber ? '' : `typeof ${a} === 'number' && `
      return `(${guard}Number.isSafeInteger((${t} = ${a} * ${factor})) ? ${t} : ${slow}(${a}))`
    },
  }
}

addSmallInteger('int2', (x) => `${x} >= -32768 && ${x} <= 32767`)
addSmallInteger('int4', (x) => `${x} === (${x} | 0)`)
addBigInteger('int8', ['+', '-', '*'])
addBigInteger('fixed', ['+', '-', '*'])
addFloat()
addUnary()
addComparisons('native', Object.keys(comparisonOperators))
for (let places = 1; places <= 15; places++) table.set(`scaleUp${places}`, scaleUp(places))

/** The inline form of an operation, or undefined: then it is called. */
export function intrinsicNamed(name: string | null): Intrinsic | undefined {
  return name === null ? undefined : table.get(name)
}
