-- case: added and filled
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: backfill-in-schema-transaction
ALTER TABLE t ADD COLUMN s TEXT;
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: quoted, from another table
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY, o_id INTEGER);
-- before: CREATE TABLE o (id INTEGER PRIMARY KEY, name TEXT);
-- expect: backfill-in-schema-transaction
alter table "t" add "s" text;
update "t" set "s" = o.name from o where o.id = "t".o_id;

-- case: without where as well
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: backfill-in-schema-transaction, update-without-where
ALTER TABLE t ADD COLUMN s TEXT;
UPDATE t SET s = 'x';

-- case: one by one
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- transaction: no
-- expect: none
CREATE INDEX IF NOT EXISTS t_s ON t (s);
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
INSERT INTO t VALUES (1, NULL);
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: rows only
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
-- expect: none
UPDATE t SET s = 'x' WHERE id = 1;
