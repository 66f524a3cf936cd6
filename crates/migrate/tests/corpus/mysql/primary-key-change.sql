-- case: dropped and added
-- before: CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b INT NOT NULL UNIQUE);
-- expect: primary-key-change
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b);

-- case: wider key, backticks
-- before: CREATE TABLE `t` (`a` INT NOT NULL, `b` INT NOT NULL, PRIMARY KEY (`a`));
-- expect: primary-key-change
alter table `t` drop primary key, add primary key (`a`, `b`);

-- case: dropped
-- before: CREATE TABLE t (a INT NOT NULL PRIMARY KEY);
-- expect: primary-key-change
ALTER TABLE t DROP PRIMARY KEY;

-- case: added number
-- before: CREATE TABLE t (a INT);
-- expect: primary-key-change
ALTER TABLE t ADD COLUMN id INT NOT NULL AUTO_INCREMENT PRIMARY KEY;

-- case: added to unique columns
-- note: MariaDB 10.11 accepts NOCOPY here, because rows lie in the order of that unique key already; MySQL documents a rebuild
-- before: CREATE TABLE t (a INT NOT NULL UNIQUE);
-- expect: primary-key-change
ALTER TABLE t ADD PRIMARY KEY (a);

-- case: nothing known of the rows
-- before: CREATE TABLE t (a INT NOT NULL, b INT);
-- expect: primary-key-change, unique-on-existing
ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a);

-- case: in a new table
-- expect: none
CREATE TABLE t (a INT, PRIMARY KEY (a));

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS t (a INT NOT NULL PRIMARY KEY, b INT NOT NULL);
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a, b);

-- case: next number
-- before: CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY);
-- expect: none
ALTER TABLE t AUTO_INCREMENT = 1000;
