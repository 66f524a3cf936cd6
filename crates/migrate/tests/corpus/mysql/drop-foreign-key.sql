-- case: plain
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY, p_id INT, CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id));
-- expect: drop-foreign-key
ALTER TABLE c DROP FOREIGN KEY c_p;

-- case: if exists, backticks
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY, p_id INT, CONSTRAINT `c p` FOREIGN KEY (p_id) REFERENCES p (id));
-- expect: drop-foreign-key
alter table `c` drop foreign key if exists `c p`;

-- case: as a constraint
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY, p_id INT, CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id));
-- expect: drop-foreign-key
ALTER TABLE c DROP CONSTRAINT c_p;

-- case: a check
-- before: CREATE TABLE c (id INT PRIMARY KEY, n INT, CONSTRAINT foreign_key CHECK (n > 0));
-- expect: none
ALTER TABLE c DROP CONSTRAINT foreign_key;
