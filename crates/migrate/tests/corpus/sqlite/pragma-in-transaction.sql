-- case: off and on
-- note: foreign_keys keeps its value inside a transaction, without an error
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: pragma-in-transaction
PRAGMA foreign_keys = OFF;
ALTER TABLE t ADD COLUMN a TEXT;

-- case: function form, schema, lower case
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: pragma-in-transaction
pragma main.foreign_keys(0);
alter table t add column a text;

-- case: switched on
-- expect: pragma-in-transaction
CREATE TABLE t (id INTEGER PRIMARY KEY);
PRAGMA Foreign_Keys=ON;

-- case: one by one
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- transaction: no
-- expect: none
PRAGMA foreign_keys = OFF;
ALTER TABLE t ADD COLUMN a TEXT;
PRAGMA foreign_keys = ON;

-- case: deferring works inside a transaction
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
PRAGMA defer_foreign_keys = ON;
ALTER TABLE t ADD COLUMN a TEXT;

-- case: only a check
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
PRAGMA foreign_key_check;

-- case: user version
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY);
PRAGMA user_version = 7;

-- case: in a comment
-- expect: none
-- PRAGMA foreign_keys = OFF;
CREATE TABLE t (id INTEGER PRIMARY KEY);
