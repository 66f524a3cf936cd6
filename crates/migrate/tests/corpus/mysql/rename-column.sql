-- case: rename column
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: rename-column
ALTER TABLE t RENAME COLUMN a TO b;

-- case: change
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: rename-column
ALTER TABLE t CHANGE a b INT;

-- case: change column, backticks, second action
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `a b` INT NOT NULL);
-- expect: rename-column
alter table `t` add column x int, change column `a b` `b` int not null;

-- case: change without a new name
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
ALTER TABLE t CHANGE a a INT COMMENT 'renamed from b';

-- case: only the case of the letters
-- note: column names are compared without case: queries go on working
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
ALTER TABLE t CHANGE a A INT;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, a INT);
ALTER TABLE t RENAME COLUMN IF EXISTS a TO b;
