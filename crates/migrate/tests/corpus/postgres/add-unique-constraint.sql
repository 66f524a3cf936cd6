-- case: plain
-- before: CREATE TABLE t (id bigint PRIMARY KEY, email text);
-- expect: add-unique-constraint, unique-on-existing
ALTER TABLE t ADD CONSTRAINT t_email UNIQUE (email);

-- case: unnamed, quoted
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, "E" text, f int);
-- expect: add-unique-constraint, unique-on-existing
alter table "T" add unique ("E", f) deferrable;

-- case: a key column among them
-- note: repeats are impossible, the index is still built under ACCESS EXCLUSIVE
-- before: CREATE TABLE t (id bigint PRIMARY KEY, tenant int);
-- expect: add-unique-constraint
ALTER TABLE t ADD CONSTRAINT t_u UNIQUE (tenant, id);

-- case: an added nullable column
-- note: all values are null, which never repeat; the index is still built under ACCESS EXCLUSIVE
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: add-unique-constraint
ALTER TABLE t ADD COLUMN code text UNIQUE;

-- case: index built in an earlier file
-- before: CREATE TABLE t (id bigint PRIMARY KEY, email text);
-- before: CREATE UNIQUE INDEX t_email ON t (email);
-- expect: none
ALTER TABLE t ADD CONSTRAINT t_email_key UNIQUE USING INDEX t_email;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, email text);
ALTER TABLE t ADD CONSTRAINT t_email UNIQUE (email);

-- case: a column named unique
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN "unique" boolean;
