-- case: swapped
-- before: CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'b'));
-- expect: enum-reorder
ALTER TABLE t MODIFY e ENUM('b', 'a');

-- case: inserted in the middle
-- before: CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'c'));
-- expect: enum-reorder
alter table t modify column e enum('a','b','c');

-- case: set grows past eight members
-- note: eight members take one byte, nine take two: INSTANT and INPLACE are refused
-- before: CREATE TABLE t (id INT PRIMARY KEY, s SET('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'));
-- expect: enum-reorder
ALTER TABLE t MODIFY s SET('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');

-- case: appended
-- before: CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'b'));
-- expect: none
ALTER TABLE t MODIFY e ENUM('a', 'b', 'c');

-- case: set appended within one byte
-- before: CREATE TABLE t (id INT PRIMARY KEY, s SET('a', 'b'));
-- expect: none
ALTER TABLE t MODIFY s SET('a', 'b', 'c');
