-- case: dropped and made anew
-- before: CREATE TABLE settings (k TEXT PRIMARY KEY);
-- expect: drop-and-create
DROP TABLE settings;
CREATE TABLE settings (k TEXT PRIMARY KEY, v TEXT);

-- case: if exists, other quotes
-- before: CREATE TABLE settings (k TEXT PRIMARY KEY);
-- expect: drop-and-create
drop table if exists [settings];
create table if not exists "settings" (k text primary key, v text);

-- case: two different tables
-- before: CREATE TABLE settings (k TEXT PRIMARY KEY);
-- expect: drop-table
DROP TABLE settings;
CREATE TABLE preferences (k TEXT PRIMARY KEY);

-- case: made, dropped, made
-- expect: none
CREATE TABLE s (id INTEGER PRIMARY KEY);
DROP TABLE s;
CREATE TABLE s (id INTEGER PRIMARY KEY, a TEXT);
