-- case: statement
-- before: CREATE TABLE users (id INT PRIMARY KEY);
-- expect: rename-table
RENAME TABLE users TO people;

-- case: action, backticks
-- before: CREATE TABLE `Users` (id INT PRIMARY KEY);
-- expect: rename-table
alter table `Users` rename to `People`;

-- case: action without TO
-- before: CREATE TABLE users (id INT PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users RENAME people;

-- case: two swapped
-- before: CREATE TABLE a (id INT PRIMARY KEY);
-- before: CREATE TABLE b (id INT PRIMARY KEY);
-- expect: rename-table
RENAME TABLE a TO tmp, b TO a, tmp TO b;

-- case: as
-- before: CREATE TABLE users (id INT PRIMARY KEY);
-- expect: rename-table
ALTER TABLE users RENAME AS people;

-- case: index
-- before: CREATE TABLE users (id INT PRIMARY KEY, a INT, KEY k (a));
-- expect: none
ALTER TABLE users RENAME KEY k TO users_a;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS users (id INT PRIMARY KEY);
ALTER TABLE IF EXISTS users RENAME TO people;
