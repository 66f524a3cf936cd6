-- case: begin and commit
-- expect: transaction-in-file
BEGIN;
CREATE TABLE t (id INTEGER PRIMARY KEY);
COMMIT;

-- case: begin immediate, end
-- expect: transaction-in-file
begin immediate transaction;
create table t (id integer primary key);
end transaction;

-- case: only a commit
-- expect: transaction-in-file
CREATE TABLE t (id INTEGER PRIMARY KEY);
COMMIT;

-- case: rollback
-- expect: transaction-in-file
CREATE TABLE t (id INTEGER PRIMARY KEY);
ROLLBACK;

-- case: body of a trigger
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);
-- expect: none
CREATE TRIGGER t_n AFTER INSERT ON t BEGIN
  UPDATE t SET n = CASE WHEN new.n IS NULL THEN 0 ELSE new.n END WHERE id = new.id;
END;

-- case: in strings and comments
-- expect: none
-- BEGIN;
CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT DEFAULT 'COMMIT;');

-- case: columns of these names
-- expect: none
CREATE TABLE t ("begin" TEXT PRIMARY KEY, [commit] TEXT, `end` TEXT);
