CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter VALUES ('whole', 0), ('step', 0), ('call', 0), ('own', 0);
CREATE TABLE item (id INTEGER PRIMARY KEY, label TEXT, place TEXT, colour TEXT, weight INTEGER);
INSERT INTO item (id, label, place) VALUES (1, 'x', 'quay'), (2, 'y', 'quay'), (3, 'z', 'pier');
CREATE TABLE visit (id INTEGER NOT NULL, day DATE NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
