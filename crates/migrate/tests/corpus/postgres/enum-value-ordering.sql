-- case: plain
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: enum-value-ordering
ALTER TYPE mood ADD VALUE 'ok';

-- case: if not exists
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: enum-value-ordering
alter type public.mood add value if not exists 'ok';

-- case: the label holds the word
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: enum-value-ordering
ALTER TYPE mood ADD VALUE 'BEFORE ''sad''';

-- case: after
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: none
ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad';

-- case: before, if not exists
-- before: CREATE TYPE mood AS ENUM ('sad', 'glad');
-- expect: none
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'awful' BEFORE 'sad';

-- case: making the type
-- expect: none
CREATE TYPE mood AS ENUM ('sad', 'glad');
