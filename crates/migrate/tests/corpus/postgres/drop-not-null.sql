-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
-- expect: drop-not-null
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;

-- case: short form, quoted
-- before: CREATE TABLE users (id bigint PRIMARY KEY, "E Mail" text NOT NULL);
-- expect: drop-not-null
alter table only "users" alter "E Mail" drop not null;

-- case: among other actions
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
-- expect: drop-not-null
ALTER TABLE users ADD phone text, ALTER email DROP NOT NULL;

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;

-- case: column was never NOT NULL
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: none
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
