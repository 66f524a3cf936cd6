-- case: integer key
-- opt-in: prefer-bigint
-- expect: prefer-bigint
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY);

-- case: bigint key
-- opt-in: prefer-bigint
-- expect: none
CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY);

-- case: float
-- opt-in: has-float
-- expect: has-float
CREATE TABLE t (id INT PRIMARY KEY, price FLOAT);

-- case: decimal
-- opt-in: has-float
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, price DECIMAL(10,2) COMMENT 'FLOAT');

-- case: enum
-- opt-in: has-enum
-- expect: has-enum
CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a', 'b'));

-- case: no enum
-- opt-in: has-enum
-- expect: none
CREATE TABLE t (id INT PRIMARY KEY, `enum` VARCHAR(9));

-- case: no primary key
-- opt-in: missing-primary-key
-- expect: missing-primary-key
CREATE TABLE t (a INT);

-- case: primary key as a constraint
-- opt-in: missing-primary-key
-- expect: none
CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b));

-- case: mixed case
-- opt-in: name-case
-- expect: name-case
CREATE TABLE OrderLines (id INT PRIMARY KEY);

-- case: lower case
-- opt-in: name-case
-- expect: none
CREATE TABLE order_lines (id INT PRIMARY KEY);

-- case: four columns
-- opt-in: wide-index
-- expect: wide-index
CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT, d INT, KEY k (a, b, c, d));

-- case: three columns
-- opt-in: wide-index
-- expect: none
CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT, d INT, KEY k (b, c, d));
