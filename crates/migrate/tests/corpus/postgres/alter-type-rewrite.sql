-- case: integer to bigint
-- before: CREATE TABLE t (id integer PRIMARY KEY);
-- expect: alter-type-rewrite
ALTER TABLE t ALTER COLUMN id TYPE bigint;

-- case: set data type, quoted
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, "N" smallint);
-- expect: alter-type-rewrite
alter table only "T" alter column "N" set data type int;

-- case: json to jsonb
-- before: CREATE TABLE t (id bigint PRIMARY KEY, j json);
-- expect: alter-type-rewrite
ALTER TABLE t ALTER j TYPE jsonb USING j::jsonb;

-- case: timestamp to timestamptz
-- note: no rewrite when the session's time zone is UTC (12+); the file does not say which it is
-- before: CREATE TABLE t (id bigint PRIMARY KEY, at timestamp);
-- expect: alter-type-rewrite
ALTER TABLE t ALTER at TYPE timestamptz USING at AT TIME ZONE 'Europe/Vienna';

-- case: char to longer char
-- before: CREATE TABLE t (id bigint PRIMARY KEY, c char(2));
-- expect: alter-type-rewrite
ALTER TABLE t ALTER COLUMN c TYPE char(3);

-- case: same type, but computed anew
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: alter-type-rewrite
ALTER TABLE t ALTER COLUMN s TYPE text USING lower(s);

-- case: numeric with another scale
-- note: every value of numeric(10,2) fits numeric(12,4)
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n numeric(10,2));
-- expect: alter-type-rewrite
ALTER TABLE t ALTER COLUMN n TYPE numeric(12,4);

-- case: second action of several
-- before: CREATE TABLE t (id integer PRIMARY KEY, n int);
-- expect: alter-type-rewrite
ALTER TABLE t ALTER COLUMN n SET DEFAULT 0, ALTER COLUMN n TYPE bigint;

-- case: text with a cast to itself
-- note: relfilenode unchanged on PostgreSQL 15
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(9));
-- expect: none
ALTER TABLE t ALTER COLUMN s TYPE text USING s::text;

-- case: varchar without limit
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(9));
-- expect: none
ALTER TABLE t ALTER COLUMN s SET DATA TYPE varchar;

-- case: numeric with more digits, same scale
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n numeric(10,2));
-- expect: none
ALTER TABLE t ALTER COLUMN n TYPE numeric(14,2);

-- case: numeric without limits
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n numeric(10,2));
-- expect: none
ALTER TABLE t ALTER COLUMN n TYPE numeric;

-- case: timestamp with more digits
-- before: CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz(3));
-- expect: none
ALTER TABLE t ALTER COLUMN at TYPE timestamptz(6);

-- case: varbit longer
-- before: CREATE TABLE t (id bigint PRIMARY KEY, b varbit(8));
-- expect: none
ALTER TABLE t ALTER COLUMN b TYPE varbit(16);

-- case: cidr to inet
-- before: CREATE TABLE t (id bigint PRIMARY KEY, net cidr);
-- expect: none
ALTER TABLE t ALTER COLUMN net TYPE inet;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id integer PRIMARY KEY);
ALTER TABLE t ALTER COLUMN id TYPE bigint;

-- case: a column named type gets a default
-- before: CREATE TABLE t (id bigint PRIMARY KEY, type text);
-- expect: none
ALTER TABLE t ALTER COLUMN type SET DEFAULT 'bigint';
