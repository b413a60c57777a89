--- What names mean, and what they do not.

CREATE TABLE t (id int PRIMARY KEY, amount int, name text);
CREATE TABLE u (id int, t_id int);

SELECT amont FROM t;
-- ERROR 42703: column "amont" does not exist at "amont FROM t"
-- HINT: Perhaps you meant to reference the column "t.amount".

SELECT t.amont FROM t;
-- ERROR 42703: column t.amont does not exist at "t.amont FROM t"
-- HINT: Perhaps you meant to reference the column "t.amount".

SELECT x.id FROM t;
-- ERROR 42P01: missing FROM-clause entry for table "x" at "x.id FROM t"

SELECT tt.id FROM t;
-- ERROR 42P01: missing FROM-clause entry for table "tt" at "tt.id FROM t"
-- HINT: Perhaps you meant to reference the table alias "t".

SELECT id FROM t, u;
-- ERROR 42702: column reference "id" is ambiguous at "id FROM t, u"

SELECT t.id FROM t x;
-- ERROR 42P01: invalid reference to FROM-clause entry for table "t" at "t.id FROM t x"
-- HINT: Perhaps you meant to reference the table alias "x".

SELECT * FROM t, t;
-- ERROR 42712: table name "t" specified more than once at "t"

SELECT * FROM t JOIN u x ON u.id = 1;
-- ERROR 42P01: invalid reference to FROM-clause entry for table "u" at "u.id = 1"
-- HINT: Perhaps you meant to reference the table alias "x".

SELECT * FROM t, u JOIN u v ON t.id = v.id;
-- ERROR 42P01: invalid reference to FROM-clause entry for table "t" at "t.id = v.id"
-- DETAIL: There is an entry for table "t", but it cannot be referenced from this part of the query.

SELECT x.* FROM t;
-- ERROR 42P01: missing FROM-clause entry for table "x" at "x.* FROM t"

SELECT *;
-- ERROR 42601: SELECT * with no tables specified is not valid at "*"

SELECT * FROM ts;
-- ERROR 42P01: relation "ts" does not exist at "ts"
-- HINT: Perhaps you meant to reference the table "t".

SELECT * FROM public.t;
-- Seq Scan on t  (rows=1)

SELECT * FROM other.t;
-- ERROR 3F000: schema "other" does not exist at "other.t"
-- HINT: The only schema is public.

SELECT * FROM t_pkey;
-- ERROR 42809: "t_pkey" is not a table at "t_pkey"

SELECT * FROM t JOIN u USING (amount);
-- ERROR 42703: column "amount" specified in USING clause does not exist in right table at "amount)"

SELECT * FROM t JOIN u USING (nothing);
-- ERROR 42703: column "nothing" specified in USING clause does not exist in left table at "nothing)"

SELECT * FROM t JOIN u USING (id, id);
-- ERROR 42701: column name "id" appears more than once in USING clause at "id)"

SELECT id, t.id, u.id FROM t JOIN u USING (id);
-- Project  (rows=1)
--   Output: t.id, t.id, u.id
--   ->  Hash Join  (rows=1)
--         Hash Cond: (t.id = u.id)
--         ->  Seq Scan on t  (rows=1)
--         ->  Hash  (rows=1)
--               ->  Seq Scan on u  (rows=1)

SELECT a FROM t AS x (a, b);
-- Seq Scan on x  (rows=1)

SELECT * FROM t AS x (a, b, c, d);
-- ERROR 42P10: table "x" has 3 columns available but 4 columns specified at "t AS x (a, b, c, d)"

SELECT id AS a, amount AS a FROM t ORDER BY a;
-- ERROR 42702: ORDER BY "a" is ambiguous at "a"

SELECT id AS amount, name FROM t ORDER BY amount;
-- Index Scan using t_pkey on t  (rows=1)

SELECT id FROM t ORDER BY 2;
-- ERROR 42P10: ORDER BY position 2 is not in select list at "2"

SELECT id FROM t ORDER BY 'x';
-- ERROR 42601: non-integer constant in ORDER BY at "'x'"

SELECT id FROM t LIMIT id;
-- ERROR 42P10: argument of LIMIT must not contain variables at "id"

SELECT id FROM t LIMIT 'x';
-- ERROR 22P02: invalid input syntax for type bigint: "x" at "'x'"

SELECT id FROM t LIMIT '5';
-- Limit  (rows=1)
--   ->  Seq Scan on t  (rows=1)

INSERT INTO t (id, nam) VALUES (1, 'x');
-- ERROR 42703: column "nam" of relation "t" does not exist at "nam) VALUES (1, 'x')"
-- HINT: Perhaps you meant to reference the column "t.name".

INSERT INTO t (id, id) VALUES (1, 2);
-- ERROR 42701: column "id" specified more than once at "id) VALUES (1, 2)"

INSERT INTO t VALUES (1, 2, 'x', 4);
-- ERROR 42601: INSERT has more expressions than target columns at "4)"

INSERT INTO t (id, amount) VALUES (1);
-- ERROR 42601: INSERT has more target columns than expressions at "amount) VALUES (1)"

INSERT INTO t (id) VALUES (1, 2);
-- ERROR 42601: INSERT has more expressions than target columns at "2)"

INSERT INTO t (id, amount) SELECT 1;
-- ERROR 42601: INSERT has more target columns than expressions at "SELECT 1"

UPDATE t SET x = 1;
-- ERROR 42703: column "x" of relation "t" does not exist at "x = 1"

UPDATE t SET id = 1, id = 2;
-- ERROR 42601: multiple assignments to same column "id" at "id = 2"

UPDATE t SET id = 1 RETURNING x;
-- ERROR 42703: column "x" does not exist at "x"

DELETE FROM t x WHERE t.id = 1;
-- ERROR 42P01: invalid reference to FROM-clause entry for table "t" at "t.id = 1"
-- HINT: Perhaps you meant to reference the table alias "x".
