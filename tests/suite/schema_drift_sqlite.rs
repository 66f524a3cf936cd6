//! Every single change to a schema of SQLite is found, and said as one sentence. What a schema is, is in `schema_read`.

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, and what the comparison says.
const CHANGES: &[(&str, &str)] = &[
    ("DROP INDEX ship_name", ""),
    ("CREATE INDEX extra ON ship (name)", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name), code) WHERE code IS NOT NULL", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (upper(name) DESC, code) WHERE code IS NOT NULL", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name) DESC, code) WHERE code IS NULL", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name) DESC, code)", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (code, lower(name) DESC) WHERE code IS NOT NULL", ""),
    ("DROP INDEX ship_length; CREATE INDEX ship_length ON ship (length COLLATE RTRIM DESC)", ""),
    ("DROP INDEX ship_length; CREATE UNIQUE INDEX ship_length ON ship (length DESC)", ""),
    ("DROP INDEX ship_length; CREATE UNIQUE INDEX ship_length ON ship (length COLLATE RTRIM)", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_title ON ship (lower(name) DESC, code) WHERE code IS NOT NULL", ""),
    ("ALTER TABLE log ADD COLUMN extra INTEGER", ""),
    ("ALTER TABLE log DROP COLUMN line", ""),
    ("ALTER TABLE log RENAME COLUMN line TO text", ""),
    ("ALTER TABLE log RENAME TO diary", ""),
    ("CREATE TABLE extra (id INTEGER PRIMARY KEY)", ""),
    ("DROP TABLE log", ""),
    ("DROP VIEW named", ""),
    ("DROP VIEW named; CREATE VIEW named AS SELECT id, name FROM ship", ""),
    ("CREATE VIEW extra AS SELECT 1", ""),
    ("DROP TRIGGER stamp_ship", ""),
    (
        "DROP TRIGGER stamp_ship; CREATE TRIGGER stamp_ship AFTER UPDATE OF name ON ship BEGIN UPDATE ship SET changed = CURRENT_TIMESTAMP WHERE id = new.id; END",
        "",
    ),
    (
        "DROP TRIGGER stamp_ship; CREATE TRIGGER stamp_ship BEFORE UPDATE OF name ON ship WHEN old.name <> new.name BEGIN UPDATE ship SET changed = CURRENT_TIMESTAMP WHERE id = new.id; END",
        "",
    ),
    ("DROP TABLE found", ""),
    ("DROP TABLE found; CREATE VIRTUAL TABLE found USING fts5(body, title)", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT)", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER, line TEXT) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT DEFAULT 'x') STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT NOT NULL) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line BLOB) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (line TEXT, at INTEGER NOT NULL) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL PRIMARY KEY, line TEXT) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT CHECK (length(line) < 5)) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT COLLATE NOCASE) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT UNIQUE) STRICT", ""),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT REFERENCES ship(code)) STRICT", ""),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE SET NULL, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE ON UPDATE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id)) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES log ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note), FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (note, day) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED)",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (day, ship_id), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "",
    ),
];

#[test]
fn every_change_to_a_sqlite_schema_is_one_difference_with_its_name() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    script(&mut db, rich(Engine::Sqlite));
    let before = read(&mut db);
    let mut wrong = Vec::new();
    for (change, expected) in CHANGES {
        db.db().begin().expect("begins");
        script(&mut db, change);
        let found = drift(&mut db, &before).join("\n");
        db.db().rollback().expect("rolls back");
        if found != *expected {
            wrong.push(format!("{change}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(drift(&mut db, &before).is_empty());
}

/// What is written differently in the table `ship`, which has everything, and what the comparison says.
const REWRITTEN: &[(&str, &str, &str)] = &[
    (" AUTOINCREMENT", "", ""),
    ("COLLATE NOCASE", "COLLATE RTRIM", ""),
    ("DEFAULT 'nameless'", "DEFAULT 'unnamed'", ""),
    ("upper(name)", "lower(name)", ""),
    ("(upper(name)) STORED", "(upper(name)) VIRTUAL", ""),
    ("length >= 0", "length >= 1", ""),
    ("CONSTRAINT ship_named CHECK (name <> '')", "CONSTRAINT ship_named CHECK (name <> 'x')", ""),
    ("CONSTRAINT ship_named CHECK (name <> '')", "CHECK (name <> '')", ""),
    ("VARCHAR(40)", "VARCHAR(50)", ""),
    ("(length * 2)", "(length * 3)", ""),
    ("DEFAULT CURRENT_TIMESTAMP", "DEFAULT CURRENT_DATE", ""),
    (" UNIQUE", "", ""),
];

#[test]
fn every_clause_of_a_sqlite_table_that_is_written_differently_is_found() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    script(&mut db, rich(Engine::Sqlite));
    let before = read(&mut db);
    let mut wrong = Vec::new();
    for (old, new, expected) in REWRITTEN {
        let mut other = TestDatabase::new(Engine::Sqlite);
        script(&mut other, &rich(Engine::Sqlite).replacen(old, new, 1));
        let found = drift(&mut other, &before).join("\n");
        if found != *expected {
            wrong.push(format!("{old}\n{new}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
