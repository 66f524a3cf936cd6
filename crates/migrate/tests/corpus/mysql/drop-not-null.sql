-- case: modify to null
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL);
-- expect: drop-not-null
ALTER TABLE t MODIFY n INT NULL;

-- case: not null left out by mistake
-- note: MODIFY states the whole column; what is not repeated is gone
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL);
-- expect: drop-not-null
ALTER TABLE t MODIFY COLUMN n INT DEFAULT 5;

-- case: change without a new name
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `n` INT NOT NULL);
-- expect: drop-not-null
alter table `t` change `n` `n` int comment 'NOT NULL';

-- case: not null kept
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL);
-- expect: none
ALTER TABLE t MODIFY COLUMN n INT NOT NULL DEFAULT 5;

-- case: never was
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: none
ALTER TABLE t MODIFY n INT DEFAULT 5;
