-- case: column constraint
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: foreign-key-without-index
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id));

-- case: table constraint, lower case
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: foreign-key-without-index
create table "c" (id integer primary key, "p_id" integer, foreign key ("p_id") references p);

-- case: added column
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY);
-- expect: foreign-key-without-index
ALTER TABLE c ADD COLUMN p_id INTEGER REFERENCES p (id);

-- case: index in the same file
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: none
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id));
CREATE INDEX c_p_id ON c (p_id);

-- case: the key is the row id
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: none
CREATE TABLE c (id INTEGER PRIMARY KEY REFERENCES p (id));

-- case: first column of the primary key
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- expect: none
CREATE TABLE c (p_id INTEGER REFERENCES p (id), n INTEGER, PRIMARY KEY (p_id, n)) WITHOUT ROWID;

-- case: the word is a default
-- expect: none
CREATE TABLE c (id INTEGER PRIMARY KEY, s TEXT DEFAULT 'REFERENCES p (id)');
