--- Grouping, and what may stand beside it.

CREATE TABLE t (id int PRIMARY KEY, a int, b int, p numeric(10,2));

SELECT a, count(*), sum(p) FROM t GROUP BY a;
-- HashAggregate  (rows=1)
--   Group Key: a
--   ->  Seq Scan on t  (rows=1)

SELECT a + 1 AS k, max(b) FROM t GROUP BY a + 1 HAVING max(b) > 3 ORDER BY a + 1;
-- Sort  (rows=1)
--   Sort Key: (a + 1)
--   ->  Filter  (rows=1)
--         Filter: (max(b) > 3)
--         ->  HashAggregate  (rows=1)
--               Group Key: (a + 1)
--               ->  Seq Scan on t  (rows=1)

SELECT a AS k, count(*) FROM t GROUP BY k ORDER BY count(*) DESC, k LIMIT 3;
-- Limit  (rows=1)
--   ->  Top-N Sort  (rows=1)
--         Sort Key: count(*) DESC, a
--         ->  HashAggregate  (rows=1)
--               Group Key: a
--               ->  Seq Scan on t  (rows=1)

SELECT a, b, count(*) FROM t GROUP BY 1, 2, a;
-- HashAggregate  (rows=1)
--   Group Key: a, b
--   ->  Seq Scan on t  (rows=1)

SELECT count(*) FROM t HAVING count(*) > 1;
-- Filter  (rows=1)
--   Filter: (count(*) > 1)
--   ->  Aggregate  (rows=1)
--         ->  Seq Scan on t  (rows=1)

SELECT count(DISTINCT a), count(a), count(*), avg(p) FROM t WHERE b > 0;
-- Aggregate  (rows=1)
--   ->  Seq Scan on t  (rows=1)
--         Filter: (b > 0)

SELECT sum(p) * 2, sum(p) / count(*), sum(p) FROM t;
-- Project  (rows=1)
--   Output: (sum(p) * 2), ((sum(p))::numeric / (count(*))::numeric), sum(p)
--   ->  Aggregate  (rows=1)
--         ->  Seq Scan on t  (rows=1)

--- A predicate on a key moves below.

SELECT * FROM (SELECT a, count(*) AS n FROM t GROUP BY a) x WHERE x.a = 5 AND x.n > 2;
-- Filter  (rows=1)
--   Filter: (count(*) > 2)
--   ->  HashAggregate  (rows=1)
--         Group Key: a
--         ->  Seq Scan on t  (rows=1)
--               Filter: (a = 5)

SELECT a, count(*) FROM t GROUP BY a HAVING a > 2;
-- HashAggregate  (rows=1)
--   Group Key: a
--   ->  Seq Scan on t  (rows=1)
--         Filter: (a > 2)

--- The primary key determines the other columns.

SELECT id, a, b, count(*) FROM t GROUP BY id;
-- HashAggregate  (rows=1)
--   Group Key: id, a, b
--   ->  Seq Scan on t  (rows=1)

SELECT DISTINCT a, b FROM t ORDER BY b;
-- Sort  (rows=1)
--   Sort Key: b
--   ->  HashAggregate  (rows=1)
--         Group Key: a, b
--         ->  Seq Scan on t  (rows=1)

SELECT DISTINCT a + 1 FROM t ORDER BY a + 1;
-- Sort  (rows=1)
--   Sort Key: (a + 1)
--   ->  HashAggregate  (rows=1)
--         Group Key: (a + 1)
--         ->  Project  (rows=1)
--               Output: (a + 1)
--               ->  Seq Scan on t  (rows=1)

--- Errors.

SELECT a, b, count(*) FROM t GROUP BY a;
-- ERROR 42803: column "t.b" must appear in the GROUP BY clause or be used in an aggregate function at "b, count(*) FROM t GROUP BY a"

SELECT a + b FROM t GROUP BY a;
-- ERROR 42803: column "t.b" must appear in the GROUP BY clause or be used in an aggregate function at "b FROM t GROUP BY a"

SELECT * FROM t GROUP BY a;
-- ERROR 42803: column "id" must appear in the GROUP BY clause or be used in an aggregate function at "* FROM t GROUP BY a"

SELECT t.a FROM t HAVING count(*) > 1;
-- ERROR 42803: column "t.a" must appear in the GROUP BY clause or be used in an aggregate function at "t.a FROM t HAVING count(*) > 1"

SELECT count(*) FROM t ORDER BY a;
-- ERROR 42803: column "t.a" must appear in the GROUP BY clause or be used in an aggregate function at "a"

SELECT a FROM t WHERE count(*) > 1;
-- ERROR 42803: aggregate functions are not allowed in WHERE at "count(*) > 1"

SELECT count(*) FROM t GROUP BY count(*);
-- ERROR 42803: aggregate functions are not allowed in GROUP BY at "count(*)"

SELECT count(*) AS n FROM t GROUP BY n;
-- ERROR 42803: aggregate functions are not allowed in GROUP BY at "n"

SELECT sum(count(*)) FROM t;
-- ERROR 42803: aggregate function calls cannot be nested at "count(*)) FROM t"

SELECT * FROM t JOIN t u ON count(*) > 1;
-- ERROR 42803: aggregate functions are not allowed in JOIN conditions at "count(*) > 1"

UPDATE t SET a = count(*);
-- ERROR 42803: aggregate functions are not allowed in UPDATE at "count(*)"

INSERT INTO t VALUES (count(*));
-- ERROR 42803: aggregate functions are not allowed in VALUES at "count(*))"

SELECT a FROM t GROUP BY 2;
-- ERROR 42P10: GROUP BY position 2 is not in select list at "2"

SELECT a FROM t GROUP BY 'x';
-- ERROR 42601: non-integer constant in GROUP BY at "'x'"

SELECT DISTINCT a FROM t ORDER BY b;
-- ERROR 42P10: for SELECT DISTINCT, ORDER BY expressions must appear in select list at "b"

SELECT lower(DISTINCT 'x');
-- ERROR 42809: DISTINCT specified, but lower is not an aggregate function at "lower(DISTINCT 'x')"

SELECT lower(*);
-- ERROR 42809: (*) specified, but lower is not an aggregate function at "lower(*)"

SELECT sum(*) FROM t;
-- ERROR 42883: function sum() does not exist at "sum(*) FROM t"
-- HINT: No function matches the given name and argument types. You might need to add explicit type casts.

SELECT sum('x') FROM t;
-- ERROR 22P02: invalid input syntax for type double precision: "x" at "'x') FROM t"

SELECT sum(true) FROM t;
-- ERROR 42883: function sum(boolean) does not exist at "sum(true) FROM t"
-- HINT: No function matches the given name and argument types. You might need to add explicit type casts.
