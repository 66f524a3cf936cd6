-- case: dropped and made anew
-- before: CREATE TABLE settings (k text PRIMARY KEY);
-- expect: drop-and-create
DROP TABLE settings;
CREATE TABLE settings (k text PRIMARY KEY, v text);

-- case: if exists, quoted once only
-- before: CREATE TABLE settings (k text PRIMARY KEY);
-- expect: drop-and-create
DROP TABLE IF EXISTS "settings" CASCADE;
create table if not exists public.settings (k text primary key, v text);

-- case: two different tables
-- before: CREATE TABLE settings (k text PRIMARY KEY);
-- expect: drop-table
CREATE TABLE preferences (k text PRIMARY KEY);
DROP TABLE settings;

-- case: made, dropped and made again in this file
-- expect: none
CREATE TABLE s (k text);
DROP TABLE s;
CREATE TABLE s (k text PRIMARY KEY);
