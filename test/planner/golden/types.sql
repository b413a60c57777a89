--- How types meet, and where they do not.

CREATE TABLE t (i int, b bigint, s smallint, n numeric(10,2), m numeric, f float8, x text, v varchar(3), d date, w timestamp, ok boolean);

SELECT i + b, i + s, i + n, n * n, n / 2, i + f, x || i, d + 1, w - w FROM t;
-- ERROR 0A000: type interval is not supported at "- w FROM t"

SELECT 1 FROM t WHERE i = '5' AND x = 'y' AND d > '2020-01-01' AND n < '1.005' AND ok;
-- Project  (rows=1)
--   Output: 1
--   ->  Seq Scan on t  (rows=1)
--         Filter: (i = 5) AND (x = 'y'::text) AND (d > '2020-01-01'::date) AND ((n)::numeric < 1.005) AND ok

SELECT 1 FROM t WHERE n > 5 AND n > 5.125 AND f > 1.5 AND b > 3 AND m = 2;
-- Project  (rows=1)
--   Output: 1
--   ->  Seq Scan on t  (rows=1)
--         Filter: (n > 5.00) AND ((n)::numeric > 5.125) AND (f > 1.5) AND (b > 3) AND (m = 2)

SELECT CASE WHEN ok THEN 1 ELSE n END, COALESCE(i, b), NULLIF(x, 'a'), GREATEST(i, 2.5) FROM t;
-- Project  (rows=1)
--   Output: CASE WHEN ok THEN 1.00 ELSE n END, COALESCE(i, b), CASE WHEN (x = 'a'::text) THEN NULL ELSE x END, GREATEST((i)::numeric, 2.5)
--   ->  Seq Scan on t  (rows=1)

SELECT i IN (1, 2.5), x IN ('a', NULL), i BETWEEN 1 AND b, i NOT BETWEEN SYMMETRIC 5 AND 1 FROM t;
-- Project  (rows=1)
--   Output: ((i)::numeric IN (1.0, 2.5)), (x IN ('a'::text, NULL)), ((i >= 1) AND (i <= b)), (NOT (((i >= 5) AND (i <= 1)) OR ((i >= 1) AND (i <= 5))))
--   ->  Seq Scan on t  (rows=1)

SELECT ok IS TRUE, ok IS NOT UNKNOWN, i IS NULL, i IS DISTINCT FROM b FROM t;
-- Project  (rows=1)
--   Output: (ok IS TRUE), (ok IS NOT UNKNOWN), (i IS NULL), (i IS DISTINCT FROM b)
--   ->  Seq Scan on t  (rows=1)

SELECT $1 + 1, $2 || 'x', $3::date, $4 FROM t WHERE i = $5 AND n = $6;
-- Project  (rows=1)
--   Output: ($1 + 1), ($2 || 'x'::text), $3, $4
--   ->  Seq Scan on t  (rows=1)
--         Filter: (i = $5) AND ((n)::numeric = $6)

INSERT INTO t (i, v, n, d) VALUES ($1, $2, $3, $4);
-- Insert on t
--   ->  Values Scan  (rows=1)

INSERT INTO t (i, n, x) VALUES (1.5, 1, 5);
-- Insert on t
--   ->  Values Scan  (rows=1)

SELECT x + 1 FROM t;
-- ERROR 42883: operator does not exist: text + integer at "+ 1 FROM t"
-- HINT: No operator matches the given name and argument types. You might need to add explicit type casts.

SELECT i = x FROM t;
-- ERROR 42883: operator does not exist: integer = text at "= x FROM t"
-- HINT: No operator matches the given name and argument types. You might need to add explicit type casts.

SELECT 1 FROM t WHERE i;
-- ERROR 42804: argument of WHERE must be type boolean, not type integer at "i"

SELECT 1 FROM t WHERE 'x';
-- ERROR 22P02: invalid input syntax for type boolean: "x" at "'x'"

SELECT NOT i FROM t;
-- ERROR 42804: argument of NOT must be type boolean, not type integer at "i FROM t"

