-- case: named in an earlier file
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint CONSTRAINT c_p REFERENCES p (id));
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: drop-foreign-key
ALTER TABLE c DROP CONSTRAINT c_p;

-- case: the name the server gave it
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint REFERENCES p (id));
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: drop-foreign-key
ALTER TABLE c DROP CONSTRAINT c_p_id_fkey;

-- case: table-level, if exists, quoted
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint, CONSTRAINT "To P" FOREIGN KEY (p_id) REFERENCES p);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: drop-foreign-key
ALTER TABLE ONLY public.c DROP CONSTRAINT IF EXISTS "To P" RESTRICT;

-- case: a check constraint
-- before: CREATE TABLE c (id bigint PRIMARY KEY, n int, CONSTRAINT foreign_key_check CHECK (n > 0));
-- expect: none
ALTER TABLE c DROP CONSTRAINT foreign_key_check;

-- case: renaming the constraint
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint CONSTRAINT c_p REFERENCES p (id));
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: none
ALTER TABLE c RENAME CONSTRAINT c_p TO c_to_p;
