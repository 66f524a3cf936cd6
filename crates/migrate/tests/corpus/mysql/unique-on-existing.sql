-- case: statement
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: unique-on-existing
CREATE UNIQUE INDEX t_a ON t (a);

-- case: action, backticks
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `a` INT);
-- expect: unique-on-existing
alter table `t` add unique key `u` (`a`);

-- case: constraint
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT);
-- expect: unique-on-existing
ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b);

-- case: new column, same value everywhere
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: unique-on-existing
ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 0 UNIQUE;

-- case: ordinary index
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
CREATE INDEX `unique` ON t (a);

-- case: the primary key is part of it
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
ALTER TABLE t ADD UNIQUE KEY u (a, id);

-- case: new nullable column
-- note: NULLs never repeat
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN a INT UNIQUE;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, a INT);
CREATE UNIQUE INDEX IF NOT EXISTS u ON t (a);

-- case: if not exists makes nothing new here
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: unique-on-existing
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, a INT);
CREATE UNIQUE INDEX IF NOT EXISTS u ON t (a);
