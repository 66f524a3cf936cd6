-- case: plain
-- before: CREATE TABLE events (id bigint PRIMARY KEY);
-- expect: truncate-cascade
TRUNCATE events CASCADE;

-- case: with everything
-- before: CREATE TABLE events (id bigint PRIMARY KEY);
-- expect: truncate-cascade
truncate table public."events" restart identity
  cascade;

-- case: a table named cascade
-- before: CREATE TABLE "cascade" (id bigint);
-- expect: truncate
TRUNCATE "cascade";
