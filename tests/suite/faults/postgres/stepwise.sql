-- plimsoll: no-transaction
SET statement_timeout = '5min';
UPDATE counter SET n = n + 1 WHERE name = 'step';
CREATE INDEX CONCURRENTLY item_place ON item (place);
INSERT INTO item (id, label) VALUES (5, 'v');
CREATE INDEX CONCURRENTLY ON item (label);
REINDEX INDEX CONCURRENTLY item_label_idx;
VACUUM item;
DROP INDEX CONCURRENTLY item_place;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS item_place ON item (place, id);
ALTER TABLE item DROP COLUMN colour, ADD CONSTRAINT item_weight CHECK (weight < 100) NOT VALID;
ALTER TABLE item RENAME COLUMN label TO title;
UPDATE counter SET n = n + 1 WHERE name = 'step';
ALTER TABLE visit DETACH PARTITION visit_old CONCURRENTLY;
