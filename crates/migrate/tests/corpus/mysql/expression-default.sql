-- case: uuid
-- note: MySQL 8.0.13+ copies the table
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: expression-default
ALTER TABLE t ADD COLUMN u VARCHAR(36) DEFAULT (uuid());

-- case: random, not null, lower case
-- note: MariaDB 10.11 accepts INSTANT and gives every row the same number; MySQL rewrites the table
-- before: CREATE TABLE `t` (id INT PRIMARY KEY);
-- expect: expression-default
alter table `t` add `r` double not null default (rand());

-- case: constant
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN u VARCHAR(36) DEFAULT '(uuid())';

-- case: set on a column that is there
-- before: CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(36));
-- expect: none
ALTER TABLE t ALTER COLUMN u SET DEFAULT (uuid());

-- case: in a new table
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(36) DEFAULT (uuid()));
