-- case: grants, comments, extensions of the catalog
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
GRANT SELECT ON TABLE t TO PUBLIC;

-- case: view
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
CREATE VIEW v AS SELECT id FROM t;

-- case: sequence
-- expect: none
CREATE SEQUENCE IF NOT EXISTS s START 100;

-- case: fill factor
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t SET (fillfactor = 80);

-- case: statistics target
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- expect: none
ALTER TABLE t ALTER COLUMN a SET STATISTICS 500;

-- case: partition made for the future
-- before: CREATE TABLE m (d date NOT NULL) PARTITION BY RANGE (d);
-- expect: none
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2030-01-01') TO ('2030-02-01');

-- case: nullable column with a long name of hazards in its comment
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
-- instead of DROP TABLE t; CREATE INDEX; VACUUM FULL
ALTER TABLE t ADD COLUMN note text;
