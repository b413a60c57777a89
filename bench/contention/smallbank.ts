/**
 * SmallBank: Alomari, Cahill, Fekete, Röhm, The Cost of Serializability on Platforms That Use Snapshot Isolation (ICDE
 * 2008), section V. Five transactions in equal shares over a savings and a checking account a customer; WriteCheck and
 * TransactSaving make a write skew under snapshot isolation. Customers are named by their number: the look-up of a name
 * in a third table, which nobody writes, is left out.
 */
import type { Body, Call, Choice, Random, Workload } from './workload.ts'

const readSavings = 0
const readChecking = 1
const setSavings = 2
const setChecking = 3
const addChecking = 4

const call = (statement: number, ...parameters: number[]): Call => ({ statement, parameters })
const balanceOf = (rows: readonly { readonly [name: string]: number }[]): number => rows[0]!['balance']!

function* balance(customer: number): Body {
  yield call(readSavings, customer)
  yield call(readChecking, customer)
}

function* depositChecking(customer: number, amount: number): Body {
  yield call(addChecking, amount, customer)
}

function* transactSaving(customer: number, amount: number): Body {
  const savings = balanceOf(yield call(readSavings, customer))
  if (savings + amount >= 0) yield call(setSavings, savings + amount, customer)
}

function* amalgamate(from: number, to: number): Body {
  const savings = balanceOf(yield call(readSavings, from))
  const checking = balanceOf(yield call(readChecking, from))
  yield call(setSavings, 0, from)
  yield call(setChecking, 0, from)
  yield call(addChecking, savings + checking, to)
}

function* writeCheck(customer: number, amount: number): Body {
  const savings = balanceOf(yield call(readSavings, customer))
  const checking = balanceOf(yield call(readChecking, customer))
  const penalty = savings + checking < amount ? 1 : 0
  yield call(setChecking, checking - amount - penalty, customer)
}

export const smallBank: Workload = {
  name: 'SmallBank',
  statements: [
    'SELECT balance FROM savings WHERE id = $1',
    'SELECT balance FROM checking WHERE id = $1',
    'UPDATE savings SET balance = $1 WHERE id = $2',
    'UPDATE checking SET balance = $1 WHERE id = $2',
    'UPDATE checking SET balance = balance + $1 WHERE id = $2',
  ],
  schema: `CREATE TABLE savings (id integer PRIMARY KEY, balance integer NOT NULL);
           CREATE TABLE checking (id integer PRIMARY KEY, balance integer NOT NULL);`,
  fill: (rows) =>
    ['savings', 'checking'].flatMap((table) =>
      Array.from({ length: rows }, (_, id) => ({ sql: `INSERT INTO ${table} VALUES ($1, 1000)`, parameters: [id] })),
    ),
  transactions: { balance, depositChecking, transactSaving, amalgamate, writeCheck },
  next(random: Random, rows: number): Choice {
    const kind = random.below(5)
    const customer = random.below(rows)
    const amount = 1 + random.below(50)
    const other = (customer + 1 + random.below(rows - 1)) % rows
    switch (kind) {
      case 0:
        return { name: 'balance', parameters: [customer] }
      case 1:
        return { name: 'depositChecking', parameters: [customer, amount] }
      case 2:
        return { name: 'transactSaving', parameters: [customer, amount - 25] }
      case 3:
        return { name: 'amalgamate', parameters: [customer, other] }
      default:
        return { name: 'writeCheck', parameters: [customer, amount] }
    }
  },
}
