-- case: new table
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: foreign-key-without-index
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint REFERENCES p (id));

-- case: table constraint of two columns, index on the second only
-- before: CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
-- expect: foreign-key-without-index
CREATE TABLE c (id bigint PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b));
CREATE INDEX c_b ON c (b);

-- case: not valid has the same cost later
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- expect: foreign-key-without-index
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;

-- case: partial index does not serve it
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint, live boolean);
-- before: CREATE INDEX c_p_id ON c (p_id) WHERE live;
-- expect: foreign-key-without-index
alter table c add constraint c_p foreign key (p_id) references p not valid;

-- case: validating at once as well
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- before: CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint);
-- expect: foreign-key-without-index, foreign-key-not-valid
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);

-- case: index made in the same file
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint REFERENCES p (id));
CREATE INDEX ON c (p_id);

-- case: the key itself is the primary key
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY REFERENCES p (id));

-- case: first column of a wider index
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (p_id bigint REFERENCES p (id), n int, PRIMARY KEY (p_id, n));

-- case: unique constraint serves it
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY, p_id bigint UNIQUE REFERENCES p (id));

-- case: columns in another order in the index
-- before: CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY, a int, b int, FOREIGN KEY (a, b) REFERENCES p (a, b));
CREATE INDEX c_b_a ON c (b, a);
