-- case: after
-- note: INSTANT on MariaDB 10.4+ and MySQL 8.0.29+; a rebuild on older MySQL 8.0, and the file does not know its server
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: column-position
ALTER TABLE t ADD COLUMN s TEXT AFTER id;

-- case: first, backticks
-- before: CREATE TABLE `t` (id INT PRIMARY KEY);
-- expect: column-position
alter table `t` add `s` text first;

-- case: a column moved
-- note: a rebuild on MySQL of every version
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT);
-- expect: column-position
ALTER TABLE t MODIFY COLUMN b INT AFTER id;

-- case: last
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
ALTER TABLE t ADD COLUMN s TEXT;

-- case: columns of these names
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN first INT, ADD COLUMN `after` INT COMMENT 'AFTER id';

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, a INT);
ALTER TABLE t ADD COLUMN IF NOT EXISTS s TEXT AFTER id;
