-- case: plain
-- before: CREATE SCHEMA shop;
-- expect: rename-schema
ALTER SCHEMA shop RENAME TO store;

-- case: quoted, lower case
-- before: CREATE SCHEMA "My Shop";
-- expect: rename-schema
alter schema "My Shop" rename to "Store";

-- case: made in the same file
-- expect: none
CREATE SCHEMA shop;
ALTER SCHEMA shop RENAME TO store;

-- case: owner only
-- before: CREATE SCHEMA shop;
-- expect: none
ALTER SCHEMA shop OWNER TO CURRENT_USER;
