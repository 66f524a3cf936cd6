-- case: concurrently, but the rows may repeat
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- transaction: no
-- expect: unique-on-existing
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email);

-- case: partial and by expression
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY, email text);
-- transaction: no
-- expect: unique-on-existing
create unique index concurrently if not exists "U" on public."Users" using btree (lower(email)) where email is not null;

-- case: in the transaction, blocking as well
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: unique-on-existing, index-not-concurrent
CREATE UNIQUE INDEX users_email ON users (email);

-- case: added column, unique, constant default
-- note: two rows get the same value: 23505 on PostgreSQL 15
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: unique-on-existing, add-unique-constraint
ALTER TABLE users ADD COLUMN code text DEFAULT 'x' UNIQUE;

-- case: columns hold the primary key
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- transaction: no
-- expect: none
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_id_email ON users (id, email);

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_email ON users (email);

-- case: an ordinary index named unique
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- transaction: no
-- expect: none
CREATE INDEX CONCURRENTLY IF NOT EXISTS "unique index" ON users (email);
