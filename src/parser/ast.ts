/**
 * The abstract syntax tree: a statement as it was written, names unresolved, types unchecked.
 *
 * Readonly unions, discriminated by `kind`. Every node carries `position`, the 0-based offset in the text of the
 * token that PostgreSQL would point at (an operator's own place, else the first token); errors report it from 1.
 * Names are already folded to lower case and cut to 63 bytes unless they were quoted.
 *
 * What the parser has already settled, so that nobody below meets it:
 * - `a AND b AND c` is one node with three operands; `x::t`, `CAST(x AS t)` and `t 'x'` are one node, `Cast`;
 * - `SUBSTRING(x FROM a FOR b)`, `TRIM(…)`, `EXTRACT(…)`, `POSITION(…)`, `CURRENT_DATE` are function calls;
 * - `UPDATE … SET (a, b) = (1, 2)` is two assignments; `TABLE t` is `SELECT * FROM t`;
 * - the height of an expression is bounded (`maxExpressionDepth`), so recursion over it is safe.
 */

/** The greatest height of an expression and the deepest nesting of queries; more is error 54001. */
export const maxExpressionDepth = 1000

interface Node {
  readonly position: number
}

// ---------------------------------------------------------------------------------------------------- expressions

/**
 * A literal of the text. `slot` is its index in `NormalisedText.literals` if the plan cache may put another value of
 * the same kind there ("lifted"), null if its value belongs to the plan ("pinned", or the text was not normalised).
 */
interface Literal extends Node {
  readonly slot: number | null
}

export interface NullLiteral extends Node {
  readonly kind: 'null'
}

export interface BooleanLiteral extends Node {
  readonly kind: 'boolean'
  readonly value: boolean
}

/** An integer that fits int4 or int8; `value` is a number while it is a safe integer, a bigint beyond. */
export interface IntegerLiteral extends Literal {
  readonly kind: 'integer'
  readonly type: 'int4' | 'int8'
  readonly value: number | bigint
}

/** A number with a point or an exponent, or beyond int8: `unscaled` × 10^-`scale`. `1.50` is 150 at scale 2. */
export interface NumericLiteral extends Literal {
  readonly kind: 'numeric'
  readonly unscaled: number | bigint
  readonly scale: number
}

/** A string, of type unknown until the context decides. Always a flat string, never a slice of the statement's text. */
export interface StringLiteral extends Literal {
  readonly kind: 'string'
  readonly value: string
}

/** `$n`; `index` counts from 1. */
export interface Parameter extends Node {
  readonly kind: 'parameter'
  readonly index: number
}

export interface ColumnReference extends Node {
  readonly kind: 'column'
  readonly schema: string | null
  readonly table: string | null
  readonly name: string
}

/** A prefix operator: `-`, `+` or any other of PostgreSQL's operator characters. */
export interface UnaryExpression extends Node {
  readonly kind: 'unary'
  readonly operator: string
  readonly operand: Expression
}

/** An infix operator: `+ - * / % ^ < > = <= >= <>` (`!=` is written `<>`), `||` and any other operator token. */
export interface BinaryExpression extends Node {
  readonly kind: 'binary'
  readonly operator: string
  readonly left: Expression
  readonly right: Expression
}

/** AND / OR over two or more operands, in the order written. */
export interface LogicalExpression extends Node {
  readonly kind: 'logical'
  readonly operator: 'and' | 'or'
  readonly operands: readonly Expression[]
}

export interface NotExpression extends Node {
  readonly kind: 'not'
  readonly operand: Expression
}

/** `IS [NOT] NULL | TRUE | FALSE | UNKNOWN`. */
export interface IsExpression extends Node {
  readonly kind: 'is'
  readonly operand: Expression
  readonly test: 'null' | 'true' | 'false' | 'unknown'
  readonly negated: boolean
}

/** `IS DISTINCT FROM`; `negated` is `IS NOT DISTINCT FROM`. */
export interface IsDistinctExpression extends Node {
  readonly kind: 'is_distinct'
  readonly left: Expression
  readonly right: Expression
  readonly negated: boolean
}

export interface BetweenExpression extends Node {
  readonly kind: 'between'
  readonly operand: Expression
  readonly low: Expression
  readonly high: Expression
  readonly symmetric: boolean
  readonly negated: boolean
}

