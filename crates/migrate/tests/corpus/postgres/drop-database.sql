-- case: plain
-- transaction: no
-- expect: drop-database
DROP DATABASE IF EXISTS plimsoll_corpus_gone;

-- case: forced, quoted, lower case
-- transaction: no
-- expect: drop-database
drop database if exists "Old Shop" with (force);

-- case: the words in a comment on a table of this file
-- expect: none
CREATE TABLE notes (id bigint PRIMARY KEY, body text);
COMMENT ON TABLE notes IS 'never DROP DATABASE shop;';
