/** min and max. Types in JavaScript's own order have states that compare inline; the others go through their comparator. */
import { comparator } from '../comparison.ts'
import type { SqlType } from '../sqlType.ts'
import type { Value } from '../value.ts'
import type { AggregateState } from './state.ts'

type Ordered = number | bigint

class NativeMinState {
  best: Ordered | null = null

  step(value: Value): void {
    if (this.best === null || (value as Ordered) < this.best) this.best = value as Ordered
  }

  final(): Value {
    return this.best
  }
}

class NativeMaxState {
  best: Ordered | null = null

  step(value: Value): void {
    if (this.best === null || (value as Ordered) > this.best) this.best = value as Ordered
  }

  final(): Value {
    return this.best
  }
}

class ComparedExtremumState {
  best: Value = null
  readonly compare: (a: Value, b: Value) => number
  /** 1 for max, -1 for min. */
  readonly direction: number

  constructor(compare: (a: Value, b: Value) => number, direction: number) {
    this.compare = compare
    this.direction = direction
  }

  step(value: Value): void {
    if (this.best === null || this.compare(value, this.best) * this.direction > 0) this.best = value
  }

  final(): Value {
    return this.best
  }
}

/** Makes the states of one min or max over a type. */
export function extremumState(type: SqlType, name: 'min' | 'max'): () => AggregateState {
  switch (type.kind) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'date':
    case 'timestamp':
      return nativeState(name)
    case 'numeric':
      return type.scale === null ? comparedState(type, name) : nativeState(name)
    case 'boolean':
    case 'float8':
    case 'text':
    case 'varchar':
    case 'unknown':
      return comparedState(type, name)
  }
}

function nativeState(name: 'min' | 'max'): () => AggregateState {
  return name === 'min' ? () => new NativeMinState() : () => new NativeMaxState()
}

function comparedState(type: SqlType, name: 'min' | 'max'): () => AggregateState {
  const compare = comparator(type)
  const direction = name === 'max' ? 1 : -1
  return () => new ComparedExtremumState(compare, direction)
}
