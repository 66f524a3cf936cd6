-- plimsoll: no-transaction
PRAGMA foreign_keys = OFF;
UPDATE counter SET n = n + 1 WHERE name = 'step';
ATTACH ':memory:' AS other;
ALTER TABLE parent RENAME COLUMN name TO title;
VACUUM;
BEGIN;
UPDATE counter SET n = n + 1 WHERE name = 'own';
CREATE TABLE own (id INTEGER PRIMARY KEY);
COMMIT;
INSERT INTO own VALUES (1);
BEGIN IMMEDIATE;
UPDATE counter SET n = n + 100 WHERE name = 'own';
ROLLBACK;
UPDATE counter SET n = n + 1 WHERE name = 'step';
DETACH other;