/** `x [NOT] IN (a, b, …)` with at least one item. */
export interface InExpression extends Node {
  readonly kind: 'in'
  readonly operand: Expression
  readonly items: readonly Expression[]
  readonly negated: boolean
}

/** `LIKE`, or `ILIKE` if `caseInsensitive`. A literal pattern or escape is pinned. */
export interface LikeExpression extends Node {
  readonly kind: 'like'
  readonly operand: Expression
  readonly pattern: Expression
  readonly escape: Expression | null
  readonly caseInsensitive: boolean
  readonly negated: boolean
}

export interface CaseBranch {
  readonly condition: Expression
  readonly result: Expression
}

/** With `operand`, a branch is taken if `operand = condition`; without, if `condition` is true. */
export interface CaseExpression extends Node {
  readonly kind: 'case'
  readonly operand: Expression | null
  readonly branches: readonly CaseBranch[]
  readonly otherwise: Expression | null
}

/** A cast. The literal of a typed literal (`date '2020-01-01'`) is pinned. */
export interface CastExpression extends Node {
  readonly kind: 'cast'
  readonly operand: Expression
  readonly type: TypeName
}

/**
 * A call. Special forms arrive with PostgreSQL's names and argument order: `extract('year', x)`,
 * `substring(x, from, for)`, `position(string, substring)`, `btrim | ltrim | rtrim(x, characters)`, and without
 * arguments `current_date`, `current_timestamp`, `localtimestamp`, `current_user` ….
 */
export interface FunctionCall extends Node {
  readonly kind: 'function'
  readonly schema: string | null
  readonly name: string
  readonly arguments: readonly Expression[]
  /** `f(DISTINCT x)` */
  readonly distinct: boolean
  /** `f(*)` */
  readonly star: boolean
}

export type Expression =
  | NullLiteral
  | BooleanLiteral
  | IntegerLiteral
  | NumericLiteral
  | StringLiteral
  | Parameter
  | ColumnReference
  | UnaryExpression
  | BinaryExpression
  | LogicalExpression
  | NotExpression
  | IsExpression
  | IsDistinctExpression
  | BetweenExpression
  | InExpression
  | LikeExpression
  | CaseExpression
  | CastExpression
  | FunctionCall

/** DEFAULT where INSERT and UPDATE allow it in the place of an expression. */
export interface DefaultMarker extends Node {
  readonly kind: 'default'
}

/**
 * A type as written, by PostgreSQL's internal name: `integer` is `int4`, `bigint` `int8`, `double precision`
 * `float8`, `decimal` `numeric`, `character varying` `varchar`, `timestamp [without time zone]` `timestamp`,
 * `boolean` `bool`; every other name is as written. `modifiers` are the numbers in parentheses.
 */
export interface TypeName extends Node {
  readonly schema: string | null
  readonly name: string
  readonly modifiers: readonly number[]
}

// -------------------------------------------------------------------------------------------------------- queries

export interface TableName extends Node {
  readonly schema: string | null
  readonly name: string
}

/** A column's name where only a name may stand. */
export interface ColumnName extends Node {
  readonly name: string
}

export interface TableItem extends Node {
  readonly kind: 'table'
  readonly table: TableName
  /** `AS OF SYSTEM TIME x` behind the name; its literals are pinned. */
  readonly asOf: Expression | null
  readonly alias: string | null
  /** `AS t (a, b)`: new names of the first columns; empty if there are none. */
  readonly columnAliases: readonly string[]
}

export interface DerivedTable extends Node {
  readonly kind: 'derived'
  readonly query: Query
  readonly alias: string | null
  readonly columnAliases: readonly string[]
}

/** A join has either `on`, or a non-empty `using`, or (cross) neither. */
export interface Join extends Node {
  readonly kind: 'join'
  readonly type: 'inner' | 'left' | 'cross'
  readonly left: FromItem
  readonly right: FromItem
  readonly on: Expression | null
  readonly using: readonly ColumnName[]
}

/** A function in FROM: `isolde_versions('account')`. */
export interface TableFunction extends Node {
  readonly kind: 'table_function'
  readonly name: TableName
  readonly arguments: readonly Expression[]
  readonly alias: string | null
  readonly columnAliases: readonly string[]
}

export type FromItem = TableItem | TableFunction | DerivedTable | Join

