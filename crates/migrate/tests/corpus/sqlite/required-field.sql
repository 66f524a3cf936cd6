-- case: plain
-- note: "Cannot add a NOT NULL column with default value NULL" as soon as there is a row
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: required-field
ALTER TABLE t ADD COLUMN n INTEGER NOT NULL;

-- case: no COLUMN, quoted, odd space
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY);
-- expect: required-field
alter table "t" add
  [n]  int	not  null;

-- case: default null
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: required-field
ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT NULL;

-- case: default only in a comment
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: required-field
ALTER TABLE t ADD COLUMN n INTEGER NOT NULL /* DEFAULT 0 */;

-- case: default
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INTEGER NOT NULL DEFAULT 0;

-- case: nullable
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INTEGER;

-- case: the words are the default
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD n TEXT DEFAULT 'NOT NULL';

-- case: named constraint with a default
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INTEGER CONSTRAINT n_there NOT NULL ON CONFLICT ABORT DEFAULT 2;

-- case: made in the same file
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY);
ALTER TABLE t ADD COLUMN n INTEGER NOT NULL;

-- case: generated
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INTEGER AS (id * 2) VIRTUAL;
