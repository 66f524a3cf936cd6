-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: rename-column
ALTER TABLE users RENAME COLUMN email TO mail;

-- case: without the word COLUMN
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: rename-column
alter table users rename email to mail;

-- case: quoted names
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY, "to" text);
-- expect: rename-column
ALTER TABLE ONLY "Users" RENAME "to" TO "To";

-- case: column named constraint in quotes
-- before: CREATE TABLE users (id bigint PRIMARY KEY, "constraint" text);
-- expect: rename-column
ALTER TABLE users RENAME "constraint" TO rule;

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY, email text);
ALTER TABLE users RENAME COLUMN email TO mail;

-- case: column made in the same file
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE users RENAME COLUMN email TO mail;
