-- case: plain
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: short, quoted, only
-- before: CREATE TABLE "Users" (id bigint PRIMARY KEY, "E Mail" text);
-- expect: set-not-null
alter table only public."Users" alter "E Mail" set not null;

-- case: the check is not validated yet
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- before: ALTER TABLE users ADD CONSTRAINT email_there CHECK (email IS NOT NULL) NOT VALID;
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: the validated check is about another column
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text, phone text);
-- before: ALTER TABLE users ADD CONSTRAINT phone_there CHECK (phone IS NOT NULL) NOT VALID;
-- before: ALTER TABLE users VALIDATE CONSTRAINT phone_there;
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: the check proves something else
-- before: CREATE TABLE users (id bigint PRIMARY KEY, n int, CONSTRAINT pos CHECK (n > 0));
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN n SET NOT NULL;

-- case: the proof was dropped
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text, CONSTRAINT there CHECK (email IS NOT NULL));
-- before: ALTER TABLE users DROP CONSTRAINT there;
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: a constant default does not fill the rows there are
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- expect: set-not-null
ALTER TABLE users ALTER email SET DEFAULT '', ALTER email SET NOT NULL;

-- case: validated check in earlier files
-- note: the server says "existing constraints on column are sufficient to prove that it does not contain nulls": no scan
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- before: ALTER TABLE users ADD CONSTRAINT email_there CHECK (email IS NOT NULL) NOT VALID;
-- before: ALTER TABLE users VALIDATE CONSTRAINT email_there;
-- expect: none
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: validated check, proof is one half of an AND
-- before: CREATE TABLE users (id bigint PRIMARY KEY, n int, CONSTRAINT ok CHECK (n IS NOT NULL AND n > 0));
-- expect: none
ALTER TABLE users ALTER n SET NOT NULL;

-- case: validated check, then the check is dropped in the same statement chain
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- before: ALTER TABLE users ADD CONSTRAINT email_there CHECK (email IS NOT NULL) NOT VALID;
-- before: ALTER TABLE users VALIDATE CONSTRAINT email_there;
-- expect: none
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT email_there;

-- case: already not null
-- before: CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
-- expect: none
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: key column
-- before: CREATE TABLE users (id bigint PRIMARY KEY);
-- expect: none
ALTER TABLE users ALTER COLUMN id SET NOT NULL;

-- case: table made in the same file
-- expect: none
CREATE TABLE users (id bigint PRIMARY KEY, email text);
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: the column was renamed after the check was validated
-- note: the check follows the rename
-- before: CREATE TABLE users (id bigint PRIMARY KEY, mail text, CONSTRAINT there CHECK (mail IS NOT NULL));
-- before: ALTER TABLE users RENAME COLUMN mail TO email;
-- expect: none
ALTER TABLE users ALTER COLUMN email SET NOT NULL;

-- case: half of an OR proves nothing
-- before: CREATE TABLE users (id bigint PRIMARY KEY, a text, b text, CONSTRAINT one CHECK (a IS NOT NULL OR b IS NOT NULL));
-- expect: set-not-null
ALTER TABLE users ALTER COLUMN a SET NOT NULL;
