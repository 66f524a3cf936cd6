CREATE TABLE counter (name VARCHAR(20) PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter VALUES ('step', 0), ('call', 0), ('own', 0);
CREATE TABLE item (id INTEGER PRIMARY KEY, label VARCHAR(20), place VARCHAR(20), colour VARCHAR(20),
  note VARCHAR(20), weight INTEGER);
INSERT INTO item (id, label, place) VALUES (1, 'x', 'quay'), (2, 'y', 'quay'), (3, 'z', 'pier');
UPDATE counter SET n = n + 1 WHERE name = 'step';
