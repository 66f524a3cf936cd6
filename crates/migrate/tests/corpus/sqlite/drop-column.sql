-- case: plain
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: drop-column
ALTER TABLE t DROP COLUMN a;

-- case: without the word, quoted, lower case
-- before: CREATE TABLE "T" (id INTEGER PRIMARY KEY, "a b" TEXT);
-- expect: drop-column
alter table main."T" drop "a b";

-- case: brackets
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, [column] TEXT);
-- expect: drop-column
ALTER TABLE [t] DROP COLUMN [column];

-- case: left out by a rebuild
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- expect: drop-column
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t_new (id, a) SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
ALTER TABLE t DROP COLUMN a;

-- case: column made in the same file
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN a TEXT;
ALTER TABLE t DROP COLUMN a;

-- case: column added with a telling default
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN a TEXT DEFAULT 'DROP COLUMN a';
