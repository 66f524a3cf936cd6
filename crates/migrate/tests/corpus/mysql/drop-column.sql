-- case: plain
-- before: CREATE TABLE users (id INT PRIMARY KEY, email TEXT);
-- expect: drop-column
ALTER TABLE users DROP COLUMN email;

-- case: without the word COLUMN
-- before: CREATE TABLE users (id INT PRIMARY KEY, `e mail` TEXT);
-- expect: drop-column
alter table `users` drop `e mail`;

-- case: second action
-- before: CREATE TABLE users (id INT PRIMARY KEY, email TEXT);
-- expect: drop-column
ALTER TABLE users ADD COLUMN phone TEXT, DROP email;

-- case: named like a keyword
-- before: CREATE TABLE users (id INT PRIMARY KEY, `index` TEXT);
-- expect: drop-column
ALTER TABLE users DROP `index`;

-- case: drop default
-- before: CREATE TABLE users (id INT PRIMARY KEY, n INT DEFAULT 1);
-- expect: none
ALTER TABLE users ALTER COLUMN n DROP DEFAULT;

-- case: a virtual column holds no data
-- note: old code may still read it; no data is lost, which is what the rule is about
-- before: CREATE TABLE users (id INT PRIMARY KEY, n INT AS (id * 2) VIRTUAL);
-- expect: none
ALTER TABLE users DROP COLUMN n;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS users (id INT PRIMARY KEY, email TEXT);
ALTER TABLE users DROP COLUMN IF EXISTS email;
