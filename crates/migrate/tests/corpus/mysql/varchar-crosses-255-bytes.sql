-- case: utf8mb4, 63 to 64
-- note: 252 to 256 bytes: the length takes a second byte, MySQL copies; MariaDB 10.4.3+ stores up to 127 bytes extensibly and refuses from 128 to 255
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(63) CHARACTER SET utf8mb4);
-- expect: varchar-crosses-255-bytes
ALTER TABLE t MODIFY s VARCHAR(64) CHARACTER SET utf8mb4;

-- case: latin1, 255 to 256
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(255) CHARACTER SET latin1);
-- expect: varchar-crosses-255-bytes
ALTER TABLE t CHANGE s s VARCHAR(256) CHARACTER SET latin1;

-- case: character set of the table, backticks
-- before: CREATE TABLE `t` (id INT PRIMARY KEY, `s` VARCHAR(50)) DEFAULT CHARSET=utf8mb4;
-- expect: varchar-crosses-255-bytes
alter table `t` modify column `s` varchar(255);

-- case: within the first class
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(40) CHARACTER SET utf8mb4);
-- expect: none
ALTER TABLE t MODIFY s VARCHAR(63) CHARACTER SET utf8mb4;

-- case: within the second class
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(64) CHARACTER SET utf8mb4);
-- expect: none
ALTER TABLE t MODIFY s VARCHAR(500) CHARACTER SET utf8mb4;

-- case: latin1 up to 255
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(100) CHARACTER SET latin1);
-- expect: none
ALTER TABLE t MODIFY s VARCHAR(255) CHARACTER SET latin1;
