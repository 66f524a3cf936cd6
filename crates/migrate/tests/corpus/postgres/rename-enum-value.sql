-- case: plain
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: rename-enum-value
ALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy';

-- case: qualified, lower case
-- before: CREATE TYPE "Mood" AS ENUM ('sad', 'glad');
-- expect: rename-enum-value
alter type public."Mood" rename value 'glad' to 'happy';

-- case: type made in the same file
-- expect: none
CREATE TYPE mood AS ENUM ('sad', 'glad');
ALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy';

-- case: attribute of a composite type made in the same file
-- expect: none
CREATE TYPE pair AS (value int, b int);
ALTER TYPE pair RENAME ATTRIBUTE value TO a;
