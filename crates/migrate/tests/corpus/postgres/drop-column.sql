-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: drop-column
ALTER TABLE users DROP COLUMN email;

-- case: without the word COLUMN
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: drop-column
alter table users drop email;

-- case: if exists, only, schema and quotes
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY, "E Mail" text);
-- expect: drop-column
ALTER TABLE IF EXISTS ONLY public."Users" DROP COLUMN IF EXISTS "E Mail" CASCADE;

-- case: second action of several
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: drop-column
ALTER TABLE users ADD COLUMN phone text, DROP COLUMN email;

-- case: column named like a keyword
-- before: CREATE TABLE users (id bigint PRIMARY KEY, "constraint" text);
-- expect: drop-column
ALTER TABLE users DROP "constraint";

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY, email text);
ALTER TABLE users DROP COLUMN email;

-- case: column made in the same file
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ADD COLUMN tmp text;
ALTER TABLE users DROP COLUMN tmp;

-- case: drop default is not drop column
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text DEFAULT '');
-- expect: none
ALTER TABLE users ALTER COLUMN email DROP DEFAULT;

-- case: drop identity keeps the column
-- before: CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
-- expect: none
ALTER TABLE users ALTER id DROP IDENTITY;

-- case: dropping a check keeps the column
-- before: CREATE TABLE users (id bigint PRIMARY KEY, age int, CONSTRAINT "column" CHECK (age > 0));
-- expect: none
ALTER TABLE users DROP CONSTRAINT "column";