/** `*`, or `t.*` if `table` is not null. */
export interface Star extends Node {
  readonly kind: 'star'
  readonly schema: string | null
  readonly table: string | null
}

export interface SelectItem extends Node {
  readonly expression: Expression | Star
  readonly alias: string | null
}

export interface OrderItem extends Node {
  /** An integer literal that stands alone (then it is pinned) names an output column by number. */
  readonly expression: Expression
  readonly descending: boolean
  /** Already resolved: without NULLS FIRST | LAST, first if `descending`. */
  readonly nullsFirst: boolean
}

/** What a row lock protects, from the weakest to the strongest. */
export type LockStrength = 'key share' | 'share' | 'no key update' | 'update'

/** FOR UPDATE and its kin. `of` names tables of FROM as they are called there; empty: all of them. */
export interface LockingClause extends Node {
  readonly kind: 'locking'
  readonly strength: LockStrength
  readonly of: readonly ColumnName[]
  readonly wait: 'wait' | 'nowait' | 'skip locked'
}

interface QueryTail {
  readonly orderBy: readonly OrderItem[]
  /** Null: no limit, also for LIMIT ALL. Literals in it are pinned. */
  readonly limit: Expression | null
  readonly offset: Expression | null
  /** In the order written; a row is locked as strongly as any of them says. */
  readonly locking: readonly LockingClause[]
}

export interface Select extends Node, QueryTail {
  readonly kind: 'select'
  readonly distinct: boolean
  /** May be empty, as in PostgreSQL. */
  readonly items: readonly SelectItem[]
  /** The comma list; empty without FROM. */
  readonly from: readonly FromItem[]
  /** `AS OF SYSTEM TIME x` at the end of FROM: for all its tables that have none of their own. */
  readonly asOf: Expression | null
  readonly where: Expression | null
  /** An integer literal that stands alone is pinned and names an output column by number. */
  readonly groupBy: readonly Expression[]
  readonly having: Expression | null
}

/** VALUES as a query; all rows have the same length. */
export interface Values extends Node, QueryTail {
  readonly kind: 'values'
  readonly rows: readonly (readonly Expression[])[]
}

export type Query = Select | Values

// ------------------------------------------------------------------------------------------------------------ DML

/** VALUES of an INSERT: DEFAULT may stand in it. Rows have the same length. */
export interface InsertValues extends Node {
  readonly kind: 'insert_values'
  readonly rows: readonly (readonly (Expression | DefaultMarker)[])[]
}

export type InsertDefaults = Node & { readonly kind: 'default_values' }

/** ON CONFLICT. `excluded` is, in the expressions of `update`, the row that was not inserted. */
export interface OnConflict extends Node {
  readonly kind: 'on_conflict'
  /** The unique key that is meant; null: any. */
  readonly target:
    | { readonly kind: 'columns'; readonly columns: readonly ColumnName[] }
    | { readonly kind: 'constraint'; readonly constraint: ColumnName }
    | null
  /** Null: DO NOTHING. */
  readonly update: { readonly assignments: readonly Assignment[]; readonly where: Expression | null } | null
}

export interface Insert extends Node {
  readonly kind: 'insert'
  readonly table: TableName
  readonly alias: string | null
  /** Null: the table's columns in order. */
  readonly columns: readonly ColumnName[] | null
  /** VALUES with ORDER BY or LIMIT behind it is the query `Values`. */
  readonly source: InsertValues | InsertDefaults | Query
  readonly onConflict: OnConflict | null
  /** Empty without RETURNING. */
  readonly returning: readonly SelectItem[]
}

export interface Assignment extends Node {
  readonly column: string
  readonly value: Expression | DefaultMarker
}

export interface Update extends Node {
  readonly kind: 'update'
  readonly table: TableName
  readonly alias: string | null
  readonly assignments: readonly Assignment[]
  readonly where: Expression | null
  readonly returning: readonly SelectItem[]
}

export interface Delete extends Node {
  readonly kind: 'delete'
  readonly table: TableName
  readonly alias: string | null
  readonly where: Expression | null
  readonly returning: readonly SelectItem[]
}

// ------------------------------------------------------------------------------------------------------------ DDL

/** A constraint behind a column. `name` is null where CONSTRAINT was not written. */
/** What becomes of referencing rows when the row that they refer to goes, or gets another key. */
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null'

