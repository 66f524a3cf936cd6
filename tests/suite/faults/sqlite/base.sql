CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counter VALUES ('whole', 0), ('step', 0), ('own', 0);
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT, colour TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
CREATE INDEX parent_name ON parent (name);
CREATE VIEW named AS SELECT id, name FROM parent;
CREATE TRIGGER child_counts AFTER INSERT ON child BEGIN UPDATE parent SET name = name || '+' WHERE id = NEW.parent; END;
INSERT INTO parent (id, name) VALUES (1, 'one'), (2, 'two');
INSERT INTO child (parent) VALUES (1), (1), (2);
