-- case: plain
-- expect: drop-database
DROP DATABASE IF EXISTS corpus_gone;

-- case: backticks, lower case, comment
-- expect: drop-database
drop /* all of it */ database if exists `corpus gone`;

-- case: inside a string
-- before: CREATE TABLE log (id INT PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, 'DROP DATABASE shop');

-- case: inside a hash comment
-- expect: none
# DROP DATABASE shop;
CREATE TABLE notes (id INT PRIMARY KEY);
