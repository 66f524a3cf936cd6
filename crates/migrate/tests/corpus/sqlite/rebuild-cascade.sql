-- case: parent rebuilt, one by one
-- note: foreign keys are on: the implicit DELETE of DROP TABLE empties the child, 1 row became 0
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: rebuild-cascade
CREATE TABLE p_new (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
INSERT INTO p_new (id, a) SELECT id, a FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;

-- case: references set to null
-- note: the reference of every child row became NULL
-- before: CREATE TABLE "p" (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER, FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE SET NULL);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: rebuild-cascade
create table "p_new" (id integer primary key, a text);
insert into "p_new" select id, a from "p";
drop table "p";
alter table "p_new" rename to "p";

-- case: no action
-- note: DROP TABLE fails with "FOREIGN KEY constraint failed", and the file stops half way
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: rebuild-cascade
CREATE TABLE p_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO p_new SELECT id, a FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;

-- case: deferring does not help
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: rebuild-cascade
PRAGMA defer_foreign_keys = ON;
CREATE TABLE p_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO p_new SELECT id, a FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;

-- case: old table moved away first
-- note: the child's REFERENCES follows the rename to p_old, so dropping p_old empties the child: 1 row became 0
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: rebuild-cascade
ALTER TABLE p RENAME TO p_old;
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO p SELECT id, a FROM p_old;
DROP TABLE p_old;

-- case: in a transaction of the runner
-- note: the runner switches foreign_keys off before BEGIN and looks for orphans before COMMIT, so nothing cascades
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- expect: none
CREATE TABLE p_new (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
INSERT INTO p_new (id, a) SELECT id, a FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;

-- case: one by one, pragma first
-- note: 1 child row stayed 1
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: none
PRAGMA foreign_keys = OFF;
CREATE TABLE p_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO p_new SELECT id, a FROM p;
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;
PRAGMA foreign_key_check;
PRAGMA foreign_keys = ON;

-- case: nobody refers to it
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- expect: none
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT 'x');
INSERT INTO t_new (id, a) SELECT id, a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: nobody refers to it, one by one
-- before: CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- transaction: no
-- expect: none
CREATE TABLE t_new (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t_new SELECT * FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;

-- case: the child is rebuilt, its parent stays
-- before: CREATE TABLE p (id INTEGER PRIMARY KEY);
-- before: CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
-- before: CREATE INDEX c_p_id ON c (p_id);
-- transaction: no
-- expect: none
CREATE TABLE c_new (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE, n INTEGER);
INSERT INTO c_new (id, p_id) SELECT id, p_id FROM c;
DROP TABLE c;
ALTER TABLE c_new RENAME TO c;
CREATE INDEX IF NOT EXISTS c_p_id ON c (p_id);
