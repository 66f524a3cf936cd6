-- case: plain
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- expect: update-without-where
UPDATE t SET s = 'x';

-- case: or replace, quoted, word in a string
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY, s TEXT);
-- expect: update-without-where
update or ignore main."t" set s = ' WHERE ' /* where */;

-- case: where of a subquery
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- before: CREATE TABLE u (id INTEGER PRIMARY KEY, s TEXT);
-- expect: update-without-where
UPDATE t SET s = (SELECT u.s FROM u WHERE u.id = t.id);

-- case: delete
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: update-without-where
DELETE FROM t;

-- case: with where
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- expect: none
UPDATE t SET s = 'x' WHERE id = 1;

-- case: upsert
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- expect: none
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET s = excluded.s;

-- case: inside a trigger
-- note: runs for rows to come, not for the rows there are
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- before: CREATE TABLE n (n INTEGER);
-- expect: none
CREATE TRIGGER t_n AFTER INSERT ON t BEGIN UPDATE n SET n = n + 1; END;

-- case: foreign key action
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: none
CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p (id) ON UPDATE SET NULL ON DELETE CASCADE);

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
UPDATE t SET s = 'x';
