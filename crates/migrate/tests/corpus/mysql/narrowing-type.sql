-- case: int to smallint
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: narrowing-type, algorithm-copy
ALTER TABLE t MODIFY n SMALLINT;

-- case: shorter varchar
-- note: INPLACE is refused on MariaDB 10.11
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(50) CHARACTER SET utf8mb4);
-- expect: narrowing-type, algorithm-copy
ALTER TABLE t MODIFY COLUMN s VARCHAR(20) CHARACTER SET utf8mb4;

-- case: text to varchar, change
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `s` TEXT);
-- expect: narrowing-type, algorithm-copy
alter table `t` change `s` `s` varchar(40);

-- case: signed to unsigned
-- note: negative numbers fail
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT);
-- expect: narrowing-type, algorithm-copy
ALTER TABLE t MODIFY n INT UNSIGNED;

-- case: fewer digits
-- before: CREATE TABLE t (id INT PRIMARY KEY, n DECIMAL(12,2));
-- expect: narrowing-type, algorithm-copy
ALTER TABLE t MODIFY n DECIMAL(8,2);

-- case: longer varchar
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(20) CHARACTER SET utf8mb4);
-- expect: none
ALTER TABLE t MODIFY s VARCHAR(40) CHARACTER SET utf8mb4;

-- case: the display width is not the range
-- note: INT(11) and INT(5) are one type: INSTANT accepted
-- before: CREATE TABLE t (id INT PRIMARY KEY, n INT(11));
-- expect: none
ALTER TABLE t MODIFY n INT(5);

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, n INT);
ALTER TABLE t MODIFY COLUMN IF EXISTS n SMALLINT;