/** `REFERENCES table [(columns)] [ON DELETE …] [ON UPDATE …]`; matches are simple and checks immediate. */
export interface References {
  readonly table: TableName
  /** Null: the primary key. */
  readonly referenced: readonly ColumnName[] | null
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
}

export type ColumnConstraint = Node &
  (
    | { readonly kind: 'not_null'; readonly name: string | null }
    | { readonly kind: 'null'; readonly name: string | null }
    | { readonly kind: 'default'; readonly name: string | null; readonly expression: Expression }
    | { readonly kind: 'primary_key'; readonly name: string | null }
    | { readonly kind: 'unique'; readonly name: string | null }
    | { readonly kind: 'check'; readonly name: string | null; readonly expression: Expression }
    | ({ readonly kind: 'foreign_key'; readonly name: string | null } & References)
  )

export interface ColumnDefinition extends Node {
  readonly name: string
  readonly type: TypeName
  readonly constraints: readonly ColumnConstraint[]
}

export type TableConstraint = Node &
  (
    | { readonly kind: 'primary_key'; readonly name: string | null; readonly columns: readonly ColumnName[] }
    | { readonly kind: 'unique'; readonly name: string | null; readonly columns: readonly ColumnName[] }
    | { readonly kind: 'check'; readonly name: string | null; readonly expression: Expression }
    | ({
        readonly kind: 'foreign_key'
        readonly name: string | null
        readonly columns: readonly ColumnName[]
      } & References)
  )

export interface CreateTable extends Node {
  readonly kind: 'create_table'
  readonly table: TableName
  readonly ifNotExists: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly constraints: readonly TableConstraint[]
  /** `USING ROW`: the table's access method, lower case; null if not written. */
  readonly using: string | null
}

export interface IndexColumn extends ColumnName {
  readonly descending: boolean
  readonly nullsFirst: boolean
}

export interface CreateIndex extends Node {
  readonly kind: 'create_index'
  readonly unique: boolean
  /** Null: the engine names it. */
  readonly name: string | null
  readonly ifNotExists: boolean
  readonly table: TableName
  readonly columns: readonly IndexColumn[]
}

/** Without CASCADE, RESTRICT is meant. */
export interface DropTable extends Node {
  readonly kind: 'drop_table'
  readonly tables: readonly TableName[]
  readonly ifExists: boolean
  readonly cascade: boolean
}

export interface DropIndex extends Node {
  readonly kind: 'drop_index'
  readonly indexes: readonly TableName[]
  readonly ifExists: boolean
  readonly cascade: boolean
}

export interface Truncate extends Node {
  readonly kind: 'truncate'
  readonly tables: readonly TableName[]
}

// --------------------------------------------------------------------------------------------------- transactions

export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable'

/** How SERIALIZABLE is reached (design: SSI by default). */
export type SerializableMethod = 'ssi' | '2pl' | 'serial'

/** Null: not said. `SNAPSHOT` is written 'repeatable read'. `method` is null unless the level is serializable. */
export interface TransactionModes {
  readonly isolation: IsolationLevel | null
  readonly method: SerializableMethod | null
  readonly readOnly: boolean | null
  readonly deferrable: boolean | null
}

export interface Begin extends Node {
  readonly kind: 'begin'
  readonly command: 'BEGIN' | 'START TRANSACTION'
  readonly modes: TransactionModes
}

/** SET TRANSACTION, or (scope 'session') SET SESSION CHARACTERISTICS AS TRANSACTION. */
export interface SetTransaction extends Node {
  readonly kind: 'set_transaction'
  readonly scope: 'transaction' | 'session'
  readonly modes: TransactionModes
}

/** COMMIT and END. */
export interface Commit extends Node {
  readonly kind: 'commit'
  /** AND CHAIN: another transaction with the same modes follows at once. */
  readonly chain: boolean
}

/** ROLLBACK and ABORT. */
export interface Rollback extends Node {
  readonly kind: 'rollback'
  readonly chain: boolean
}

/** The first phase of a two-phase commit, and its two decisions; `gid` is the transaction's global identifier. */
export interface PrepareTransaction extends Node {
  readonly kind: 'prepare_transaction'
  readonly gid: string
}

export interface CommitPrepared extends Node {
  readonly kind: 'commit_prepared'
  readonly gid: string
}

export interface RollbackPrepared extends Node {
  readonly kind: 'rollback_prepared'
  readonly gid: string
}

