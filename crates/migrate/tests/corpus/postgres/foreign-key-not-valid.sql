-- case: plain
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: foreign-key-not-valid
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);

-- case: unnamed, quoted, actions
-- before: CREATE TABLE "P" (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: foreign-key-not-valid
alter table only public.c add foreign key (p_id) references "P" on delete cascade deferrable initially deferred;

-- case: not valid only in a comment
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: foreign-key-not-valid
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id) -- NOT VALID
;

-- case: second action
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: foreign-key-not-valid
ALTER TABLE c ADD COLUMN note text, ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);

-- case: referenced table is new, the rows are old
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: foreign-key-not-valid
CREATE TABLE p (id bigint PRIMARY KEY);
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);

-- case: not valid
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: none
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;

-- case: validated in a later file
-- note: SHARE UPDATE EXCLUSIVE on the table and ROW SHARE on the other: neither stops writes
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- before: ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;
-- expect: none
ALTER TABLE c VALIDATE CONSTRAINT c_p;

-- case: child made in the same file
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint REFERENCES p (id));
CREATE INDEX c_p_id ON c (p_id);

-- case: both made in the same file, constraint later
-- expect: none
CREATE TABLE p (id bigint PRIMARY KEY);
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
CREATE INDEX c_p_id ON c (p_id);
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);
