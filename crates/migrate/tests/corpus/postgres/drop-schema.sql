-- case: cascade
-- before: CREATE SCHEMA archive;
-- before: CREATE TABLE archive.orders (id bigint PRIMARY KEY);
-- expect: drop-schema
DROP SCHEMA archive CASCADE;

-- case: quoted with if exists
-- before: CREATE SCHEMA "Old Reports";
-- expect: drop-schema
drop   schema
  if exists "Old Reports" restrict;

-- case: two schemas at once
-- before: CREATE SCHEMA a1;
-- before: CREATE SCHEMA a2;
-- expect: drop-schema
DROP SCHEMA a1, a2;

-- case: made and dropped in the same file
-- expect: none
CREATE SCHEMA scratch;
DROP SCHEMA scratch;

-- case: the words inside a string
-- before: CREATE TABLE log (id bigint PRIMARY KEY, line text);
-- expect: none
INSERT INTO log (id, line) VALUES (101, 'DROP SCHEMA archive CASCADE');
