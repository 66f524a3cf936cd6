-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: required-field
ALTER TABLE users ADD COLUMN email text NOT NULL;

-- case: without COLUMN, quoted, odd space
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY);
-- expect: required-field
alter  table	"Users"
add "E Mail"   varchar ( 80 ) not
null;

-- case: default null is no default
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: required-field
ALTER TABLE users ADD COLUMN email text DEFAULT NULL NOT NULL;

-- case: second action
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: required-field
ALTER TABLE public.users ADD a text, ADD b integer NOT NULL;

-- case: the default is only in a comment
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: required-field
ALTER TABLE users ADD COLUMN email text NOT NULL /* DEFAULT '' */;

-- case: constant default
-- note: relfilenode unchanged on PostgreSQL 15; a constant default needs no rewrite since 11
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';

-- case: default first
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN n int DEFAULT 0 NOT NULL;

-- case: nullable
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN email text;

-- case: not null only inside a check of a string
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN email text DEFAULT 'NOT NULL';

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY);
ALTER TABLE users ADD COLUMN email text NOT NULL;

-- case: explicit null
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN email text NULL;
