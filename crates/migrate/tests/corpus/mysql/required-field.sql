-- case: plain
-- note: rows get 0, which nobody wrote
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: required-field
ALTER TABLE t ADD COLUMN n INT NOT NULL;

-- case: backticks, no COLUMN
-- before: CREATE TABLE `t` (id INT PRIMARY KEY);
-- expect: required-field
alter table `t` add `s` varchar(20) not null comment 'DEFAULT ''x''';

-- case: in parentheses
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: required-field
ALTER TABLE t ADD COLUMN (a INT, b DATE NOT NULL);

-- case: with default
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INT NOT NULL DEFAULT 0;

-- case: nullable
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INT COMMENT 'NOT NULL one day';

-- case: current timestamp
-- note: INSTANT accepted: one value for all rows
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY);
ALTER TABLE t ADD COLUMN IF NOT EXISTS n INT NOT NULL;