export interface Savepoint extends Node {
  readonly kind: 'savepoint'
  readonly name: string
}

export interface RollbackTo extends Node {
  readonly kind: 'rollback_to'
  readonly name: string
}

export interface Release extends Node {
  readonly kind: 'release'
  readonly name: string
}

// -------------------------------------------------------------------------------------------------------- utility

/** SET. `values` null is DEFAULT; numbers and names arrive as their text. `SET TIME ZONE x` sets `timezone`. */
export interface SetVariable extends Node {
  readonly kind: 'set'
  readonly name: string
  readonly values: readonly string[] | null
  readonly local: boolean
}

/** `name` null is SHOW ALL. SHOW TRANSACTION ISOLATION LEVEL shows `transaction_isolation`. */
export interface Show extends Node {
  readonly kind: 'show'
  readonly name: string | null
}

/** `name` null is RESET ALL. */
export interface Reset extends Node {
  readonly kind: 'reset'
  readonly name: string | null
}

/** PostgreSQL's eight, the weakest first. */
export const TableLockModes = [
  ...(['access share', 'row share', 'row exclusive', 'share update exclusive'] as const),
  ...(['share', 'share row exclusive', 'exclusive', 'access exclusive'] as const),
] as const

export interface LockTable extends Node {
  readonly kind: 'lock_table'
  readonly tables: readonly TableName[]
  readonly mode: (typeof TableLockModes)[number]
  readonly nowait: boolean
}

export interface Listen extends Node {
  readonly kind: 'listen'
  readonly channel: string
}

/** `channel` null is UNLISTEN *. */
export interface Unlisten extends Node {
  readonly kind: 'unlisten'
  readonly channel: string | null
}

export interface Notify extends Node {
  readonly kind: 'notify'
  readonly channel: string
  readonly payload: string
}

/** Of a stored procedure. The position is its name's. */
export interface Call extends Node {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Expression[]
}

/** Null: not said, the format's default holds. */
export interface CopyOptions {
  readonly format: 'text' | 'csv'
  readonly delimiter: string | null
  readonly header: boolean
  readonly null: string | null
  readonly quote: string | null
  readonly escape: string | null
}

/** COPY table FROM; `file` null is STDIN. */
export interface Copy extends Node {
  readonly kind: 'copy'
  readonly table: TableName
  readonly columns: readonly ColumnName[] | null
  readonly file: string | null
  readonly options: CopyOptions
}

export interface Explain extends Node {
  readonly kind: 'explain'
  readonly analyze: boolean
  /** Isolde's own: print the generated code. */
  readonly code: boolean
  readonly statement: DataStatement
}

export type DataStatement = Query | Insert | Update | Delete

export type Statement =
  | DataStatement
  | CreateTable
  | CreateIndex
  | DropTable
  | DropIndex
  | Truncate
  | Begin
  | SetTransaction
  | Commit
  | Rollback
  | PrepareTransaction
  | CommitPrepared
  | RollbackPrepared
  | Savepoint
  | RollbackTo
  | Release
  | SetVariable
  | Show
  | Reset
  | LockTable
  | Listen
  | Unlisten
  | Notify
  | Call
  | Copy
  | Explain

/** One statement of a text, with what its readers need beside the tree. */
export interface ParsedStatement {
  readonly statement: Statement
  /** The statement's text is `sql.slice(start, end)`, without the semicolon. Positions in the tree count from the text's start, not from here. */
  readonly start: number
  readonly end: number
  /** The highest n of `$n`; 0 without parameters. */
  readonly parameterCount: number
  /** The slots whose value belongs to the plan, ascending. Depends on `NormalisedText.key` alone. */
  readonly pinned: readonly number[]
}

/** A statement's text with each literal replaced by its kind: what the plan cache looks up first (normalise.ts). */
export interface NormalisedText {
  /** Equal keys: the same tokens but for the values of the literals. */
  readonly key: string
  /** Slot i's value: number | bigint for int4 and int8, `NumericValue` for numeric, string for a string. */
  readonly literals: readonly LiteralValue[]
  /** Slot i's 0-based offset in the text, ascending. */
  readonly positions: readonly number[]
}

export interface NumericValue {
  readonly unscaled: number | bigint
  readonly scale: number
}

export type LiteralValue = number | bigint | string | NumericValue
