-- case: plain
-- before: CREATE TABLE orders (id bigint PRIMARY KEY);
-- expect: drop-table
DROP TABLE orders;

-- case: if exists and cascade
-- before: CREATE TABLE orders (id bigint PRIMARY KEY);
-- expect: drop-table
DROP TABLE IF EXISTS orders CASCADE;

-- case: quoted and schema-qualified
-- before: CREATE SCHEMA sales;
-- before: CREATE TABLE sales."Order Lines" (id bigint PRIMARY KEY);
-- expect: drop-table
drop table sales."Order Lines";

-- case: comment between the words
-- before: CREATE TABLE orders (id bigint PRIMARY KEY);
-- expect: drop-table
DROP /* not used /* nested */ any more */ TABLE
  -- really
  orders;

-- case: two tables, one of them made here
-- before: CREATE TABLE kept (id bigint PRIMARY KEY);
-- expect: drop-table
CREATE TABLE fresh (id bigint PRIMARY KEY);
DROP TABLE fresh, kept;

-- case: the same name in another schema is not the one made here
-- before: CREATE SCHEMA other;
-- before: CREATE TABLE other.t (id bigint PRIMARY KEY);
-- expect: drop-table
CREATE TABLE t (id bigint PRIMARY KEY);
DROP TABLE other.t;

-- case: table made in the same file
-- expect: none
CREATE TABLE scratch (id bigint PRIMARY KEY);
DROP TABLE scratch;

-- case: temporary table
-- expect: none
CREATE TEMPORARY TABLE scratch (id bigint) ON COMMIT DROP;
DROP TABLE IF EXISTS scratch;

-- case: the words inside a string
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log (id, line) VALUES (101, 'DROP TABLE orders;');

-- case: the words inside an escape string with a quote
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log (id, line) VALUES (101, E'it\'s; DROP TABLE log;');

-- case: the words inside a dollar quote
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log (id, line) VALUES (101, $q$; DROP TABLE log; $q$);

-- case: the words inside a nested comment
-- expect: none
/* /* DROP TABLE orders; */ DROP TABLE customers; */
CREATE TABLE fresh (id bigint PRIMARY KEY);

-- case: the words are an identifier
-- expect: none
CREATE TABLE "drop table orders;" (id bigint PRIMARY KEY);

-- case: if not exists makes nothing new here
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: drop-table
CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY);
DROP TABLE t;

-- case: a temporary table hides the one that stays
-- note: pg_temp is searched first: after the file `public.orders` is still there
-- before: CREATE TABLE orders (id bigint PRIMARY KEY);
-- expect: none
CREATE TEMP TABLE orders (id bigint);
DROP TABLE orders;
