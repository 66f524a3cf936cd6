-- case: plain
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT);
-- expect: update-without-where
UPDATE t SET s = 'x';

-- case: backticks, word in a string
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, s TEXT);
-- expect: update-without-where
update low_priority `t` set s = ' WHERE id = 1'; -- where

-- case: delete
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: update-without-where
DELETE FROM t;

-- case: with where
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT);
-- expect: none
UPDATE IGNORE t SET s = 'x' WHERE id = 1;

-- case: on duplicate key
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT);
-- expect: none
INSERT INTO t VALUES (1, 'x') ON DUPLICATE KEY UPDATE s = 'y';

-- case: a time stamp that updates itself
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);

-- case: two minus signs without a space begin no comment
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: none
UPDATE t SET n = 5--1 WHERE id = 1;

-- case: two minus signs with a space do
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: update-without-where
UPDATE t SET n = 5 -- 1 WHERE id = 1
;
