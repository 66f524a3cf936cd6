-- case: table name
-- expect: long-identifier
CREATE TABLE a_name_of_a_table_that_goes_on_for_longer_than_the_server_can_keep (id bigint PRIMARY KEY);

-- case: index name, quoted
-- expect: long-identifier
CREATE TABLE t (id bigint PRIMARY KEY, a int);
CREATE INDEX "an index whose name says a lot about the column it was made for, a" ON t (a);

-- case: 32 letters of two bytes
-- note: truncated to 63 bytes with a notice
-- expect: long-identifier
CREATE TABLE "öööööööööööööööööööööööööööööööö" (id bigint PRIMARY KEY);

-- case: constraint name
-- before: CREATE TABLE t (id bigint PRIMARY KEY, n int);
-- expect: long-identifier
ALTER TABLE t ADD CONSTRAINT the_number_must_be_greater_than_zero_because_the_shop_said_so_once CHECK (n > 0) NOT VALID;

-- case: exactly 63 bytes
-- expect: none
CREATE TABLE a23456789b123456789c123456789d123456789e123456789f123456789g123 (id bigint PRIMARY KEY);

-- case: 31 letters of two bytes
-- expect: none
CREATE TABLE "ööööööööööööööööööööööööööööööö" (id bigint PRIMARY KEY);

-- case: a long string is no name
-- before: CREATE TABLE t (id bigint PRIMARY KEY);
-- expect: none
COMMENT ON TABLE t IS 'a_comment_that_goes_on_for_longer_than_sixty_three_bytes_without_one_space';
