-- case: column added and filled
-- note: ALTER commits by itself here, so its lock is not held; but one UPDATE still locks every row it touches until it ends, and there is no way back if it fails half way through the file
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: backfill-in-schema-transaction
ALTER TABLE t ADD COLUMN IF NOT EXISTS s TEXT;
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: backticks, join
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, o_id INT);
-- before: CREATE TABLE o (id INT PRIMARY KEY, name TEXT);
-- expect: backfill-in-schema-transaction
alter table `t` add column if not exists `s` text;
update `t` join o on o.id = `t`.o_id set `t`.s = o.name where `t`.s is null;

-- case: rows only
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT);
-- expect: none
UPDATE t SET s = 'x' WHERE s IS NULL AND id < 1000;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, s TEXT);
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: one row inserted, and changed if there
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT);
-- expect: none
CREATE TABLE IF NOT EXISTS u (id INT PRIMARY KEY);
INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE s = 'x';
