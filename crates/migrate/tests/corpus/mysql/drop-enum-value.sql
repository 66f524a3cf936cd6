-- case: last value
-- before: CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'b', 'c'));
-- expect: drop-enum-value
ALTER TABLE t MODIFY e ENUM('a', 'b');

-- case: first value, backticks, lower case
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `e` ENUM('a', 'b', 'c'));
-- expect: drop-enum-value
alter table `t` modify column `e` enum ('b','c');

-- case: member of a set
-- before: CREATE TABLE t (id INT PRIMARY KEY, s SET('a', 'b', 'c'));
-- expect: drop-enum-value
ALTER TABLE t CHANGE s s SET('a', 'c');

-- case: value with a comma appended
-- before: CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'b'));
-- expect: none
ALTER TABLE t MODIFY e ENUM('a', 'b', 'c,d');

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, e ENUM('a', 'b'));
ALTER TABLE t MODIFY COLUMN IF EXISTS e ENUM('a');
