-- case: plain
-- before: CREATE TABLE orders (id INTEGER PRIMARY KEY);
-- expect: drop-table
DROP TABLE orders;

-- case: if exists, quoted, schema
-- before: CREATE TABLE "order lines" (id INTEGER PRIMARY KEY);
-- expect: drop-table
drop table if exists main."order lines";

-- case: brackets and odd space
-- before: CREATE TABLE [orders] (id INTEGER PRIMARY KEY);
-- expect: drop-table
DROP
	TABLE   [orders];

-- case: comment between
-- before: CREATE TABLE orders (id INTEGER PRIMARY KEY);
-- expect: drop-table
DROP /* no longer read */ TABLE -- really
`orders`;

-- case: one of two made here
-- before: CREATE TABLE kept (id INTEGER PRIMARY KEY);
-- expect: drop-table
CREATE TABLE fresh (id INTEGER PRIMARY KEY);
DROP TABLE fresh;
DROP TABLE kept;

-- case: made anew without its rows
-- note: the new table takes the old name, but nothing copies the rows
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: drop-table
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT);
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: made in the same file
-- expect: none
CREATE TABLE scratch (id INTEGER PRIMARY KEY);
DROP TABLE scratch;

-- case: temporary table
-- expect: none
CREATE TEMP TABLE scratch (id INTEGER PRIMARY KEY);
DROP TABLE temp.scratch;

-- case: inside a string
-- before: CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, 'it''s; DROP TABLE log;');

-- case: a backslash escapes nothing
-- before: CREATE TABLE log (id INTEGER PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, 'C:\'), (102, '; DROP TABLE log;');

-- case: a name in quotes
-- expect: none
CREATE TABLE "drop table orders;" (id INTEGER PRIMARY KEY);

-- case: a name in brackets
-- expect: none
CREATE TABLE [drop table orders;] (id INTEGER PRIMARY KEY);

-- case: inside comments, which do not nest
-- expect: none
/* DROP TABLE orders; /* */
CREATE TABLE fresh (id INTEGER PRIMARY KEY);

-- case: a column of that name
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN "drop table" TEXT;

-- case: if not exists makes nothing new here
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: drop-table
CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY);
DROP TABLE t;

-- case: made in the same file, other case of its letters
-- note: quoted or not, names are compared without case
-- expect: none
CREATE TABLE "Scratch" (id INTEGER PRIMARY KEY);
DROP TABLE SCRATCH;
