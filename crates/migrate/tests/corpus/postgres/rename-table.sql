-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users RENAME TO people;

-- case: if exists, qualified, quoted
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY);
-- expect: rename-table
alter table if exists public."Users"
	rename to "People";

-- case: comment inside
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users /* was: accounts */ RENAME -- new name
 TO people;

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY);
ALTER TABLE users RENAME TO people;

-- case: index renamed
-- before: CREATE TABLE users (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX users_a ON users (a);
-- expect: none
ALTER INDEX users_a RENAME TO users_a_idx;

-- case: constraint renamed
-- before: CREATE TABLE users (id bigint PRIMARY KEY, a int CONSTRAINT pos CHECK (a > 0));
-- expect: none
ALTER TABLE users RENAME CONSTRAINT pos TO positive;

-- case: a column named rename
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN rename text;
