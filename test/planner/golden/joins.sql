--- Join order and join methods.

CREATE TABLE region (r_id int PRIMARY KEY, r_name text);
CREATE TABLE nation (n_id int PRIMARY KEY, n_region int, n_name text);
CREATE TABLE customer (c_id int PRIMARY KEY, c_nation int, c_name text);
CREATE TABLE orders (o_id bigint PRIMARY KEY, o_customer int, o_date date);
CREATE INDEX orders_customer ON orders (o_customer);
CREATE TABLE line (l_order bigint, l_number int, l_price numeric(10,2), PRIMARY KEY (l_order, l_number));

-- rows region 5
-- rows nation 25
-- rows customer 1500
-- rows orders 15000
-- rows line 60000

SELECT * FROM customer JOIN nation ON c_nation = n_id;
-- Hash Join  (rows=250)
--   Hash Cond: (customer.c_nation = nation.n_id)
--   ->  Seq Scan on customer  (rows=1500)
--   ->  Hash  (rows=25)
--         ->  Seq Scan on nation  (rows=25)

SELECT * FROM nation JOIN customer ON c_nation = n_id;
-- Project  (rows=250)
--   Output: nation.n_id, nation.n_region, nation.n_name, customer.c_id, customer.c_nation, customer.c_name
--   ->  Hash Join  (rows=250)
--         Hash Cond: (customer.c_nation = nation.n_id)
--         ->  Seq Scan on customer  (rows=1500)
--         ->  Hash  (rows=25)
--               ->  Seq Scan on nation  (rows=25)

--- No cross product, whatever the order of FROM.

SELECT n_name, sum(l_price) FROM region, customer, line, nation, orders
WHERE c_id = o_customer AND l_order = o_id AND c_nation = n_id AND n_region = r_id AND r_name = 'ASIA'
  AND o_date >= date '1994-01-01' AND o_date < date '1995-01-01'
GROUP BY n_name ORDER BY 2 DESC;
-- Sort  (rows=2)
--   Sort Key: sum(line.l_price) DESC
--   ->  HashAggregate  (rows=2)
--         Group Key: nation.n_name
--         ->  Index Join using line_pkey on line  (rows=20)
--               Index Cond: (l_order = orders.o_id)
--               ->  Hash Join  (rows=5)
--                     Hash Cond: (orders.o_customer = customer.c_id)
--                     ->  Seq Scan on orders  (rows=150)
--                           Filter: (orders.o_date >= '1994-01-01'::date) AND (orders.o_date < '1995-01-01'::date)
--                     ->  Hash  (rows=50)
--                           ->  Hash Join  (rows=50)
--                                 Hash Cond: (customer.c_nation = nation.n_id)
--                                 ->  Seq Scan on customer  (rows=1500)
--                                 ->  Hash  (rows=5)
--                                       ->  Hash Join  (rows=5)
--                                             Hash Cond: (nation.n_region = region.r_id)
--                                             ->  Seq Scan on nation  (rows=25)
--                                             ->  Hash  (rows=1)
--                                                   ->  Seq Scan on region  (rows=1)
--                                                         Filter: (region.r_name = 'ASIA'::text)

--- A small outer side looks the inner rows up.

SELECT c_name, o_date FROM customer JOIN orders ON o_customer = c_id WHERE c_id = 7;
-- Project  (rows=1)
--   Output: customer.c_name, orders.o_date
--   ->  Index Join using orders_customer on orders  (rows=1)
--         Index Cond: (o_customer = customer.c_id)
--         Join Filter: (orders.o_customer = 7)
--         ->  Index Scan using customer_pkey on customer  (rows=1)
--               Index Cond: (c_id = 7)

SELECT * FROM orders LEFT JOIN line ON l_order = o_id AND l_price > 5 WHERE o_id = 4;
-- Index Left Join using line_pkey on line  (rows=1)
--   Index Cond: (l_order = orders.o_id)
--   Join Filter: (line.l_price > 5.00)
--   ->  Index Scan using orders_pkey on orders  (rows=1)
--         Index Cond: (o_id = 4)

SELECT o_id FROM orders JOIN customer ON c_id = o_customer WHERE o_id IN (1, 2, 3);
-- Project  (rows=450)
--   Output: orders.o_id
--   ->  Index Join using customer_pkey on customer  (rows=450)
--         Index Cond: (c_id = orders.o_customer)
--         ->  Index Join using orders_pkey on orders  (rows=3)
--               Index Cond: (o_id = o_id)
--               ->  HashAggregate  (rows=3)
--                     Group Key: o_id
--                     ->  Values Scan  (rows=3)

--- A left join keeps its rows, unless WHERE rejects the nulls.

