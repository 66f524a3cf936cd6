//! Every single change to a schema of SQLite is found, and said as one sentence. What a schema is, is in `schema_read`.

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, and what the comparison says.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    ("DROP INDEX ship_name", "index `ship.ship_name`: is missing"),
    ("CREATE INDEX extra ON ship (name)", "index `ship.extra`: should not be there"),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name), code) WHERE code IS NOT NULL",
        "index `ship.ship_name`: columns is `lower(name), code COLLATE NOCASE`, should be `lower(name) DESC, code COLLATE NOCASE`",
    ),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (upper(name) DESC, code) WHERE code IS NOT NULL",
        "index `ship.ship_name`: columns is `upper(name) DESC, code COLLATE NOCASE`, should be `lower(name) DESC, code COLLATE NOCASE`",
    ),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name) DESC, code) WHERE code IS NULL",
        "index `ship.ship_name`: where is `code is null`, should be `code is not null`",
    ),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name) DESC, code)",
        "index `ship.ship_name`: no where, should be `code is not null`",
    ),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (code, lower(name) DESC) WHERE code IS NOT NULL",
        "index `ship.ship_name`: columns is `code COLLATE NOCASE, lower(name) DESC`, should be `lower(name) DESC, code COLLATE NOCASE`",
    ),
    (
        "DROP INDEX ship_length; CREATE INDEX ship_length ON ship (length COLLATE RTRIM DESC)",
        "index `ship.ship_length`: not unique, should be unique",
    ),
    (
        "DROP INDEX ship_length; CREATE UNIQUE INDEX ship_length ON ship (length DESC)",
        "index `ship.ship_length`: columns is `length DESC`, should be `length COLLATE RTRIM DESC`",
    ),
    (
        "DROP INDEX ship_length; CREATE UNIQUE INDEX ship_length ON ship (length COLLATE RTRIM)",
        "index `ship.ship_length`: columns is `length COLLATE RTRIM`, should be `length COLLATE RTRIM DESC`",
    ),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_title ON ship (lower(name) DESC, code) WHERE code IS NOT NULL",
        "index `ship.ship_name`: is missing\nindex `ship.ship_title`: should not be there",
    ),
    ("ALTER TABLE log ADD COLUMN extra INTEGER", "column `log.extra`: should not be there"),
    ("ALTER TABLE log DROP COLUMN line", "column `log.line`: is missing"),
    (
        "ALTER TABLE log RENAME COLUMN line TO text",
        "column `log.line`: is missing\ncolumn `log.text`: should not be there",
    ),
    ("ALTER TABLE log RENAME TO diary", "table `diary`: should not be there\ntable `log`: is missing"),
    ("CREATE TABLE extra (id INTEGER PRIMARY KEY)", "table `extra`: should not be there"),
    ("DROP TABLE log", "table `log`: is missing"),
    ("DROP VIEW named", "view `named`: is missing"),
    (
        "DROP VIEW named; CREATE VIEW named AS SELECT id, name FROM ship",
        "view `named`: definition is `create view named as select id, name from ship`, should be `create view named as select id, name from ship where name <> 'nameless'`",
    ),
    ("CREATE VIEW extra AS SELECT 1", "view `extra`: should not be there"),
    ("DROP TRIGGER stamp_ship", "trigger `ship.stamp_ship`: is missing"),
    (
        "DROP TRIGGER stamp_ship; CREATE TRIGGER stamp_ship AFTER UPDATE OF name ON ship BEGIN UPDATE ship SET changed = CURRENT_TIMESTAMP WHERE id = new.id; END",
        "trigger `ship.stamp_ship`: definition is `create trigger stamp_ship after update of name on ship begin update ship set changed = current_timestamp where id = new.id; end`, should be `create trigger stamp_ship after update of name on ship when old.name <> new.name begin update ship set changed = current_timestamp where id = new.id; end`",
    ),
    (
        "DROP TRIGGER stamp_ship; CREATE TRIGGER stamp_ship BEFORE UPDATE OF name ON ship WHEN old.name <> new.name BEGIN UPDATE ship SET changed = CURRENT_TIMESTAMP WHERE id = new.id; END",
        "trigger `ship.stamp_ship`: definition is `create trigger stamp_ship before update of name on ship when old.name <> new.name begin update ship set changed = current_timestamp where id = new.id; end`, should be `create trigger stamp_ship after update of name on ship when old.name <> new.name begin update ship set changed = current_timestamp where id = new.id; end`",
    ),
    ("DROP TABLE found", "table `found`: is missing"),
    (
        "DROP TABLE found; CREATE VIRTUAL TABLE found USING fts5(body, title)",
        "table `found`: definition is `create virtual table found using fts5(body, title)`, should be `create virtual table found using fts5(body)`",
    ),
    ("DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT)", "table `log`: should be strict"),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER, line TEXT) STRICT",
        "column `log.at`: nullable, should be not null",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT DEFAULT 'x') STRICT",
        "column `log.line`: default is `'x'`, should be none",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT NOT NULL) STRICT",
        "column `log.line`: not null, should be nullable",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line BLOB) STRICT",
        "column `log.line`: type is `BLOB`, should be `TEXT`",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (line TEXT, at INTEGER NOT NULL) STRICT",
        "table `log`: column order is `line, at`, should be `at, line`",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL PRIMARY KEY, line TEXT) STRICT",
        "primary key `log`: should not be there",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT CHECK (length(line) < 5)) STRICT",
        "check `log (length(line) < 5)`: should not be there",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT COLLATE NOCASE) STRICT",
        "column `log.line`: collation is `nocase`, should be none",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT UNIQUE) STRICT",
        "unique constraint `log (line)`: should not be there",
    ),
    (
        "DROP TABLE log; CREATE TABLE log (at INTEGER NOT NULL, line TEXT REFERENCES ship(code)) STRICT",
        "foreign key `log (line)`: should not be there",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE SET NULL, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "foreign key `visit (ship_id)`: on delete is `set null`, should be `cascade`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE ON UPDATE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "foreign key `visit (ship_id)`: on update is `cascade`, should be `no action`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id)) WITHOUT ROWID",
        "foreign key `visit (guide)`: no deferrable, should be `initially deferred`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES log ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "foreign key `visit (ship_id)`: references is `log ()`, should be `ship (id)`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note), FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "table `visit`: no on conflict, should be `unique (day, note) ignore`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (note, day) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "table `visit`: on conflict is `unique (note, day) ignore`, should be `unique (day, note) ignore`\nunique constraint `visit (day, note)`: is missing\nunique constraint `visit (note, day)`: should not be there",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED)",
        "table `visit`: should be without rowid",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES ship ON DELETE CASCADE, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (day, ship_id), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "primary key `visit`: columns is `day, ship_id`, should be `ship_id, day`",
    ),
    (
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL, day DATE NOT NULL, guide INTEGER, note TEXT, PRIMARY KEY (ship_id, day), UNIQUE (day, note) ON CONFLICT IGNORE, FOREIGN KEY (guide) REFERENCES ship (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID",
        "foreign key `visit (ship_id)`: is missing",
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
pub(crate) const REWRITTEN: &[(&str, &str, &str)] = &[
    (" AUTOINCREMENT", "", "primary key `ship`: should be autoincrement"),
    (
        "COLLATE NOCASE",
        "COLLATE RTRIM",
        "column `ship.code`: collation is `rtrim`, should be `nocase`\nunique constraint `ship (code COLLATE NOCASE)`: is missing\nunique constraint `ship (code COLLATE RTRIM)`: should not be there\nindex `ship.ship_name`: columns is `lower(name) DESC, code COLLATE RTRIM`, should be `lower(name) DESC, code COLLATE NOCASE`",
    ),
    ("DEFAULT 'nameless'", "DEFAULT 'unnamed'", "column `ship.name`: default is `'unnamed'`, should be `'nameless'`"),
    (
        "upper(name)",
        "lower(name)",
        "column `ship.shout`: generated is `lower(name) stored`, should be `upper(name) stored`",
    ),
    (
        "(upper(name)) STORED",
        "(upper(name)) VIRTUAL",
        "column `ship.shout`: generated is `upper(name) virtual`, should be `upper(name) stored`",
    ),
    (
        "length >= 0",
        "length >= 1",
        "check `ship (length >= 0)`: is missing\ncheck `ship (length >= 1)`: should not be there",
    ),
    (
        "CONSTRAINT ship_named CHECK (name <> '')",
        "CONSTRAINT ship_named CHECK (name <> 'x')",
        "check `ship.ship_named`: expression is `name <> 'x'`, should be `name <> ''`",
    ),
    (
        "CONSTRAINT ship_named CHECK (name <> '')",
        "CHECK (name <> '')",
        "check `ship (name <> '')`: should not be there\ncheck `ship.ship_named`: is missing",
    ),
    ("VARCHAR(40)", "VARCHAR(50)", "column `ship.name`: type is `VARCHAR(50)`, should be `VARCHAR(40)`"),
    (
        "(length * 2)",
        "(length * 3)",
        "column `ship.twice`: generated is `length * 3 virtual`, should be `length * 2 virtual`",
    ),
    (
        "DEFAULT CURRENT_TIMESTAMP",
        "DEFAULT CURRENT_DATE",
        "column `ship.changed`: default is `current_date`, should be `current_timestamp`",
    ),
    (" UNIQUE", "", "unique constraint `ship (code COLLATE NOCASE)`: is missing"),
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
