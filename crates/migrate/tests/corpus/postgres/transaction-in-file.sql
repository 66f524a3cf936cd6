-- case: begin and commit
-- expect: transaction-in-file
BEGIN;
CREATE TABLE t (id bigint PRIMARY KEY);
COMMIT;

-- case: start transaction, lower case
-- expect: transaction-in-file
start transaction isolation level serializable;
create table if not exists t (id bigint primary key);
commit and no chain;

-- case: begun and never committed, one by one
-- note: what follows BEGIN is rolled back when the connection ends
-- transaction: no
-- expect: transaction-in-file
BEGIN;
CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY);

-- case: begun and committed, one by one
-- note: no other transaction is open, so nothing is closed or lost
-- transaction: no
-- expect: none
BEGIN;
CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY);
CREATE TABLE IF NOT EXISTS u (id bigint PRIMARY KEY);
COMMIT;

-- case: only a commit
-- expect: transaction-in-file
CREATE TABLE t (id bigint PRIMARY KEY);
COMMIT;

-- case: rollback
-- expect: transaction-in-file
CREATE TABLE t (id bigint PRIMARY KEY);
ROLLBACK WORK;

-- case: end is commit
-- expect: transaction-in-file
CREATE TABLE t (id bigint PRIMARY KEY);
END;

-- case: the block of a function
-- expect: none
CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN 1;
END;
$$;

-- case: a body of the new kind
-- expect: none
CREATE FUNCTION one() RETURNS int
BEGIN ATOMIC
  SELECT CASE WHEN true THEN 1 END;
END;

-- case: the words in strings and comments
-- expect: none
-- BEGIN;
CREATE TABLE t (id bigint PRIMARY KEY, s text DEFAULT 'COMMIT;');
/* COMMIT; */

-- case: columns of these names
-- expect: none
CREATE TABLE t ("begin" date, "commit" text, "end" date, PRIMARY KEY ("begin"));
