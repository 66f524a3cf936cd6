-- plimsoll: no-transaction
CREATE PROCEDURE bump(who TEXT) LANGUAGE plpgsql AS $$ BEGIN UPDATE counter SET n = n + 1 WHERE name = who; END $$;
CALL bump('call');
DO $$ BEGIN UPDATE counter SET n = n + 1 WHERE name = 'call'; END $$;
BEGIN;
UPDATE counter SET n = n + 1 WHERE name = 'own';
CREATE TABLE own (id INTEGER PRIMARY KEY);
COMMIT;
INSERT INTO own VALUES (1);
BEGIN;
UPDATE counter SET n = n + 100 WHERE name = 'own';
ROLLBACK;
UPDATE counter SET n = n + 1 WHERE name = 'own';
