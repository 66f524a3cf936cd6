-- case: random uuid
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: volatile-default
ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid();

-- case: not null, quoted, qualified function
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY);
-- expect: volatile-default
alter table "T" add "U" uuid not null default pg_catalog.gen_random_uuid();

-- case: clock of the moment
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: volatile-default
ALTER TABLE t ADD COLUMN at timestamptz DEFAULT clock_timestamp();

-- case: a sequence
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- before: CREATE SEQUENCE s;
-- expect: volatile-default
ALTER TABLE t ADD COLUMN n bigint DEFAULT nextval('s');

-- case: inside an expression
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: volatile-default
ALTER TABLE t ADD COLUMN r int DEFAULT (1 + floor(random() * 6))::int;

-- case: start of the transaction is one value
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN at timestamptz NOT NULL DEFAULT now();

-- case: current timestamp and date
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN at timestamptz DEFAULT CURRENT_TIMESTAMP, ADD COLUMN d date DEFAULT current_date;

-- case: constant expression with a cast
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN tags text[] NOT NULL DEFAULT '{}'::text[];

-- case: immutable function
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN s text DEFAULT lower('ABC');

-- case: the words are a string
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN s text DEFAULT 'gen_random_uuid()';

-- case: default set on a column that is there
-- before: CREATE TABLE t (id bigint PRIMARY KEY, u uuid);
-- expect: none
ALTER TABLE t ALTER COLUMN u SET DEFAULT gen_random_uuid();

-- case: added first, default second
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN u uuid;
ALTER TABLE t ALTER COLUMN u SET DEFAULT gen_random_uuid();

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY);
ALTER TABLE t ADD COLUMN u uuid DEFAULT gen_random_uuid();
