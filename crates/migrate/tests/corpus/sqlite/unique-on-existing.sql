-- case: plain
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: unique-on-existing
CREATE UNIQUE INDEX t_a ON t (a);

-- case: if not exists, quoted, schema, partial
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY, a TEXT);
-- expect: unique-on-existing
create unique index if not exists main."t a" on "t" (a collate nocase) where a is not null;

-- case: by a rebuild
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: unique-on-existing
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
INSERT INTO t_new SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: ordinary index
-- note: SQLite has one writer at a time anyway; building an index has no milder form
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE INDEX "unique" ON t (a);

-- case: the primary key is part of it
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE UNIQUE INDEX t_a ON t (a, id);

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX t_a ON t (a);

-- case: if not exists makes nothing new here
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: unique-on-existing
CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX t_a ON t (a);
