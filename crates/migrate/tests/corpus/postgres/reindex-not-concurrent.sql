-- case: table
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: reindex-not-concurrent
REINDEX TABLE t;

-- case: index, quoted
-- before: CREATE TABLE t (id bigint PRIMARY KEY, a int);
-- before: CREATE INDEX "t A" ON t (a);
-- expect: reindex-not-concurrent
reindex index public."t A";

-- case: with options
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: reindex-not-concurrent
REINDEX (VERBOSE) TABLE t;

-- case: schema, one by one
-- transaction: no
-- expect: reindex-not-concurrent
REINDEX SCHEMA public;

-- case: concurrently
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
REINDEX TABLE CONCURRENTLY t;

-- case: concurrently as an option
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- transaction: no
-- expect: none
reindex (concurrently true, verbose) table t;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY);
REINDEX TABLE t;
