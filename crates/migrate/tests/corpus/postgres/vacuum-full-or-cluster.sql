-- case: vacuum full
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: vacuum-full-or-cluster
VACUUM FULL t;

-- case: in parentheses, with analyze
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY);
-- transaction: no
-- expect: vacuum-full-or-cluster
vacuum (analyze, full) public."T";

-- case: cluster
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: vacuum-full-or-cluster
CLUSTER t USING t_pkey;

-- case: cluster verbose, quoted
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY);
-- expect: vacuum-full-or-cluster
cluster verbose "T" using "T_pkey";

-- case: ordinary vacuum
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
VACUUM (ANALYZE, VERBOSE) t;

-- case: full switched off
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
VACUUM (FULL false) t;

-- case: a table named full
-- before: CREATE TABLE "full" (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
VACUUM "full";

-- case: order for a later cluster
-- note: SHARE UPDATE EXCLUSIVE only, no rewrite
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE t CLUSTER ON t_pkey;
