-- case: another word for a database
-- expect: drop-schema
DROP SCHEMA IF EXISTS corpus_gone;

-- case: inside a string
-- before: CREATE TABLE log (id INT PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, "it's a \"DROP SCHEMA x\"");
