/**
 * Exact sums and averages. Integers and scaled integers are summed in two limbs: `low`, a double that holds a safe integer,
 * takes the values one by one; when a sum would leave the safe range, `low` is moved to the bigint `high` and starts again.
 * A step costs one addition and one comparison, and nothing is ever rounded.
 */
import { checkInt8 } from '../arithmetic/integer.ts'
import { addFloat8 } from '../arithmetic/float8.ts'
import { demote } from '../bigintArithmetic.ts'
import { Decimal } from '../decimal.ts'
import type { Value } from '../value.ts'

const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** A sum of integers (numbers or bigints), its number of values beside it. */
class ExactSum {
  low = 0
  high = 0n
  count = 0

  step(value: Value): void {
    if (typeof value === 'number') {
      const sum = this.low + value
      if (sum <= MAX_SAFE && sum >= -MAX_SAFE) this.low = sum
      else this.carry(value)
    } else {
      this.high += value as bigint
    }
    this.count++
  }

  private carry(value: number): void {
    this.high += BigInt(this.low)
    this.low = value
  }

  total(): bigint {
    return this.high + BigInt(this.low)
  }
}

/** sum(numeric with a static scale) and sum(int8), whose type numeric holds any sum. */
export class SumExactState extends ExactSum {
  final(): number | bigint | null {
    if (this.count === 0) return null
    return this.high === 0n ? this.low : demote(this.total())
  }
}

/** sum(int2) and sum(int4), of type int8. */
export class SumInt8State extends ExactSum {
  final(): number | bigint | null {
    if (this.count === 0) return null
    return this.high === 0n ? this.low : checkInt8(this.total())
  }
}

/** avg of integers and of numeric with a static scale: the quotient has PostgreSQL's scale. */
export class AverageExactState extends ExactSum {
  readonly scale: number

  constructor(scale: number) {
    super()
    this.scale = scale
  }

  final(): Decimal | null {
    if (this.count === 0) return null
    return Decimal.of(this.total(), this.scale).div(Decimal.fromInteger(this.count))
  }
}

/** A sum of Decimals, in the largest scale seen. */
export class SumDecimalState {
  sum = 0n
  scale = 0
  count = 0

  step(value: Value): void {
    const decimal = value as Decimal
    if (decimal.scale > this.scale) {
      this.sum = Decimal.of(this.sum, this.scale).digitsAt(decimal.scale)
      this.scale = decimal.scale
    }
    this.sum += decimal.digitsAt(this.scale)
    this.count++
  }

  final(): Decimal | null {
    return this.count === 0 ? null : Decimal.of(this.sum, this.scale)
  }
}

export class AverageDecimalState extends SumDecimalState {
  override final(): Decimal | null {
    return this.count === 0 ? null : Decimal.of(this.sum, this.scale).div(Decimal.fromInteger(this.count))
  }
}

/** Adds in the order of the rows, as PostgreSQL does. Throws 22003 on overflow. */
export class SumFloat8State {
  sum = 0
  count = 0

  step(value: Value): void {
    const sum = this.sum + (value as number)
    this.sum = Number.isFinite(sum) ? sum : addFloat8(this.sum, value as number)
    this.count++
  }

  final(): number | null {
    return this.count === 0 ? null : this.sum + 0
  }
}

export class AverageFloat8State extends SumFloat8State {
  override final(): number | null {
    return this.count === 0 ? null : this.sum / this.count + 0
  }
}
