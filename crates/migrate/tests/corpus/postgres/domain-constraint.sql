-- case: constraint added to a domain
-- before: CREATE DOMAIN zip AS text;
-- before: CREATE TABLE a (id bigint PRIMARY KEY, z zip);
-- expect: domain-constraint
ALTER DOMAIN zip ADD CONSTRAINT five CHECK (length(VALUE) = 5);

-- case: not null set
-- before: CREATE DOMAIN "Zip" AS text;
-- before: CREATE TABLE a (id bigint PRIMARY KEY, z "Zip");
-- expect: domain-constraint
alter domain public."Zip" set not null;

-- case: column of a constrained domain added
-- note: rewrites the table on PostgreSQL 15: relfilenode changes although there is no default
-- before: CREATE DOMAIN zip AS text CHECK (length(VALUE) = 5);
-- before: CREATE TABLE a (id bigint PRIMARY KEY);
-- expect: domain-constraint
ALTER TABLE a ADD COLUMN z zip;

-- case: not valid
-- before: CREATE DOMAIN zip AS text;
-- before: CREATE TABLE a (id bigint PRIMARY KEY, z zip);
-- expect: none
ALTER DOMAIN zip ADD CONSTRAINT five CHECK (length(VALUE) = 5) NOT VALID;

-- case: domain made with a constraint
-- note: nothing uses a new domain: no table is locked or scanned; other linters warn of it for what comes later
-- expect: none
CREATE DOMAIN zip AS text CHECK (length(VALUE) = 5);

-- case: domain made in the same file
-- expect: none
CREATE DOMAIN zip AS text;
ALTER DOMAIN zip ADD CONSTRAINT five CHECK (length(VALUE) = 5);

-- case: default of a domain
-- before: CREATE DOMAIN zip AS text;
-- before: CREATE TABLE a (id bigint PRIMARY KEY, z zip);
-- expect: none
ALTER DOMAIN zip SET DEFAULT '00000';
