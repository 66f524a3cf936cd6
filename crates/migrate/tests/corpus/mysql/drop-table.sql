-- case: plain
-- before: CREATE TABLE orders (id INT PRIMARY KEY);
-- expect: drop-table
DROP TABLE orders;

-- case: if exists, backticks
-- before: CREATE TABLE `order lines` (id INT PRIMARY KEY);
-- expect: drop-table
drop table if exists `order lines`;

-- case: qualified
-- before: CREATE DATABASE corpus_shop;
-- before: CREATE TABLE corpus_shop.orders (id INT PRIMARY KEY);
-- expect: drop-table
DROP TABLE `corpus_shop`.`orders` CASCADE;

-- case: two at once
-- before: CREATE TABLE a (id INT PRIMARY KEY);
-- before: CREATE TABLE b (id INT PRIMARY KEY);
-- expect: drop-table
DROP TABLES a, b;

-- case: inside an executable comment
-- before: CREATE TABLE orders (id INT PRIMARY KEY);
-- expect: drop-table
/*!40000 DROP TABLE IF EXISTS orders */;

-- case: hash comment between the words
-- before: CREATE TABLE orders (id INT PRIMARY KEY);
-- expect: drop-table
DROP # away with it
TABLE orders;

-- case: temporary table
-- expect: none
CREATE TEMPORARY TABLE IF NOT EXISTS scratch (id INT PRIMARY KEY);
DROP TEMPORARY TABLE IF EXISTS scratch;

-- case: made in the same file
-- expect: none
CREATE TABLE IF NOT EXISTS scratch (id INT PRIMARY KEY);
DROP TABLE IF EXISTS scratch;

-- case: inside strings with both kinds of escape
-- before: CREATE TABLE log (id INT PRIMARY KEY, line TEXT);
-- expect: none
INSERT INTO log VALUES (101, 'it\'s; DROP TABLE log;'), (102, 'it''s; DROP TABLE log;');

-- case: a name in backticks
-- expect: none
CREATE TABLE `drop table orders;` (id INT PRIMARY KEY);

-- case: inside comments
-- expect: none
-- DROP TABLE orders;
/* DROP TABLE orders; */
CREATE TABLE fresh (id INT PRIMARY KEY);
