--- CREATE and DROP.

CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE CHECK (a > 0), b text DEFAULT 'x' NOT NULL, CHECK (a < 10), CONSTRAINT positive CHECK (id > a), UNIQUE (a, b));

CREATE TABLE t (x int);
-- ERROR 42P07: relation "t" already exists at "t (x int)"

CREATE TABLE IF NOT EXISTS t (x int);
-- NOTICE: relation "t" already exists, skipping

CREATE TABLE t_pkey (x int);
-- ERROR 42P07: relation "t_pkey" already exists at "t_pkey (x int)"

CREATE TABLE public.ok (x int);

CREATE TABLE other.t (x int);
-- ERROR 3F000: schema "other" does not exist at "other.t (x int)"
-- HINT: The only schema is public.

CREATE TABLE x (a int, a text);
-- ERROR 42701: column "a" specified more than once at "a text)"

CREATE TABLE x (a nothing);
-- ERROR 42704: type "nothing" does not exist at "nothing)"

CREATE TABLE x (a interval);
-- ERROR 0A000: type interval is not supported at "interval)"

CREATE TABLE x (a int PRIMARY KEY, b int PRIMARY KEY);
-- ERROR 42P16: multiple primary keys for table "x" are not allowed at "PRIMARY KEY)"

CREATE TABLE x (a int, PRIMARY KEY (b));
-- ERROR 42703: column "b" named in key does not exist at "b))"

CREATE TABLE x (a int, PRIMARY KEY (a, a));
-- ERROR 42701: column "a" appears twice in primary key constraint at "a))"

CREATE TABLE x (a int NULL NOT NULL);
-- ERROR 42601: conflicting NULL/NOT NULL declarations for column "a" of table "x" at "NULL NOT NULL)"

CREATE TABLE x (a int DEFAULT 1 DEFAULT 2);
-- ERROR 42601: multiple default values specified for column "a" of table "x" at "DEFAULT 2)"

CREATE TABLE x (a int DEFAULT 'x');
-- ERROR 22P02: invalid input syntax for type integer: "x" at "'x')"

CREATE TABLE x (a int DEFAULT true);
-- ERROR 42804: column "a" is of type integer but default expression is of type boolean at "true)"
-- HINT: You will need to rewrite or cast the expression.

CREATE TABLE x (a int, b int DEFAULT a + 1);
-- ERROR 0A000: cannot use column reference in DEFAULT expression at "a + 1)"

CREATE TABLE x (a int DEFAULT count(*));
-- ERROR 42803: aggregate functions are not allowed in DEFAULT expressions at "count(*))"

CREATE TABLE x (a int CHECK (a));
-- ERROR 42804: argument of CHECK must be type boolean, not type integer at "a))"

CREATE TABLE x (a int CHECK (b > 1));
-- ERROR 42703: column "b" does not exist at "b > 1))"

CREATE TABLE x (a int CHECK (sum(a) > 1));
-- ERROR 42803: aggregate functions are not allowed in CHECK constraints at "sum(a) > 1))"

CREATE TABLE x (a int CHECK (a > $1));
-- ERROR 42P02: there is no parameter $1 at "$1))"

CREATE TABLE x (a int, CONSTRAINT c CHECK (a > 1), CONSTRAINT c CHECK (a > 2));
-- ERROR 42710: constraint "c" for relation "x" already exists at "CONSTRAINT c CHECK (a > 2))"

CREATE TABLE x (a int, CONSTRAINT t UNIQUE (a));
-- ERROR 42P07: relation "t" already exists at "CONSTRAINT t UNIQUE (a))"

CREATE TABLE x (a int) USING column;
-- ERROR 42601: syntax error at or near "column" at "column"
-- DETAIL: Expected a name.

CREATE TABLE x (a int) USING nothing;
-- ERROR 42704: access method "nothing" does not exist at "CREATE TABLE x (a int) USING nothing"

CREATE INDEX ON t (b);

CREATE INDEX t ON t (b);
-- ERROR 42P07: relation "t" already exists at "CREATE INDEX t ON t (b)"

CREATE INDEX IF NOT EXISTS t_b_idx ON t (b);
-- NOTICE: relation "t_b_idx" already exists, skipping

CREATE INDEX ON t (nothing);
-- ERROR 42703: column "nothing" does not exist at "nothing)"

CREATE INDEX ON nothing (a);
-- ERROR 42P01: relation "nothing" does not exist at "nothing (a)"

CREATE INDEX ON t (a DESC, b DESC);

CREATE INDEX ON t (a, b DESC);
-- ERROR 0A000: an index with both ASC and DESC columns is not supported at "b DESC)"

CREATE INDEX ON t (a NULLS FIRST);
-- ERROR 0A000: NULLS FIRST in this index is not supported at "a NULLS FIRST)"

DROP INDEX t_pkey;
-- ERROR 2BP01: cannot drop index t_pkey because constraint t_pkey on table t requires it at "t_pkey"

DROP INDEX nothing;
-- ERROR 42704: index "nothing" does not exist at "nothing"

DROP INDEX IF EXISTS nothing;
-- NOTICE: index "nothing" does not exist, skipping

DROP INDEX t;
-- ERROR 42809: "t" is not an index at "t"

DROP TABLE t_b_idx;
-- ERROR 42809: "t_b_idx" is not a table at "t_b_idx"

DROP TABLE nothing;
-- ERROR 42P01: table "nothing" does not exist at "nothing"

DROP TABLE IF EXISTS nothing, t;
-- NOTICE: table "nothing" does not exist, skipping

SELECT * FROM t;
-- ERROR 42P01: relation "t" does not exist at "t"
