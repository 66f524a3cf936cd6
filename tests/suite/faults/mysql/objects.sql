CREATE VIEW big AS SELECT id FROM item WHERE weight > 3;
CREATE OR REPLACE VIEW big AS SELECT id, weight FROM item WHERE weight > 3;
CREATE TRIGGER item_stamp BEFORE INSERT ON item FOR EACH ROW SET NEW.note = 'stamped';
INSERT INTO item (id, label) VALUES (5, 'v');
DROP TRIGGER item_stamp;
CREATE TRIGGER item_stamp BEFORE INSERT ON item FOR EACH ROW SET NEW.note = 'sealed';
DELIMITER //
CREATE PROCEDURE bump(IN who VARCHAR(20))
BEGIN
  UPDATE counter SET n = n + 1 WHERE name = who;
  UPDATE counter SET n = n + 1 WHERE name = who;
END//
DELIMITER ;
CALL bump('call');
TRUNCATE TABLE item;
INSERT INTO item (id, label) VALUES (6, 'u');
