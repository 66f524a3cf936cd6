-- case: two tables that exist
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- before: CREATE TABLE b (id bigint PRIMARY KEY);
-- expect: lock-held-across-statements
ALTER TABLE a ADD COLUMN x text;
ALTER TABLE b ADD COLUMN y text;

-- case: a long query follows
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- before: CREATE TABLE big (id bigint PRIMARY KEY, n int);
-- before: CREATE TABLE sums (n bigint);
-- expect: lock-held-across-statements
alter table a add x text;
insert into sums select sum(n) from big;

-- case: trigger switched off, then another table
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- before: CREATE TABLE "B" (id bigint PRIMARY KEY);
-- expect: lock-held-across-statements
ALTER TABLE a ALTER COLUMN id SET DEFAULT 7;
ALTER TABLE public."B" ALTER COLUMN id SET DEFAULT 7;

-- case: one by one
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- before: CREATE TABLE b (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
ALTER TABLE a ADD COLUMN IF NOT EXISTS x text;
ALTER TABLE b ADD COLUMN IF NOT EXISTS y text;

-- case: the strong lock comes last
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE b (id bigint PRIMARY KEY);
CREATE INDEX b_id ON b (id);
ALTER TABLE a ADD COLUMN x text;

-- case: several actions of one statement
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE a ADD COLUMN x text, ADD COLUMN y text, ALTER COLUMN y SET DEFAULT 'k';

-- case: a comment on the column follows
-- note: catalog changes of the table that is locked already wait for nothing and read no rows
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE a ADD COLUMN x text;
COMMENT ON COLUMN a.x IS 'what x means';

-- case: a weaker lock, then another table
-- note: SET (fillfactor) takes SHARE UPDATE EXCLUSIVE
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- before: CREATE TABLE b (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE a SET (fillfactor = 80);
ALTER TABLE b ADD COLUMN y text;

-- case: only new tables
-- expect: none
CREATE TABLE a (id bigint PRIMARY KEY);
ALTER TABLE a ADD COLUMN x text;
CREATE TABLE b (id bigint PRIMARY KEY);
INSERT INTO b VALUES (1);
