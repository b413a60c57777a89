/** count, bool_and and bool_or. */
export class CountState {
  count = 0

  step(): void {
    this.count++
  }

  final(): number {
    return this.count
  }
}

export class BoolAndState {
  result: boolean | null = null

  step(value: unknown): void {
    this.result = this.result !== false && value === true
  }

  final(): boolean | null {
    return this.result
  }
}

export class BoolOrState {
  result: boolean | null = null

  step(value: unknown): void {
    this.result = this.result === true || value === true
  }

  final(): boolean | null {
    return this.result
  }
}
