-- case: statement
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY t_a (a));
-- expect: drop-index
DROP INDEX t_a ON t;

-- case: action
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY `t a` (a));
-- expect: drop-index
alter table `t` drop key `t a`;

-- case: if exists, no lock
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY t_a (a));
-- expect: drop-index
ALTER TABLE t DROP INDEX IF EXISTS t_a, ALGORITHM=INPLACE, LOCK=NONE;

-- case: renamed
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY t_a (a));
-- expect: none
ALTER TABLE t RENAME INDEX t_a TO t_a_idx;

-- case: hidden first
-- note: MariaDB spelling; ALTER INDEX t_a INVISIBLE on MySQL
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY t_a (a));
-- expect: none
ALTER TABLE t ALTER INDEX t_a IGNORED;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, a INT, KEY t_a (a));
DROP INDEX IF EXISTS t_a ON t;
