-- case: plain
-- before: CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
-- expect: refresh-not-concurrent
REFRESH MATERIALIZED VIEW mv;

-- case: with data, quoted
-- before: CREATE MATERIALIZED VIEW "M V" AS SELECT 1 AS a;
-- expect: refresh-not-concurrent
refresh materialized view public."M V" with data;

-- case: concurrently, which may run in a transaction
-- note: REFRESH ... CONCURRENTLY is accepted inside BEGIN on PostgreSQL 15, unlike the other CONCURRENTLY forms
-- before: CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a;
-- before: CREATE UNIQUE INDEX mv_a ON mv (a);
-- expect: none
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;

-- case: view made in the same file
-- expect: none
CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a WITH NO DATA;
REFRESH MATERIALIZED VIEW mv;
