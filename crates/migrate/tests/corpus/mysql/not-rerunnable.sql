-- case: two tables
-- expect: not-rerunnable
CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY);

-- case: a column, then a table
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: not-rerunnable
alter table t add column s text;
create table if not exists b (id int primary key);

-- case: one statement is done or not done
-- note: one DDL statement is atomic on MariaDB 10.6+ and MySQL 8.0
-- expect: none
CREATE TABLE a (id INT PRIMARY KEY);

-- case: all with if not exists
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
CREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY);
ALTER TABLE t ADD COLUMN IF NOT EXISTS s TEXT;

-- case: or replace
-- expect: none
CREATE OR REPLACE VIEW v AS SELECT 1 AS a;
CREATE OR REPLACE VIEW w AS SELECT 2 AS a;
