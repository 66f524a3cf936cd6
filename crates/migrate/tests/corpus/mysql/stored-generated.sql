-- case: stored
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: stored-generated
ALTER TABLE t ADD COLUMN m INT GENERATED ALWAYS AS (n * 2) STORED;

-- case: persistent, short form
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `n` INT);
-- expect: stored-generated
alter table `t` add `m` int as (`n` * 2) persistent;

-- case: virtual
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: none
ALTER TABLE t ADD COLUMN m INT GENERATED ALWAYS AS (n * 2) VIRTUAL;

-- case: virtual because nothing is said
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: none
ALTER TABLE t ADD COLUMN m VARCHAR(20) AS (concat(n, ' STORED'));

-- case: in a new table
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, n INT, m INT AS (n * 2) STORED);
