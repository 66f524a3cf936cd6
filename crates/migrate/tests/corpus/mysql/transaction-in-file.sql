-- case: a table inside
-- note: CREATE TABLE commits the row before it: ROLLBACK finds nothing to undo
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
START TRANSACTION;
INSERT INTO t VALUES (1);
CREATE TABLE IF NOT EXISTS u (id INT PRIMARY KEY);
COMMIT;

-- case: begin, lower case
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
begin work;
alter table t add column if not exists s text;
commit;

-- case: begun and never committed
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
START TRANSACTION;
INSERT INTO t VALUES (1);

-- case: rows only, begun and committed
-- note: a MySQL file runs one by one, so this transaction is the only one
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
START TRANSACTION;
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
COMMIT;

-- case: autocommit switched off
-- note: what follows is lost unless somebody commits
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: transaction-in-file
SET autocommit = 0;
INSERT INTO t VALUES (1);

-- case: the words in a string
-- before: CREATE TABLE log (id INT PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, 'START TRANSACTION; COMMIT;');

-- case: a column named commit
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, `commit` TEXT, begin DATE, end DATE);
