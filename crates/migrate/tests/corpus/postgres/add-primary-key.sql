-- case: columns that are unique and not null already
-- before: CREATE TABLE t (id bigint NOT NULL UNIQUE);
-- expect: add-primary-key
ALTER TABLE t ADD PRIMARY KEY (id);

-- case: named, quoted
-- before: CREATE TABLE "T" ("Id" bigint NOT NULL UNIQUE, b int NOT NULL);
-- expect: add-primary-key
alter table only "T" add constraint "T pk" primary key ("Id", b);

-- case: nothing known of the rows
-- before: CREATE TABLE t (id bigint NOT NULL, b int);
-- expect: add-primary-key, unique-on-existing
ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY (id);

-- case: nullable and nothing known
-- before: CREATE TABLE t (id bigint, b int);
-- expect: add-primary-key, unique-on-existing, set-not-null
ALTER TABLE public.t ADD PRIMARY KEY (id);

-- case: the index is ready but its column may be null
-- note: ADD PRIMARY KEY USING INDEX adds NOT NULL and scans the table ("verifying table")
-- before: CREATE TABLE t (id bigint);
-- before: CREATE UNIQUE INDEX t_id ON t (id);
-- expect: set-not-null
ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY USING INDEX t_id;

-- case: index built in an earlier file
-- before: CREATE TABLE t (id bigint NOT NULL);
-- before: CREATE UNIQUE INDEX t_id ON t (id);
-- expect: none
ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY USING INDEX t_id;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint);
ALTER TABLE t ADD PRIMARY KEY (id);

-- case: part of a new table
-- expect: none
CREATE TABLE t (id bigint, b int, CONSTRAINT t_pk PRIMARY KEY (id, b));
