-- case: integer to smallint
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n integer);
-- expect: narrowing-type, alter-type-rewrite
ALTER TABLE t ALTER COLUMN n TYPE smallint;

-- case: shorter varchar
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(20));
-- expect: narrowing-type, alter-type-rewrite
alter table t alter s set data type character varying(10);

-- case: text to varchar
-- before: CREATE TABLE t (id bigint PRIMARY KEY, "S" text);
-- expect: narrowing-type, alter-type-rewrite
ALTER TABLE public.t ALTER "S" TYPE varchar(255);

-- case: text to integer with a cast
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: narrowing-type, alter-type-rewrite
ALTER TABLE t ALTER COLUMN s TYPE integer USING s::integer;

-- case: numeric with fewer digits
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n numeric(12,2));
-- expect: narrowing-type, alter-type-rewrite
ALTER TABLE t ALTER COLUMN n TYPE numeric(8,2);

-- case: text to json
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: narrowing-type, alter-type-rewrite, json-not-jsonb
ALTER TABLE t ALTER COLUMN s TYPE json USING s::json;

-- case: longer varchar
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(10));
-- expect: none
ALTER TABLE t ALTER COLUMN s TYPE varchar(20);

-- case: varchar to text
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(10));
-- expect: none
ALTER TABLE t ALTER COLUMN s TYPE text;

-- case: longer varchar, as an earlier file left it
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s varchar(5));
-- before: ALTER TABLE t ALTER COLUMN s TYPE varchar(30);
-- before: ALTER TABLE t RENAME COLUMN s TO label;
-- expect: none
ALTER TABLE t ALTER COLUMN label TYPE varchar(40);

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, n integer);
ALTER TABLE t ALTER COLUMN n TYPE smallint;
