-- case: dropped and made anew
-- before: CREATE TABLE settings (k VARCHAR(20) PRIMARY KEY);
-- expect: drop-and-create
DROP TABLE IF EXISTS settings;
CREATE TABLE IF NOT EXISTS settings (k VARCHAR(20) PRIMARY KEY, v TEXT);

-- case: create or replace does both in one
-- note: MariaDB only
-- before: CREATE TABLE settings (k VARCHAR(20) PRIMARY KEY);
-- expect: drop-and-create
CREATE OR REPLACE TABLE settings (k VARCHAR(20) PRIMARY KEY, v TEXT);

-- case: made, dropped, made
-- expect: none
CREATE TABLE IF NOT EXISTS s (id INT PRIMARY KEY);
DROP TABLE IF EXISTS s;
CREATE TABLE IF NOT EXISTS s (id INT PRIMARY KEY, v TEXT);
