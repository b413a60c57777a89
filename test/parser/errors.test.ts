import { expect, test } from 'vitest'
import { parseStatements, renderErrorPosition } from '../../src/parser/index.ts'
import { errorOf } from './trees.ts'

// The whole message, as the REPL shows it, of each mistake; `vitest -u` writes the file anew, its diff is the review.
const mistakes = `
SELCT 1
foo bar
SELECT 1 FORM t
SELECT * FROM t WEHRE a = 1
SELECT a, FROM t
SELECT * FROM t WHERE
SELECT * FROM t ORDER a
SELECT * FROM t GRUOP BY a
SELECT * FROM a JION b ON true
SELECT * FROM a JOIN b WHERE true
SELECT (1 + 2
SELECT f(1,
SELECT CASE WHEN a THEN 1
SELECT 1 = 2 = 3
SELECT a BETWEEN 1 ADN 2
SELECT CAST(a TO int)
SELECT a AS FROM t
SELECT a IS NUL
INSERT INOT t VALUES (1)
INSERT INTO t VALEUS (1)
INSERT INTO t (a VALUES (1)
INSERT INTO t VALUES (1), (1, 2)
UPDATE t STE a = 1
UPDATE t SET a 1
UPDATE t SET (a, b) = (1)
DELETE FORM t
CREATE TABEL t (a int)
CREATE TABLE t (a int PRIMRAY KEY)
CREATE TABLE t (a int NOT NUL)
CREATE TABLE t (a)
CREATE TABLE t (a int,)
DROP TABLE t CASCAD
BEGIN ISOLATION LEVEL SERIALIZABEL
BEGIN ISOLATION LEVEL READ COMITTED
BEGIN ISOLATION LEVEL SERIALIZABLE USING MAGIC
COMMIT foo
COPY t FROM STDIN WIHT CSV
COPY t FROM STDIN (COLOUR 'red')
SET x
SELECT 1; SELECT 2 FORM t; SELECT 3
SELECT 'abc
SELECT "abc
SELECT 2PL
SELECT 1 LIMIT 1, 2
WITH a AS (SELECT 1) SELECT 1
SELECT sum(a) OVER () FROM t
SELECT * FROM t WHERE a IN (SELECT 1)
ALTER TABLE t ADD COLUMN b int
CREATE OR REPLACE VIEW v AS SELECT 1
`
  .trim()
  .split('\n')

test('messages of syntax errors', async () => {
  const report = mistakes.map((sql) => {
    const { code, message, detail, hint, position } = errorOf(() => parseStatements(sql))
    const place = position === undefined ? null : renderErrorPosition(sql, position)
    return [
      `ERROR ${code}: ${message}`,
      ...(place === null ? [] : [place.text, place.caret]),
      ...(detail === undefined ? [] : [`DETAIL: ${detail}`]),
      ...(hint === undefined ? [] : [`HINT: ${hint}`]),
    ].join('\n')
  })
  await expect(`${report.join('\n\n')}\n`).toMatchFileSnapshot('errors.golden.txt')
})

test('a failure behind many tokens is reported without trying what could stand there', () => {
  const sql = `SELECT ${'1, '.repeat(500)} FROM`
  expect(errorOf(() => parseStatements(sql))).toMatchObject({
    code: '42601',
    message: 'syntax error at or near "FROM"',
  })
})
