-- case: table
-- expect: long-identifier
CREATE TABLE a_name_of_a_table_that_goes_on_for_longer_than_the_server_can_keep (id INT PRIMARY KEY);

-- case: column in backticks
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: long-identifier
ALTER TABLE t ADD COLUMN `a column whose name says a lot about what it is for and for whom 1` INT;

-- case: 64 letters
-- expect: none
CREATE TABLE a23456789b123456789c123456789d123456789e123456789f123456789g1234 (id INT PRIMARY KEY);

-- case: 64 letters of two bytes
-- note: letters are counted, not bytes
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, `öööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööööö` INT);

-- case: an alias may be longer
-- expect: none
CREATE VIEW v AS SELECT 'a_string_that_goes_on_for_longer_than_sixty_four_letters_without_a_space' AS s;
