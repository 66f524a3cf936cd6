-- case: plain
-- before: CREATE TABLE events (id bigint PRIMARY KEY);
-- expect: truncate
TRUNCATE events;

-- case: table, only, restart identity
-- before: CREATE TABLE events (id bigint PRIMARY KEY);
-- expect: truncate
truncate table only public.events restart identity;

-- case: several tables
-- before: CREATE TABLE a (id bigint);
-- before: CREATE TABLE b (id bigint);
-- expect: truncate
TRUNCATE TABLE a, "b" CONTINUE IDENTITY RESTRICT;

-- case: table made in the same file
-- expect: none
CREATE TABLE staging (id bigint);
TRUNCATE staging;

-- case: a column of that name
-- before: CREATE TABLE jobs (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE jobs ADD COLUMN truncate boolean;

-- case: a privilege of that name
-- before: CREATE TABLE events (id bigint PRIMARY KEY);
-- expect: none
REVOKE TRUNCATE ON TABLE events FROM PUBLIC;
