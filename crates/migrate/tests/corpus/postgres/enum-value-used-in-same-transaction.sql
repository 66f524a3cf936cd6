-- case: used by an insert
-- note: 55P04 "unsafe use of new value" on PostgreSQL 15
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: CREATE TABLE people (id bigint PRIMARY KEY, m mood);
-- expect: enum-value-used-in-same-transaction
ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';
INSERT INTO people (id, m) VALUES (1, 'ok');

-- case: used by a default
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: CREATE TABLE people (id bigint PRIMARY KEY);
-- expect: enum-value-used-in-same-transaction
ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';
ALTER TABLE people ADD COLUMN m mood DEFAULT 'ok';

-- case: used by an update
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: CREATE TABLE people (id bigint PRIMARY KEY, m mood);
-- expect: enum-value-used-in-same-transaction
alter type "mood" add value if not exists 'ok' after 'sad';
update people set m = 'ok'::mood where id = 3;

-- case: file runs one by one
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: CREATE TABLE people (id bigint PRIMARY KEY, m mood);
-- transaction: no
-- expect: none
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok' AFTER 'sad';
UPDATE people SET m = 'ok' WHERE id = 1;

-- case: an older value is used
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: CREATE TABLE people (id bigint PRIMARY KEY, m mood);
-- expect: none
ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';
INSERT INTO people (id, m) VALUES (1, 'glad');

-- case: type made in the same transaction
-- note: fails with 55P04 on PostgreSQL 15 too, although the type itself is uncommitted; allowed from 17 on
-- expect: enum-value-used-in-same-transaction
CREATE TYPE mood AS ENUM ('sad', 'glad');
ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';
CREATE TABLE people (id bigint PRIMARY KEY, m mood DEFAULT 'ok');

-- case: value came with an earlier file
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- before: ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';
-- expect: none
CREATE TABLE people (id bigint PRIMARY KEY, m mood DEFAULT 'ok');
