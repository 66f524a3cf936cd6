-- case: added to an existing table
-- before: CREATE TABLE docs (id bigint PRIMARY KEY);
-- expect: json-not-jsonb
ALTER TABLE docs ADD COLUMN body json;

-- case: quoted, if not exists
-- before: CREATE TABLE docs (id bigint PRIMARY KEY);
-- expect: json-not-jsonb
alter table docs add if not exists "Body" JSON;

-- case: jsonb
-- before: CREATE TABLE docs (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE docs ADD COLUMN body jsonb;

-- case: a column named json
-- before: CREATE TABLE docs (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE docs ADD COLUMN json text;

-- case: new table, no query reads it yet
-- note: json has no equality operator, which breaks SELECT DISTINCT and UNION of queries that exist; nothing queries a new table
-- expect: none
CREATE TABLE docs (id bigint PRIMARY KEY, body json);