SELECT i AND ok FROM t;
-- ERROR 42804: argument of AND must be type boolean, not type integer at "i AND ok FROM t"

SELECT CASE WHEN i THEN 1 END FROM t;
-- ERROR 42804: argument of CASE/WHEN must be type boolean, not type integer at "i THEN 1 END FROM t"

SELECT CASE WHEN ok THEN 1 ELSE x END FROM t;
-- ERROR 42804: CASE types text and integer cannot be matched at "1 ELSE x END FROM t"

SELECT COALESCE(i, x) FROM t;
-- ERROR 42804: COALESCE types integer and text cannot be matched at "x) FROM t"

SELECT i IN (1, 'x') FROM t;
-- ERROR 22P02: invalid input syntax for type integer: "x" at "'x') FROM t"

SELECT i IN (1, x) FROM t;
-- ERROR 42883: operator does not exist: integer = text at "IN (1, x) FROM t"
-- HINT: No operator matches the given name and argument types. You might need to add explicit type casts.

SELECT i = 'abc' FROM t;
-- ERROR 22P02: invalid input syntax for type integer: "abc" at "'abc' FROM t"

SELECT d = '2020-13-01' FROM t;
-- ERROR 22008: date/time field value out of range: "2020-13-01" at "'2020-13-01' FROM t"

SELECT 99999999999::int;
-- Values Scan  (rows=1)

SELECT 'abc'::int;
-- ERROR 22P02: invalid input syntax for type integer: "abc" at "'abc'::int"

SELECT ok::float8 FROM t;
-- ERROR 42846: cannot cast type boolean to double precision at "::float8 FROM t"

SELECT i::nothing FROM t;
-- ERROR 42704: type "nothing" does not exist at "nothing FROM t"

SELECT i::interval FROM t;
-- ERROR 0A000: type interval is not supported at "interval FROM t"

SELECT nothing(i, x) FROM t;
-- ERROR 42883: function nothing(integer, text) does not exist at "nothing(i, x) FROM t"
-- HINT: No function matches the given name and argument types. You might need to add explicit type casts.

SELECT lower(i) FROM t;
-- ERROR 42883: function lower(integer) does not exist at "lower(i) FROM t"
-- HINT: No function matches the given name and argument types. You might need to add explicit type casts.

SELECT $1;
-- Values Scan  (rows=1)

SELECT $1 = i, $1 = x FROM t;
-- ERROR 42883: operator does not exist: integer = text at "= x FROM t"
-- HINT: No operator matches the given name and argument types. You might need to add explicit type casts.

SELECT $1 FROM t WHERE $1 = 5 AND $1 = d;
-- ERROR 42883: operator does not exist: integer = date at "= d"
-- HINT: No operator matches the given name and argument types. You might need to add explicit type casts.

UPDATE t SET i = x;
-- ERROR 42804: column "i" is of type integer but expression is of type text at "x"
-- HINT: You will need to rewrite or cast the expression.

UPDATE t SET ok = 1;
-- ERROR 42804: column "ok" is of type boolean but expression is of type integer at "1"
-- HINT: You will need to rewrite or cast the expression.

INSERT INTO t (i) VALUES ('x');
-- ERROR 22P02: invalid input syntax for type integer: "x" at "'x')"

INSERT INTO t (i) SELECT x FROM t;
-- ERROR 42804: column "i" is of type integer but expression is of type text at "SELECT x FROM t"
-- HINT: You will need to rewrite or cast the expression.

INSERT INTO t (d, n) SELECT '2020-01-01', '1.5';
-- Insert on t
--   ->  Values Scan  (rows=1)

VALUES (1), ('x');
-- ERROR 22P02: invalid input syntax for type integer: "x" at "'x')"

VALUES (1), (2.5), (NULL);
-- Values Scan  (rows=3)

--- What fails while it is computed fails when it is reached.

SELECT 1 / 0, CASE WHEN true THEN 1 ELSE 1 / 0 END, 2 + 3;
-- Values Scan  (rows=1)
