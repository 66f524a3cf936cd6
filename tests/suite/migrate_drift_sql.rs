//! The SQL for drift, proven in both directions for every change that `schema_drift_*` injects: taking it back makes the schema
//! what it was, and a migration made of it leaves no drift. What is found is `migrate_drift`'s.

use plimsoll_core::db::Engine;
use plimsoll_migrate::drift::{Direction, Proof, drift};
use plimsoll_migrate::{Schema, ScratchPlace};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::migrating::{migrate, prepare, set};
use plimsoll_tests::schema::{read, rich, script};

/// What a direction comes to: everything is as it should be, or what is said to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The statements do all of it.
    Whole,
    /// The order of columns stays, or what no statement can do.
    ButForWords,
}

fn prepared(engine: Engine) -> (TestDatabase, Schema) {
    let mut db = TestDatabase::new(engine);
    migrate(&mut db, &set(&[("001_rich", rich(engine))])).expect("applies");
    let before = read(&mut db);
    (db, before)
}

/// Checks all changes; `exceptions` are those of which words are left, by how the change begins.
fn check(engine: Engine, changes: &[&str], exceptions: &[&str]) {
    let (mut db, mut before) = prepared(engine);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for change in changes {
        script(&mut db, change);
        if let Err(message) = both_ways(&mut db, &before, exceptions.iter().any(|begin| change.starts_with(begin))) {
            wrong.push(format!("## {change}\n{message}"));
        }
        seen += 1;
        if read(&mut db) != before {
            (db, before) = prepared(engine);
        }
    }
    assert_eq!(seen, changes.len());
    assert!(wrong.is_empty(), "{} of {seen} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

/// More at once, and what stands on what changes.
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
const POSTGRES: &[&str] = &[
    "CREATE TABLE \"Extra Table\" (id serial PRIMARY KEY, ship_id bigint REFERENCES ship (id) ON DELETE SET NULL, mood harbour.mood[] DEFAULT '{calm}', \"order\" int NOT NULL CHECK (\"order\" > 0), UNIQUE (ship_id, \"order\")); CREATE INDEX ON \"Extra Table\" (lower(\"order\"::text)); COMMENT ON COLUMN \"Extra Table\".\"order\" IS 'it''s one'; CREATE TRIGGER t AFTER INSERT ON \"Extra Table\" FOR EACH ROW EXECUTE FUNCTION stamp(); GRANT SELECT ON \"Extra Table\" TO pg_monitor",
    "DROP TABLE ship CASCADE",
    "DROP TABLE harbour.log",
    "DROP TABLE visit CASCADE",
    "DROP SCHEMA harbour CASCADE",
    "DROP POLICY own ON visit; ALTER TABLE visit ALTER note TYPE varchar(9); CREATE POLICY own ON visit FOR SELECT USING (note IS NULL); CREATE VIEW notes AS SELECT note FROM visit",
    "CREATE VIEW on_view AS SELECT id FROM named; CREATE VIEW on_view_2 AS SELECT id FROM on_view",
    "CREATE SCHEMA annex; CREATE TYPE annex.kind AS ENUM ('a', 'b'); CREATE FUNCTION annex.f(k annex.kind) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE TABLE annex.t (k annex.kind DEFAULT 'a', n int DEFAULT annex.f('a'), CHECK (annex.f(k) > 0))",
    "CREATE FUNCTION of_table(s ship) RETURNS text LANGUAGE sql AS 'SELECT (s).name'",
    "ALTER TABLE ship ADD COLUMN more serial",
    "ALTER TABLE ship ADD COLUMN again bigint GENERATED ALWAYS AS IDENTITY (START WITH 5 INCREMENT BY 2)",
    "ALTER TABLE ship ALTER id DROP IDENTITY",
    "ALTER TABLE ship RENAME COLUMN name TO title",
    "ALTER TABLE ship RENAME COLUMN code TO \"select\"",
    "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (x int) INHERITS (parent)",
    "CREATE TABLE parts (id int NOT NULL, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); CREATE INDEX parts_day ON parts (day); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    "ALTER TABLE harbour.log ADD COLUMN extra int DEFAULT 7",
    "CREATE INDEX log_at ON harbour.log (at)",
    "ALTER TYPE harbour.mood ADD VALUE 'wild'; ALTER TYPE harbour.mood ADD VALUE 'dull' BEFORE 'calm'",
    "ALTER TABLE ship DROP CONSTRAINT ship_pkey CASCADE",
    "ALTER TABLE ship ADD COLUMN a int, ADD COLUMN b int GENERATED ALWAYS AS (number * 2) STORED, ADD CONSTRAINT ab CHECK (a > b) NOT VALID",
    "COMMENT ON INDEX ship_name IS 'quick'; COMMENT ON VIEW named IS 'n'; COMMENT ON FUNCTION shout(text) IS 'f'; COMMENT ON CONSTRAINT ship_named ON ship IS 'c'; COMMENT ON SEQUENCE ticket IS 's'; COMMENT ON TYPE harbour.mood IS 't'; COMMENT ON TRIGGER stamp_ship ON ship IS 'tr'",
    "CREATE OR REPLACE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION tell()",
    "GRANT USAGE ON SCHEMA harbour TO pg_monitor; GRANT SELECT ON ticket TO PUBLIC; GRANT UPDATE ON ship TO pg_monitor WITH GRANT OPTION",
    "DROP FUNCTION shout(text); CREATE FUNCTION shout(t text) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$ SELECT upper(t)::varchar $$",
    "ALTER TABLE ship ALTER COLUMN number DROP DEFAULT; DROP SEQUENCE ship_number_seq",
    "ALTER DOMAIN harbour.metres SET NOT NULL",
    "ALTER TYPE harbour.place DROP ATTRIBUTE lon",
    "DROP MATERIALIZED VIEW harbour.busy; CREATE MATERIALIZED VIEW harbour.busy AS SELECT ship_id, count(*) AS visits, max(day) AS last FROM visit GROUP BY ship_id; CREATE UNIQUE INDEX busy_ship ON harbour.busy (ship_id)",
];

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
const MYSQL: &[&str] = &[
    "CREATE TABLE `extra table` (id int PRIMARY KEY AUTO_INCREMENT, ship_id bigint unsigned, `order` varchar(9) NOT NULL DEFAULT 'it''s', data json, doubled int AS (id * 2) VIRTUAL, KEY by_order (`order`(4) DESC), CHECK (`order` <> ''), CONSTRAINT f FOREIGN KEY (ship_id) REFERENCES ship (id)) COMMENT = 'AUTO_INCREMENT=9'; CREATE TRIGGER t1 BEFORE INSERT ON `extra table` FOR EACH ROW SET NEW.`order` = 'a'; CREATE TRIGGER t0 BEFORE INSERT ON `extra table` FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END",
    "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; DROP TABLE visit",
    "ALTER TABLE ship RENAME COLUMN tons TO tonnes",
    "ALTER TABLE ship ADD COLUMN a int FIRST, ADD COLUMN b int AFTER name, DROP COLUMN data",
    "ALTER TABLE ship MODIFY note text FIRST, MODIFY id bigint unsigned NOT NULL AUTO_INCREMENT AFTER name",
    "ALTER TABLE visit DROP FOREIGN KEY visit_ship; ALTER TABLE visit DROP FOREIGN KEY visit_ibfk_1; ALTER TABLE ship MODIFY id int unsigned NOT NULL AUTO_INCREMENT; ALTER TABLE visit MODIFY ship_id int unsigned NOT NULL, MODIFY previous int unsigned; ALTER TABLE visit ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE; ALTER TABLE visit ADD FOREIGN KEY (previous) REFERENCES ship (id) ON DELETE SET NULL",
    "CREATE PROCEDURE p(IN a varchar(9), OUT b int, INOUT c decimal(8, 2)) COMMENT 'it''s' READS SQL DATA SQL SECURITY INVOKER BEGIN DECLARE i int DEFAULT 0; WHILE i < 3 DO SET i = i + 1; END WHILE; SELECT 1; END",
    "CREATE VIEW v1 AS SELECT id FROM named; CREATE VIEW v0 AS SELECT id FROM v1 WITH CASCADED CHECK OPTION",
    "CREATE EVENT extra ON SCHEDULE EVERY '1:30' HOUR_MINUTE ON COMPLETION PRESERVE DISABLE COMMENT 'c' DO BEGIN DELETE FROM log; END",
    "CREATE SEQUENCE s2; CREATE TABLE with_s (id int DEFAULT nextval(s2))",
    "ALTER TABLE ship ADD UNIQUE KEY u (tons), ADD COLUMN c point, ADD COLUMN d bit(3) DEFAULT b'101', ADD COLUMN e set('a', 'b') DEFAULT 'a,b'",
    "ALTER TABLE ship CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "DROP TRIGGER stamp_ship; CREATE TRIGGER stamp_ship BEFORE INSERT ON ship FOR EACH ROW SET NEW.note = 'x'; CREATE TRIGGER a_later BEFORE INSERT ON ship FOR EACH ROW SET NEW.tons = 1",
    "ALTER TABLE ship DROP INDEX ship_code, DROP INDEX ship_name, DROP COLUMN code, ADD INDEX tons (tons)",
];

const SQLITE: &[&str] = &[
    "CREATE TABLE \"extra table\" (id INTEGER PRIMARY KEY AUTOINCREMENT, ship_id INT REFERENCES ship (id), \"order\" TEXT NOT NULL DEFAULT 'it''s' CHECK (\"order\" <> ''), UNIQUE (ship_id, \"order\")); CREATE INDEX extra_order ON \"extra table\" (\"order\" DESC); CREATE TRIGGER extra_t AFTER INSERT ON \"extra table\" BEGIN UPDATE ship SET name = 'a'; END; CREATE VIEW extra_v AS SELECT id FROM \"extra table\"",
    "ALTER TABLE ship RENAME COLUMN length TO len",
    "ALTER TABLE ship RENAME TO boat",
    "ALTER TABLE log ADD COLUMN extra INTEGER NOT NULL DEFAULT 5; ALTER TABLE log ADD COLUMN more TEXT",
    "ALTER TABLE visit ADD COLUMN more TEXT CHECK (more <> '')",
    "CREATE VIEW v1 AS SELECT id FROM named; CREATE VIEW v0 AS SELECT id FROM v1",
    "CREATE TRIGGER extra INSTEAD OF DELETE ON named BEGIN DELETE FROM ship WHERE id = old.id; END",
    "DROP TABLE visit; DROP TABLE log; CREATE TABLE other (id INTEGER PRIMARY KEY, x)",
    "CREATE UNIQUE INDEX visit_note ON visit (note COLLATE NOCASE) WHERE note > ''",
];

fn both_ways(db: &mut TestDatabase, before: &Schema, is_exception: bool) -> Result<(), String> {
    let engine = db.engine();
    let place = ScratchPlace { folder: db.folder().join("scratch"), server: None };
    let first = ("001_rich", rich(engine));
    let report = drift(&set(&[first]), db.url(), &place).map_err(|error| format!("drift: {error:?}"))?;
    if report.is_clean() {
        return Err("no drift was found".to_owned());
    }
    let expected = if is_exception { Way::ButForWords } else { Way::Whole };
    let mut ways = Vec::new();
    for direction in [Direction::Adopt, Direction::Revert] {
        ways.push(match &report.remedy(direction).proof {
            Proof::Proven => Way::Whole,
            Proof::Except { .. } => Way::ButForWords,
            // SQLite takes a reference to what is no key; a migration may not end with one.
            Proof::Refused { sql, .. } if sql.contains("foreign_key_check") => Way::ButForWords,
            other => return Err(format!("{direction:?}: {other:?}\n{}", report.script(direction))),
        });
    }
    if ways.contains(&Way::ButForWords) != (expected == Way::ButForWords) {
        return Err(format!("ways: {ways:?}\n{report}"));
    }
    if ways[0] == Way::Whole {
        // As if the new migration had been applied where the drift is.
        let adopted = report.script(Direction::Adopt);
        db.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('002')");
        let again = drift(&set(&[first, ("002_adopted", &adopted)]), db.url(), &place);
        db.run("DELETE FROM __diesel_schema_migrations WHERE version = '002'");
        let again = again.map_err(|error| format!("after adopting: {error:?}\n{adopted}"))?;
        if !again.is_clean() {
            return Err(format!("after adopting:\n{again}\n{adopted}"));
        }
    }
    script(db, &report.script(Direction::Revert));
    if ways[1] == Way::Whole && read(db) != *before {
        return Err(format!("not taken back:\n{}", report.script(Direction::Revert)));
    }
    Ok(())
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn every_drift_of_a_postgres_schema_is_adopted_and_taken_back() {
    let changes: Vec<&str> = crate::schema_drift_postgres::CHANGES.iter().map(|(change, _)| *change).collect();
    let exceptions = [
        "UPDATE pg_index SET indisvalid",
        "ALTER TABLE ship DROP changed;",
        "ALTER TABLE ship DROP shout;",
        "ALTER TABLE ship ALTER shout DROP EXPRESSION",
    ];
    check(Engine::Postgres, &changes, &exceptions);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn several_changes_at_once_of_a_postgres_schema_are_adopted_and_taken_back() {
    // Columns that come back stand at the end.
    check(Engine::Postgres, POSTGRES, &["DROP SCHEMA harbour CASCADE"]);
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn every_drift_of_a_mysql_schema_is_adopted_and_taken_back() {
    let changes: Vec<&str> = crate::schema_drift_mysql::CHANGES.iter().map(|(change, ..)| *change).collect();
    check(Engine::Mysql, &changes, &[]);
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn several_changes_at_once_of_a_mysql_schema_are_adopted_and_taken_back() {
    check(Engine::Mysql, MYSQL, &[]);
}

#[test]
fn every_drift_of_a_sqlite_schema_is_adopted_and_taken_back() {
    let changes: Vec<&str> = crate::schema_drift_sqlite::CHANGES.iter().map(|(change, _)| *change).collect();
    let exceptions = [
        "DROP TABLE found; CREATE VIRTUAL TABLE found",
        "DROP TABLE visit; CREATE TABLE visit (ship_id INTEGER NOT NULL REFERENCES log ",
    ];
    check(Engine::Sqlite, &changes, &exceptions);
}

#[test]
fn several_changes_at_once_of_a_sqlite_schema_are_adopted_and_taken_back() {
    check(Engine::Sqlite, SQLITE, &[]);
}

#[test]
fn every_clause_of_a_sqlite_table_is_adopted_and_taken_back() {
    let (_, before) = prepared(Engine::Sqlite);
    let mut wrong = Vec::new();
    for (old, new, _) in crate::schema_drift_sqlite::REWRITTEN {
        let mut db = TestDatabase::new(Engine::Sqlite);
        prepare(db.db());
        script(&mut db, &rich(Engine::Sqlite).replacen(old, new, 1));
        db.run("INSERT INTO __diesel_schema_migrations (version) VALUES ('001')");
        if let Err(message) = both_ways(&mut db, &before, false) {
            wrong.push(format!("## {old} -> {new}\n{message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
