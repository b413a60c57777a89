/**
 * PostgreSQL's key words by what they may name (its appendix C), for the classes that restrict anything:
 *
 * | class         | as a column or table | as a function or type | as a label behind AS |
 * | ------------- | -------------------- | --------------------- | -------------------- |
 * | unreserved    | yes                  | yes                   | yes                  |
 * | column        | yes                  | no                    | yes                  |
 * | function      | no                   | yes                   | yes                  |
 * | reserved      | no                   | no                    | yes                  |
 *
 * Unreserved words are ordinary identifiers to the lexer unless a grammar decides by them (tokens.ts), so that they
 * need no list here. `labelNeedsAs` are the words that are a column's label only behind AS.
 */
export type KeywordClass = 'unreserved' | 'column' | 'function' | 'reserved'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const reservedWords = words(`
  all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
  current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
  distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
  leading limit localtime localtimestamp not null offset on only or order placing primary references returning select
  session_user some symmetric system_user table then to trailing true union unique user using variadic when where
  window with`)

export const columnWords = words(`
  between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
  integer interval least national nchar none normalize nullif numeric out overlay position precision real row setof
  smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest
  xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

export const functionWords = words(`
  authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like
  natural notnull outer overlaps right similar tablesample verbose`)

export const labelNeedsAs: ReadonlySet<string> = new Set(
  words(`
  array as char character create day except fetch filter for from grant group having hour intersect into isnull limit
  minute month notnull offset on order over overlaps precision returning second to union varying where window with
  within without year`),
)
