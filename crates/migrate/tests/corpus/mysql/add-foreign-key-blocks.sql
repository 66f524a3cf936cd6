-- case: plain
-- note: there is no NOT VALID: the rows are checked while writes wait; with foreign_key_checks=1 only ALGORITHM=COPY is accepted
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY, p_id INT);
-- expect: add-foreign-key-blocks, foreign-key-not-valid
ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id);

-- case: unnamed, backticks
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE `c` (id INT PRIMARY KEY, `p_id` INT, KEY (`p_id`));
-- expect: add-foreign-key-blocks, foreign-key-not-valid
alter table `c` add foreign key (`p_id`) references `p` (`id`) on delete set null;

-- case: second action
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY, p_id INT);
-- expect: add-foreign-key-blocks, foreign-key-not-valid
ALTER TABLE c ADD INDEX (p_id), ADD FOREIGN KEY (p_id) REFERENCES p (id);

-- case: child made in the file
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- expect: none
CREATE TABLE c (id INT PRIMARY KEY, p_id INT, FOREIGN KEY (p_id) REFERENCES p (id));

-- case: both made in the file, constraint later
-- expect: none
CREATE TABLE IF NOT EXISTS p (id INT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS c (id INT PRIMARY KEY, p_id INT);
ALTER TABLE c ADD FOREIGN KEY IF NOT EXISTS c_p (p_id) REFERENCES p (id);

-- case: the words in a comment of a column
-- before: CREATE TABLE t (id INT PRIMARY KEY);
-- expect: none
ALTER TABLE t ADD COLUMN n INT COMMENT 'ADD FOREIGN KEY later';
