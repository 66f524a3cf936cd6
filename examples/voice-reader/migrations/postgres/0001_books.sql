-- Books that households have uploaded, from the moment they are stored.

CREATE TABLE books (
  id uuid PRIMARY KEY,
  household_id uuid NOT NULL,
  file_name text NOT NULL,
  storage_path text NOT NULL UNIQUE,
  size_bytes bigint NOT NULL CHECK (size_bytes > 0),
  status text NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX books_of_household ON books (household_id, created_at);
