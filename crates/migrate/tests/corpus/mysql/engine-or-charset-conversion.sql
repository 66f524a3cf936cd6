-- case: other engine
-- before: CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB;
-- expect: engine-or-charset-conversion
ALTER TABLE t ENGINE=MyISAM;

-- case: convert
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT) DEFAULT CHARSET=latin1;
-- expect: engine-or-charset-conversion
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- case: convert, short words, backticks
-- before: CREATE TABLE `T` (id INT PRIMARY KEY, s TEXT) DEFAULT CHARSET=latin1;
-- expect: engine-or-charset-conversion
alter table `T` convert to charset utf8mb4;

-- case: one column
-- note: latin1 to utf8mb4 is refused by INPLACE
-- before: CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(20) CHARACTER SET latin1);
-- expect: engine-or-charset-conversion
ALTER TABLE t MODIFY s VARCHAR(20) CHARACTER SET utf8mb4;

-- case: partitioned
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: engine-or-charset-conversion
ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4;

-- case: default of the table only
-- note: INSTANT accepted; columns keep their character set
-- before: CREATE TABLE t (id INT PRIMARY KEY, s TEXT) DEFAULT CHARSET=latin1;
-- expect: none
ALTER TABLE t DEFAULT CHARACTER SET utf8mb4;

-- case: new table
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- case: comment of the table
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t COMMENT = 'ENGINE=MyISAM, CONVERT TO CHARACTER SET latin1';

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY, s TEXT);
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;
