-- case: check
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: validate-in-same-transaction
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT pos;

-- case: foreign key, quoted
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: validate-in-same-transaction
alter table c add constraint "To P" foreign key (p_id) references p not valid;
alter table only public.c validate constraint "To P";

-- case: one by one
-- note: the lock of the first statement is released before the second begins
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- before: ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
-- transaction: no
-- expect: none
ALTER TABLE t VALIDATE CONSTRAINT pos;

-- case: added in an earlier file
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- before: ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
-- expect: none
ALTER TABLE t VALIDATE CONSTRAINT pos;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, n int);
ALTER TABLE t ADD CONSTRAINT pos CHECK (n > 0) NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT pos;
