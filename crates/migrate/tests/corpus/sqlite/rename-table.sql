-- case: plain
-- before: CREATE TABLE users (id INTEGER PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users RENAME TO people;

-- case: quoted, schema, lower case
-- before: CREATE TABLE "Users" (id INTEGER PRIMARY KEY);
-- expect: rename-table
alter table main."Users" rename to [People];

-- case: comment inside
-- before: CREATE TABLE users (id INTEGER PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users RENAME /* back */ TO `people`;

-- case: made in the same file
-- expect: none
CREATE TABLE users (id INTEGER PRIMARY KEY);
ALTER TABLE users RENAME TO people;

-- case: a rebuild ends with the old name
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE TABLE "t_new" (id INTEGER PRIMARY KEY, a TEXT CHECK (length(a) < 9));
INSERT INTO "t_new" SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE "t_new" RENAME TO "t";

-- case: column named rename
-- before: CREATE TABLE users (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN "rename" TEXT;
