-- case: modify
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: set-not-null
ALTER TABLE t MODIFY n INT NOT NULL;

-- case: change, backticks
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `n` INT NULL);
-- expect: set-not-null
alter table `t` change `n` `n` int not null default 0;

-- case: second action
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: set-not-null
ALTER TABLE t ADD COLUMN m INT, MODIFY COLUMN n INT NOT NULL;

-- case: it was not null already
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL);
-- expect: none
ALTER TABLE t MODIFY n INT NOT NULL COMMENT 'kept';

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, n INT);
ALTER TABLE t MODIFY COLUMN IF EXISTS n INT NOT NULL;
