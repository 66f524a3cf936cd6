-- case: plain
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- expect: drop-index, drop-index-not-concurrent
DROP INDEX t_a;

-- case: if exists, qualified, cascade
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX "t_A" ON t (a);
-- expect: drop-index, drop-index-not-concurrent
DROP INDEX IF EXISTS public . "t_A" CASCADE;

-- case: the word only in a comment
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- expect: drop-index, drop-index-not-concurrent
DROP INDEX /* CONCURRENTLY */ t_a;

-- case: outside of a transaction it blocks as well
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- transaction: no
-- expect: drop-index, drop-index-not-concurrent
DROP INDEX IF EXISTS t_a;

-- case: the words inside a string
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log VALUES (7, 'DROP INDEX t_a');
