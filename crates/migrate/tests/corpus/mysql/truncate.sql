-- case: plain
-- before: CREATE TABLE events (id INT PRIMARY KEY);
-- expect: truncate
TRUNCATE TABLE events;

-- case: short, backticks
-- before: CREATE TABLE `Events` (id INT PRIMARY KEY);
-- expect: truncate
truncate `Events`;

-- case: function of that name
-- before: CREATE TABLE t (id INT PRIMARY KEY, n DECIMAL(8,2));
-- expect: none
UPDATE t SET n = TRUNCATE(n, 1) WHERE id = 1;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS events (id INT PRIMARY KEY);
TRUNCATE TABLE events;
