-- case: by a rebuild
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- expect: drop-not-null
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t_new (id, a) SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: quoted, lower case
-- before: CREATE TABLE "t" (id INTEGER PRIMARY KEY, "a" INT NOT NULL DEFAULT 0);
-- expect: drop-not-null
create table "t2" (id integer primary key, "a" int default 0);
insert into "t2" select * from "t";
drop table "t";
alter table "t2" rename to "t";

-- case: not null kept
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- expect: none
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '');
INSERT INTO t_new (id, a) SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;
