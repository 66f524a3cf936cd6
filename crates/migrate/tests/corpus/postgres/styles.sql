-- case: table without schema
-- opt-in: require-table-schema
-- expect: require-table-schema
CREATE TABLE t (id bigint PRIMARY KEY);

-- case: table with schema
-- opt-in: require-table-schema
-- expect: none
CREATE TABLE public.t (id bigint PRIMARY KEY);

-- case: integer key
-- opt-in: prefer-bigint
-- expect: prefer-bigint
CREATE TABLE t (id integer PRIMARY KEY);

-- case: bigint key
-- opt-in: prefer-bigint
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY);

-- case: bigserial
-- opt-in: prefer-identity
-- expect: prefer-identity
CREATE TABLE t (id bigserial PRIMARY KEY);

-- case: identity
-- opt-in: prefer-identity
-- expect: none
CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);

-- case: varchar
-- opt-in: prefer-text
-- expect: prefer-text
CREATE TABLE t (id bigint PRIMARY KEY, s varchar(20));

-- case: text
-- opt-in: prefer-text
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, s text);

-- case: timestamp
-- opt-in: prefer-timestamptz
-- expect: prefer-timestamptz
CREATE TABLE t (id bigint PRIMARY KEY, at timestamp without time zone);

-- case: timestamptz in both spellings
-- opt-in: prefer-timestamptz
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz, b timestamp with time zone);

-- case: no primary key
-- opt-in: missing-primary-key
-- expect: missing-primary-key
CREATE TABLE t (a text);

-- case: no primary key, but nobody asked
-- expect: none
CREATE TABLE t (a text, at timestamp, n serial, s char(2));

-- case: four columns
-- opt-in: wide-index
-- expect: wide-index
CREATE TABLE t (a int PRIMARY KEY, b int, c int, d int);
CREATE INDEX t_all ON t (a, b, c, d);

-- case: four columns, unique
-- opt-in: wide-index
-- expect: none
CREATE TABLE t (a int PRIMARY KEY, b int, c int, d int);
CREATE UNIQUE INDEX t_all ON t (a, b, c, d);
