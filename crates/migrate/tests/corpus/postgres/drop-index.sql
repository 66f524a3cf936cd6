-- case: concurrently still takes the index from its queries
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- transaction: no
-- expect: drop-index
DROP INDEX CONCURRENTLY IF EXISTS t_a;

-- case: quoted and qualified
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX "T a" ON t (a);
-- transaction: no
-- expect: drop-index
drop index concurrently if exists public."T a";

-- case: index made in the same file on a table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX t_a ON t (a);
DROP INDEX t_a;

-- case: renaming an index
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- expect: none
ALTER INDEX t_a RENAME TO drop_index_t_a;
