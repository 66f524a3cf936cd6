-- case: start and commit
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
START TRANSACTION;
INSERT INTO t VALUES (1);
COMMIT;

-- case: begin, lower case
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
begin work;
insert into t values (1);
commit;

-- case: autocommit switched off
-- note: what follows is lost unless somebody commits
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
SET autocommit = 0;
INSERT INTO t VALUES (1);

-- case: the words in a string
-- before: CREATE TABLE log (id INT PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (1, 'START TRANSACTION; COMMIT;');

-- case: a column named commit
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, `commit` TEXT, begin DATE, end DATE);
