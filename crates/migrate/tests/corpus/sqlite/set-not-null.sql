-- case: by a rebuild
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: set-not-null
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
INSERT INTO t_new (id, a) SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: select star, quoted
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY, "a" INT);
-- expect: set-not-null
create table [t_new] (id integer primary key, "a" int not null);
insert into [t_new] select * from "t";
drop table "t";
alter table [t_new] rename to "t";

-- case: filled on the way
-- note: coalesce with a constant never is NULL
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
INSERT INTO t_new (id, a) SELECT id, coalesce(a, '') FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: new column with a default
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY);
-- expect: none
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '');
INSERT INTO t_new (id) SELECT id FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;
