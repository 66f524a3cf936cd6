-- case: plain
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: rename-column
ALTER TABLE t RENAME COLUMN a TO b;

-- case: without the word, quoted
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, "a b" TEXT);
-- expect: rename-column
alter table "t" rename "a b" to [b];

-- case: column named to
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, "to" TEXT);
-- expect: rename-column
ALTER TABLE t RENAME "to" TO "from";

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
ALTER TABLE t RENAME COLUMN a TO b;

-- case: column made in the same file
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN a TEXT;
ALTER TABLE t RENAME COLUMN a TO b;
