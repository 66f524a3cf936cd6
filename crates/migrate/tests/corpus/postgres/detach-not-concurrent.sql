-- case: plain
-- before: CREATE TABLE m (d date NOT NULL) PARTITION BY RANGE (d);
-- before: CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
-- expect: detach-not-concurrent
ALTER TABLE m DETACH PARTITION m1;

-- case: qualified, quoted, if exists
-- before: CREATE TABLE "M" (d date NOT NULL) PARTITION BY LIST (d);
-- before: CREATE TABLE "M 1" PARTITION OF "M" DEFAULT;
-- expect: detach-not-concurrent
alter table if exists public."M" detach partition public."M 1";

-- case: concurrently
-- before: CREATE TABLE m (d date NOT NULL) PARTITION BY RANGE (d);
-- before: CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
-- transaction: no
-- expect: none
ALTER TABLE m DETACH PARTITION m1 CONCURRENTLY;

-- case: made in the same file
-- expect: none
CREATE TABLE m (d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
ALTER TABLE m DETACH PARTITION m1;
