-- case: plain
-- note: NOT ENFORCED is MySQL 8.0.16 only, MariaDB refuses to parse it
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: add-check-blocks, check-not-valid
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0);

-- case: unnamed, backticks
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `n` INT);
-- expect: add-check-blocks, check-not-valid
alter table `t` add check (`n` <> 7);

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, n INT);
ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS pos CHECK (n > 0);

-- case: in a new table
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, n INT CHECK (n > 0));

-- case: a column named check
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN `check` INT;
