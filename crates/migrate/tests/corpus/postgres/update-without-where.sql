-- case: plain
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: update-without-where
UPDATE t SET s = 'x';

-- case: where only in a string and a comment
-- before: CREATE TABLE "T" (id bigint PRIMARY KEY, s text);
-- expect: update-without-where
update public."T" set s = ' WHERE ' /* where id = 1 */;

-- case: where belongs to a subquery
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- before: CREATE TABLE u (id bigint PRIMARY KEY, s text);
-- expect: update-without-where
UPDATE t SET s = (SELECT u.s FROM u WHERE u.id = t.id);

-- case: delete
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: update-without-where
DELETE FROM ONLY t;

-- case: only, alias
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: update-without-where
UPDATE ONLY t AS x SET s = 'y' RETURNING id;

-- case: with where
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: none
UPDATE t SET s = 'x' WHERE id = 1;

-- case: table made in the same file
-- expect: none
CREATE TABLE t (id bigint PRIMARY KEY, s text);
UPDATE t SET s = 'x';

-- case: on conflict do update
-- before: CREATE TABLE t (id bigint PRIMARY KEY, s text);
-- expect: none
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET s = 'x';

-- case: foreign key action
-- before: CREATE TABLE p (id bigint PRIMARY KEY);
-- expect: none
CREATE TABLE c (id bigint PRIMARY KEY REFERENCES p (id) ON UPDATE SET NULL ON DELETE CASCADE);

-- case: for update
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
SELECT id FROM t FOR UPDATE;