SELECT * FROM customer LEFT JOIN nation ON c_nation = n_id WHERE n_name IS NULL;
-- Filter  (rows=15)
--   Filter: (nation.n_name IS NULL)
--   ->  Hash Left Join  (rows=1500)
--         Hash Cond: (customer.c_nation = nation.n_id)
--         ->  Seq Scan on customer  (rows=1500)
--         ->  Hash  (rows=25)
--               ->  Seq Scan on nation  (rows=25)

SELECT c_id FROM customer LEFT JOIN nation ON c_nation = n_id WHERE n_name = 'x';
-- Project  (rows=17)
--   Output: customer.c_id
--   ->  Hash Join  (rows=17)
--         Hash Cond: (customer.c_nation = nation.n_id)
--         ->  Seq Scan on customer  (rows=1500)
--         ->  Hash  (rows=2)
--               ->  Seq Scan on nation  (rows=2)
--                     Filter: (nation.n_name = 'x'::text)

SELECT c_id FROM customer LEFT JOIN nation ON c_nation = n_id AND c_id > 5 AND n_name = 'x' WHERE c_name = 'y';
-- Project  (rows=15)
--   Output: customer.c_id
--   ->  Hash Left Join  (rows=15)
--         Hash Cond: (customer.c_nation = nation.n_id)
--         Join Filter: (customer.c_id > 5)
--         ->  Seq Scan on customer  (rows=15)
--               Filter: (customer.c_name = 'y'::text)
--         ->  Hash  (rows=2)
--               ->  Seq Scan on nation  (rows=2)
--                     Filter: (nation.n_name = 'x'::text)

SELECT count(*) FROM nation LEFT JOIN (customer JOIN orders ON c_id = o_customer) ON c_nation = n_id;
-- Aggregate  (rows=1)
--   ->  Hash Left Join  (rows=2500)
--         Hash Cond: (nation.n_id = customer.c_nation)
--         ->  Seq Scan on nation  (rows=25)
--         ->  Hash  (rows=15000)
--               ->  Hash Join  (rows=15000)
--                     Hash Cond: (orders.o_customer = customer.c_id)
--                     ->  Seq Scan on orders  (rows=15000)
--                     ->  Hash  (rows=1500)
--                           ->  Seq Scan on customer  (rows=1500)

SELECT n_id, n.c FROM nation LEFT JOIN (SELECT c_nation AS x, count(*) AS c FROM customer GROUP BY c_nation) n ON n.x = n_id;
-- Project  (rows=25)
--   Output: nation.n_id, count(*)
--   ->  Hash Left Join  (rows=25)
--         Hash Cond: (nation.n_id = customer.c_nation)
--         ->  Seq Scan on nation  (rows=25)
--         ->  Hash  (rows=150)
--               ->  HashAggregate  (rows=150)
--                     Group Key: customer.c_nation
--                     ->  Seq Scan on customer  (rows=1500)

--- Without an equality.

SELECT * FROM region, nation WHERE n_id > r_id;
-- Project  (rows=42)
--   Output: region.r_id, region.r_name, nation.n_id, nation.n_region, nation.n_name
--   ->  Nested Loop  (rows=42)
--         Join Filter: (nation.n_id > region.r_id)
--         ->  Seq Scan on nation  (rows=25)
--         ->  Materialize  (rows=5)
--               ->  Seq Scan on region  (rows=5)

SELECT * FROM region CROSS JOIN nation;
-- Project  (rows=125)
--   Output: region.r_id, region.r_name, nation.n_id, nation.n_region, nation.n_name
--   ->  Nested Loop  (rows=125)
--         ->  Seq Scan on nation  (rows=25)
--         ->  Materialize  (rows=5)
--               ->  Seq Scan on region  (rows=5)

--- What is common to the branches of OR moves on its own.

SELECT 1 FROM nation, region WHERE (n_region = r_id AND n_name = 'a') OR (n_region = r_id AND n_name = 'b');
-- Project  (rows=3)
--   Output: 1
--   ->  Index Join using region_pkey on region  (rows=3)
--         Index Cond: (r_id = nation.n_region)
--         ->  Seq Scan on nation  (rows=3)
--               Filter: ((nation.n_name = 'a'::text) OR (nation.n_name = 'b'::text))

SELECT * FROM nation a JOIN nation b USING (n_id);
-- Project  (rows=25)
--   Output: a.n_id, a.n_region, a.n_name, b.n_region, b.n_name
--   ->  Hash Join  (rows=25)
--         Hash Cond: (a.n_id = b.n_id)
--         ->  Seq Scan on a  (rows=25)
--         ->  Hash  (rows=25)
--               ->  Seq Scan on b  (rows=25)
