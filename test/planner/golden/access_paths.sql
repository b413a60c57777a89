--- How one table is read.

CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int, name text, price numeric(12,2), day date, UNIQUE (a, b));
CREATE INDEX t_day ON t (day);
CREATE INDEX t_price ON t (price);

-- rows t 100000

SELECT * FROM t WHERE id = $1;
-- Index Scan using t_pkey on t  (rows=1)
--   Index Cond: (id = $1)

SELECT name FROM t WHERE id = $1 AND price > 10;
-- Project  (rows=1)
--   Output: name
--   ->  Index Scan using t_pkey on t  (rows=1)
--         Index Cond: (id = $1)
--         Filter: (price > 10.00)

SELECT * FROM t WHERE 5 = id;
-- Index Scan using t_pkey on t  (rows=1)
--   Index Cond: (id = 5)

--- A bound in another type is brought over to the column's.

SELECT id FROM t WHERE id = 3000000000;
-- Index Scan using t_pkey on t  (rows=1)
--   Index Cond: (id = NULL)

SELECT id FROM t WHERE id = 1.5;
-- Index Scan using t_pkey on t  (rows=1)
--   Index Cond: (id = NULL)

SELECT id FROM t WHERE id >= 1.5 AND id < 9.5;
-- Index Scan using t_pkey on t  (rows=1000)
--   Index Cond: (id >= 2) AND (id < 10)

SELECT id FROM t WHERE price BETWEEN 1.005 AND 2;
-- Index Scan using t_price on t  (rows=1000)
--   Index Cond: (price >= 1.01) AND (price <= 2.00)

SELECT id FROM t WHERE day >= timestamp '2020-01-01 12:00' AND day <= timestamp '2020-01-05 12:00';
-- Index Scan using t_day on t  (rows=1000)
--   Index Cond: (day >= '2020-01-02'::date) AND (day <= '2020-01-05'::date)

SELECT id FROM t WHERE id = $1::bigint;
-- Index Scan using t_pkey on t  (rows=1)
--   Index Cond: (id = $1)

SELECT id FROM t WHERE id + 0 = 5;
-- Seq Scan on t  (rows=1000)
--   Filter: ((id + 0) = 5)

--- Equality before range before scan.

SELECT id FROM t WHERE a = 1 AND b > 5;
-- Index Scan using t_a_b_key on t  (rows=333)
--   Index Cond: (a = 1) AND (b > 5)

SELECT id FROM t WHERE a = 1 AND b = 5;
-- Index Scan using t_a_b_key on t  (rows=1)
--   Index Cond: (a = 1) AND (b = 5)

SELECT id FROM t WHERE b = 5;
-- Project  (rows=1000)
--   Output: id
--   ->  Seq Scan on t  (rows=1000)
--         Filter: (b = 5)

SELECT id FROM t WHERE day > '2020-01-01';
-- Project  (rows=33333)
--   Output: id
--   ->  Seq Scan on t  (rows=33333)
--         Filter: (day > '2020-01-01'::date)

SELECT id FROM t WHERE day BETWEEN '2020-01-01' AND '2020-01-31' AND a = 4 AND b = 7;
-- Project  (rows=1)
--   Output: id
--   ->  Index Scan using t_a_b_key on t  (rows=1)
--         Index Cond: (a = 4) AND (b = 7)
--         Filter: (day >= '2020-01-01'::date) AND (day <= '2020-01-31'::date)

SELECT id FROM t WHERE day = '2020-01-01' OR id = 5;
-- Project  (rows=1990)
--   Output: id
--   ->  Seq Scan on t  (rows=1990)
--         Filter: ((day = '2020-01-01'::date) OR (id = 5))

SELECT id FROM t WHERE id IN (1, 2, 3);
-- Project  (rows=3)
--   Output: t.id
--   ->  Index Join using t_pkey on t  (rows=3)
--         Index Cond: (id = id)
--         ->  HashAggregate  (rows=3)
--               Group Key: id
--               ->  Values Scan  (rows=3)

--- Order and LIMIT.

SELECT * FROM t ORDER BY id;
-- Index Scan using t_pkey on t  (rows=100000)

SELECT * FROM t ORDER BY id DESC LIMIT 10;
-- Limit  (rows=10)
--   ->  Index Scan Backward using t_pkey on t  (rows=100000)

