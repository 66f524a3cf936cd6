-- case: no primary key
-- opt-in: missing-primary-key
-- expect: missing-primary-key
CREATE TABLE t (a TEXT);

-- case: no primary key, nobody asked
-- expect: none
CREATE TABLE t (a TEXT);

-- case: table constraint
-- opt-in: missing-primary-key
-- expect: none
CREATE TABLE t (a TEXT, b TEXT, PRIMARY KEY (a, b));
