-- case: plain
-- before: CREATE TABLE booking (id bigint PRIMARY KEY, during tsrange);
-- expect: exclusion-constraint
ALTER TABLE booking ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);

-- case: quoted, partial
-- before: CREATE TABLE "B" (id bigint PRIMARY KEY, during tsrange, live boolean);
-- expect: exclusion-constraint
alter table public."B" add exclude using gist (during with &&) where (live);

-- case: part of a new table
-- expect: none
CREATE TABLE booking (id bigint PRIMARY KEY, during tsrange, EXCLUDE USING gist (during WITH &&));

-- case: table made in the same file
-- expect: none
CREATE TABLE booking (id bigint PRIMARY KEY, during tsrange);
ALTER TABLE booking ADD CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&);

-- case: exclude as a window option
-- expect: none
CREATE VIEW w AS SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s FROM (VALUES (1), (2)) v (x);
