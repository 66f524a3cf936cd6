-- case: mode emptied in the file
-- note: NULLs become 0 with a warning instead of an error
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: set-not-null-without-strict
SET SESSION sql_mode = '';
ALTER TABLE t MODIFY n INT NOT NULL;

-- case: mode without strict, lower case
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(9));
-- expect: set-not-null-without-strict
set sql_mode='NO_ENGINE_SUBSTITUTION';
alter table t modify s varchar(9) not null;

-- case: mode is strict
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: set-not-null
SET SESSION sql_mode = 'STRICT_TRANS_TABLES';
ALTER TABLE t MODIFY n INT NOT NULL;