SELECT * FROM t ORDER BY name LIMIT 10 OFFSET 5;
-- Limit  (rows=10)
--   ->  Top-N Sort  (rows=100000)
--         Sort Key: name
--         ->  Seq Scan on t  (rows=100000)

SELECT * FROM t ORDER BY name LIMIT $1 OFFSET $2;
-- Limit  (rows=100)
--   ->  Top-N Sort  (rows=100000)
--         Sort Key: name
--         ->  Seq Scan on t  (rows=100000)

SELECT id, day FROM t ORDER BY day LIMIT 3;
-- Limit  (rows=3)
--   ->  Index Scan using t_day on t  (rows=100000)

SELECT id, day FROM t ORDER BY day NULLS FIRST LIMIT 3;
-- Limit  (rows=3)
--   ->  Top-N Sort  (rows=100000)
--         Sort Key: day NULLS FIRST
--         ->  Seq Scan on t  (rows=100000)

SELECT id FROM t WHERE a = 5 ORDER BY b LIMIT 3;
-- Project  (rows=3)
--   Output: id
--   ->  Limit  (rows=3)
--         ->  Index Scan using t_a_b_key on t  (rows=1000)
--               Index Cond: (a = 5)

SELECT id FROM t WHERE a = 5 ORDER BY a, b DESC;
-- Project  (rows=1000)
--   Output: id
--   ->  Index Scan Backward using t_a_b_key on t  (rows=1000)
--         Index Cond: (a = 5)

SELECT id FROM t WHERE id > $1 ORDER BY id LIMIT 20;
-- Limit  (rows=20)
--   ->  Index Scan using t_pkey on t  (rows=33333)
--         Index Cond: (id > $1)

SELECT a AS x FROM t ORDER BY x, b LIMIT 1;
-- Project  (rows=1)
--   Output: a
--   ->  Limit  (rows=1)
--         ->  Index Scan using t_a_b_key on t  (rows=100000)

SELECT id FROM t LIMIT 5;
-- Limit  (rows=5)
--   ->  Seq Scan on t  (rows=100000)

--- Columns that nobody reads are not read.

SELECT count(*) FROM t;
-- Aggregate  (rows=1)
--   ->  Seq Scan on t  (rows=100000)

SELECT x.name FROM (SELECT name, price * 2 AS double, id FROM t) x WHERE x.id < 10 AND x.id > 5;
-- Index Scan using t_pkey on t  (rows=1000)
--   Index Cond: (id > 5) AND (id < 10)

--- DML.

UPDATE t SET price = price * 2 WHERE id = $1;
-- Update on t  (single row)
--   ->  Index Scan using t_pkey on t  (rows=1)
--         Index Cond: (id = $1)

UPDATE t SET name = 'x' WHERE a = 1;
-- Update on t
--   ->  Index Scan using t_a_b_key on t  (rows=1000)
--         Index Cond: (a = 1)

UPDATE t SET day = day + 1 WHERE day < '2020-01-01';
-- Update on t
--   ->  Index Scan using t_day on t  (rows=33333)
--         Index Cond: (day < '2020-01-01'::date)

DELETE FROM t WHERE id = 7 AND name = 'x';
-- Delete on t  (single row)
--   ->  Index Scan using t_pkey on t  (rows=1)
--         Index Cond: (id = 7)
--         Filter: (name = 'x'::text)

DELETE FROM t WHERE a = 1 AND b = 2 RETURNING name;
-- Delete on t  (single row)
--   ->  Index Scan using t_a_b_key on t  (rows=1)
--         Index Cond: (a = 1) AND (b = 2)

DELETE FROM t;
-- Delete on t
--   ->  Seq Scan on t  (rows=100000)

INSERT INTO t VALUES (1, 2), (3, 4);
-- Insert on t
--   ->  Values Scan  (rows=2)

INSERT INTO t (id, a) SELECT id + 1000, a FROM t WHERE id < 5 AND id >= 0;
-- Insert on t
--   ->  Project  (rows=1000)
--         Output: (id + 1000), a, NULL, NULL, NULL, NULL
--         ->  Index Scan using t_pkey on t  (rows=1000)
--               Index Cond: (id >= 0) AND (id < 5)
