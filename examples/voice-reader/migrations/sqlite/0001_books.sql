-- Books that households have uploaded, from the moment they are stored.

CREATE TABLE books (
  id TEXT PRIMARY KEY,
  household_id TEXT NOT NULL,
  file_name TEXT NOT NULL,
  storage_path TEXT NOT NULL UNIQUE,
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
  status TEXT NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX books_of_household ON books (household_id, created_at);
