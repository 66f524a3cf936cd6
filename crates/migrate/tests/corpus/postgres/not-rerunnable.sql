-- case: create table
-- transaction: no
-- expect: not-rerunnable
CREATE TABLE t (id bigint PRIMARY KEY);
CREATE TABLE IF NOT EXISTS u (id bigint PRIMARY KEY);

-- case: add column
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: not-rerunnable
alter table t add column s text;
create table if not exists u (id bigint primary key);

-- case: concurrent index
-- note: a failed build leaves an invalid index of this name; with IF NOT EXISTS the second run would skip it silently, so the index must be checked as well
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- transaction: no
-- expect: not-rerunnable
CREATE INDEX CONCURRENTLY t_a ON t (a);

-- case: drop of a concurrent index
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX t_a ON t (a);
-- transaction: no
-- expect: not-rerunnable, drop-index
DROP INDEX CONCURRENTLY t_a;

-- case: all with if not exists
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
CREATE TABLE IF NOT EXISTS u (id bigint PRIMARY KEY);
ALTER TABLE t ADD COLUMN IF NOT EXISTS s text;

-- case: in a transaction
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY);
CREATE TABLE u (id bigint PRIMARY KEY);

-- case: statements that may always run again
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
VACUUM t;
ANALYZE t;

-- case: or replace
-- transaction: no
-- expect: none
CREATE OR REPLACE VIEW v AS SELECT 1 AS a;
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
