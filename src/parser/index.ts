/**
 * The parser: SQL text to an AST, and nothing else. It knows no catalog, no types beyond their names, no storage.
 *
 * `ast.ts` is the tree; `parse.ts` goes from text to statements; `lexer.ts` makes tokens; the grammars are two
 * chevrotain parsers built on first use (`statementGrammar.ts`: queries, DML, transactions; `utilityGrammar.ts`: DDL
 * and utility) over one expression grammar; `normalise.ts` is the plan cache's scan; `syntaxError.ts` says what was
 * expected; `deparse.ts` writes expressions back. docs/parser.md tells why.
 *
 * Guarantees: whatever the text, a tree or a DatabaseError; bounded depth; time linear in the text. May import types,
 * errors and assert.
 */
export type * from './ast.ts'
export { maxExpressionDepth } from './ast.ts'
export { isComplete } from './completeness.ts'
export { deparse, deparseType, quoteIdentifier, quoteString } from './deparse.ts'
export { renderErrorPosition } from './errorPosition.ts'
export type { ErrorPosition } from './errorPosition.ts'
export { normalise } from './normalise.ts'
export { parseStatement, parseStatements } from './parse.ts'
