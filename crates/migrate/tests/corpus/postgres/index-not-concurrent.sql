-- case: plain
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE INDEX t_a ON t (a);

-- case: without a name, only, method
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
create index on only public.t using hash (a);

-- case: if not exists, quoted, partial
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, "A b" int);
-- expect: index-not-concurrent
CREATE INDEX IF NOT EXISTS "T a" ON "T" ("A b" DESC NULLS LAST) INCLUDE (id) WHERE "A b" > 0;

-- case: the word is the name of the index
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE INDEX "concurrently" ON t (a);

-- case: the word is in a comment
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE INDEX /* CONCURRENTLY */ t_a ON t (a);

-- case: a file that runs one by one blocks as well
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- transaction: no
-- expect: index-not-concurrent
CREATE INDEX IF NOT EXISTS t_a ON t (a);

-- case: table of the same name made here in another schema
-- before: CREATE SCHEMA other;
-- before: CREATE TABLE other.t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON other.t (a);

-- case: materialized view
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE MATERIALIZED VIEW mv AS SELECT a FROM t;
-- expect: index-not-concurrent
CREATE INDEX mv_a ON mv (a);

-- case: concurrently, one by one
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- transaction: no
-- expect: none
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);

-- case: odd spelling of concurrently
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- transaction: no
-- expect: none
create
 index /* slow */ concurrently
 if not exists "t a" on t
 (a);

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON t (a);

-- case: table made in the same file, other spelling of its name
-- expect: none
CREATE TABLE Public."t" (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON T (a);

-- case: table filled and made by a query
-- expect: none
CREATE TABLE t AS SELECT 1 AS a;
CREATE INDEX t_a ON t (a);

-- case: materialized view made in the same file
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: none
CREATE MATERIALIZED VIEW mv AS SELECT a FROM t;
CREATE INDEX mv_a ON mv (a);

-- case: the words inside a string
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log VALUES (101, 'CREATE INDEX t_a ON t (a)');

-- case: if not exists makes nothing new here
-- note: the table is there already, so the index is built on its rows
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON t (a);

-- case: quoted name of another case than the table made here
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, a int);
-- expect: index-not-concurrent
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON "T" (a);

-- case: renamed by an earlier file
-- before: CREATE TABLE old (id bigint PRIMARY KEY, a int);
-- before: ALTER TABLE old RENAME TO t;
-- expect: index-not-concurrent
CREATE INDEX t_a ON t (a);

-- case: made like another table
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: none
CREATE TABLE u (LIKE t INCLUDING ALL);
CREATE INDEX u_a ON u (a);

-- case: partition made in the same file
-- before: CREATE TABLE m (d date NOT NULL, a int) PARTITION BY RANGE (d);
-- expect: none
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2030-01-01') TO ('2030-02-01');
CREATE INDEX m1_a ON m1 (a);
