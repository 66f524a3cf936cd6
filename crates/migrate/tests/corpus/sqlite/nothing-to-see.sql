-- case: view
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
CREATE VIEW v AS SELECT id FROM t;

-- case: analyze
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE INDEX t_a ON t (a);
ANALYZE t;

-- case: virtual table
-- expect: none
CREATE VIRTUAL TABLE words USING fts5(body, tokenize = 'porter');

-- case: comment of hazards
-- expect: none
-- instead of DROP TABLE t; UPDATE t SET a = 1; PRAGMA foreign_keys = OFF;
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);

-- case: strict table
-- expect: none
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL) STRICT;
