-- case: asked for
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: algorithm-copy
ALTER TABLE t ADD INDEX t_a (a), ALGORITHM=COPY;

-- case: lock shared asked for
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: algorithm-copy
create index t_a on t (a) lock = shared;

-- case: lock exclusive asked for
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: algorithm-copy
ALTER TABLE t ADD COLUMN s TEXT, LOCK = EXCLUSIVE;

-- case: int to bigint
-- note: a change of type is refused by INPLACE and INSTANT
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: algorithm-copy
ALTER TABLE t MODIFY n BIGINT;

-- case: date to datetime, change
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `d` DATE);
-- expect: algorithm-copy
alter table `t` change column `d` `d` datetime;

-- case: instant demanded
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN s TEXT, ALGORITHM=INSTANT;

-- case: in place without lock
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
CREATE INDEX t_a ON t (a) ALGORITHM=INPLACE LOCK=NONE;

-- case: index, nothing demanded
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
CREATE INDEX t_a ON t (a);

-- case: a column named copy
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN copy INT COMMENT 'ALGORITHM=COPY';

-- case: default changed
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: none
ALTER TABLE t ALTER COLUMN n SET DEFAULT 5;
