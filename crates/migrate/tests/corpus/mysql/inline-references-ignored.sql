-- case: new column
-- note: ignored by MySQL before 9.0; MariaDB makes the foreign key since 10.5
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- expect: inline-references-ignored
CREATE TABLE c (id INT PRIMARY KEY, p_id INT REFERENCES p (id));

-- case: lower case, backticks, actions
-- before: CREATE TABLE `p` (id INT PRIMARY KEY);
-- expect: inline-references-ignored
create table `c` (`id` int primary key, `p_id` int not null references `p` (`id`) on delete cascade);

-- case: table constraint
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- expect: none
CREATE TABLE c (id INT PRIMARY KEY, p_id INT, FOREIGN KEY (p_id) REFERENCES p (id));

-- case: a comment of that word
-- expect: none
CREATE TABLE c (id INT PRIMARY KEY, p_id INT COMMENT 'REFERENCES p (id)');

-- case: added column
-- note: MySQL before 9.0 adds the column without the foreign key; MariaDB 10.11 adds both
-- before: CREATE TABLE p (id INT PRIMARY KEY);
-- before: CREATE TABLE c (id INT PRIMARY KEY);
-- expect: inline-references-ignored
ALTER TABLE c ADD COLUMN p_id INT REFERENCES p (id);
