-- case: create index
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: concurrent-in-transaction
CREATE INDEX CONCURRENTLY t_a ON t (a);

-- case: create index, quoted and spread
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, a int);
-- expect: concurrent-in-transaction
create index
  concurrently if not exists "T a"
  on "T" (a);

-- case: drop index
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- expect: concurrent-in-transaction, drop-index
DROP INDEX CONCURRENTLY t_a;

-- case: reindex
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: concurrent-in-transaction
REINDEX TABLE CONCURRENTLY t;

-- case: detach partition
-- before: CREATE TABLE m (d date NOT NULL) PARTITION BY RANGE (d);
-- before: CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
-- expect: concurrent-in-transaction
ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY;

-- case: on a table made in the same file it fails all the same
-- expect: concurrent-in-transaction
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX CONCURRENTLY t_a ON t (a);

-- case: an index of that name
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX "concurrently" ON t (a);

-- case: the word inside a comment
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a /* CONCURRENTLY is not needed: new table */ ON t (a);

-- case: two of them, one by one
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int, b int);
-- transaction: no
-- expect: none
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a);
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_b ON t (b);
