-- case: statistics
-- before: CREATE TABLE t (id INT PRIMARY KEY, a INT);
-- expect: none
ANALYZE TABLE t;

-- case: view
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
CREATE VIEW v AS SELECT id FROM t;

-- case: column and index at once
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN a INT, ADD INDEX t_a (a);
