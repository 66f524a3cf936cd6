-- case: plain
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: check-not-valid
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0);

-- case: unnamed, quoted
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, "N" int);
-- expect: check-not-valid
alter table "T" add check ("N" is not null);

-- case: the words are in the expression only
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: check-not-valid
ALTER TABLE t ADD CONSTRAINT c CHECK (s <> 'NOT VALID');

-- case: with another action
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: check-not-valid
ALTER TABLE public.t ADD COLUMN m int, ADD CONSTRAINT pos CHECK (n > 0);

-- case: not valid
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: none
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;

-- case: validated in a later file
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- before: ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
-- expect: none
ALTER TABLE t VALIDATE CONSTRAINT pos;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, n int);
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0);

-- case: a policy with check is no check constraint
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: none
CREATE POLICY p ON t FOR INSERT WITH CHECK (n > 0);
