-- case: column added and filled
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: backfill-in-schema-transaction
ALTER TABLE t ADD COLUMN s text;
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: quoted, with a from
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, o_id bigint);
-- before: CREATE TABLE o (id bigint PRIMARY KEY, name text);
-- expect: backfill-in-schema-transaction
alter table public."T" add column "S" text;
update "T" set "S" = o.name from o where o.id = "T".o_id;

-- case: rows deleted after a change
-- before: CREATE TABLE t (id bigint PRIMARY KEY, old boolean);
-- expect: backfill-in-schema-transaction
ALTER TABLE t ADD COLUMN s text;
DELETE FROM t WHERE old;

-- case: without where as well
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: backfill-in-schema-transaction, update-without-where
ALTER TABLE t ADD COLUMN s text;
UPDATE t SET s = 'x';

-- case: one by one
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
ALTER TABLE t ADD COLUMN IF NOT EXISTS s text;
UPDATE t SET s = 'x' WHERE s IS NULL AND id < 1000;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, s text);
INSERT INTO t VALUES (1, NULL), (2, NULL);
UPDATE t SET s = 'x' WHERE s IS NULL;

-- case: only rows, in a file of their own
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: none
UPDATE t SET s = 'x' WHERE s IS NULL AND id BETWEEN 1 AND 1000;

-- case: a few rows inserted beside a new table
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: none
CREATE TABLE u (id bigint PRIMARY KEY);
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET s = excluded.s;
