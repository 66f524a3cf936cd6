//! Every single change to a schema of PostgreSQL is found, and said as one sentence. What a schema is, is in `schema_read`.
#![cfg(any(feature = "postgres", feature = "postgres-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, and what the comparison says.
const CHANGES: &[(&str, &str)] = &[
    ("DROP INDEX ship_name", ""),
    ("CREATE INDEX extra ON ship (code)", ""),
    ("DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name)) WHERE code IS NOT NULL", ""),
    ("DROP INDEX ship_number; CREATE INDEX ship_number ON ship (number) INCLUDE (name)", ""),
    ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ship_name'::regclass", ""),
    ("ALTER TABLE ship ALTER name SET DEFAULT 'unnamed'", ""),
    ("ALTER TABLE ship ALTER name DROP DEFAULT", ""),
    ("ALTER TABLE ship ALTER name DROP NOT NULL", ""),
    ("ALTER TABLE visit ALTER note SET NOT NULL", ""),
    ("ALTER TABLE visit ALTER note TYPE varchar(50)", ""),
    ("ALTER TABLE ship ALTER tags TYPE varchar[]", ""),
    ("ALTER TABLE visit ADD extra int", ""),
    ("ALTER TABLE visit DROP note CASCADE", ""),
    ("ALTER TABLE visit RENAME note TO remark", ""),
    (
        "ALTER TABLE visit ADD again date; UPDATE visit SET again = day; ALTER TABLE visit DROP note CASCADE; ALTER TABLE visit ADD note text; CREATE POLICY own ON visit FOR SELECT USING (note IS NULL); GRANT UPDATE (note) ON visit TO pg_monitor; ALTER TABLE visit DROP again; ALTER TABLE visit DROP ship_id; ALTER TABLE visit ADD ship_id bigint NOT NULL CONSTRAINT visit_ship REFERENCES ship (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, ADD PRIMARY KEY (ship_id, day)",
        "",
    ),
    ("ALTER TABLE visit ALTER note TYPE text COLLATE \"C\"", ""),
    ("ALTER TABLE ship ALTER id SET GENERATED ALWAYS", ""),
    ("ALTER TABLE ship ALTER id SET INCREMENT 10", ""),
    ("ALTER SEQUENCE ship_number_seq MAXVALUE 1000", ""),
    ("ALTER SEQUENCE ticket INCREMENT 2", ""),
    ("ALTER SEQUENCE ticket NO CYCLE", ""),
    ("DROP SEQUENCE ticket", ""),
    ("ALTER TABLE ship ALTER shout DROP EXPRESSION", ""),
    ("ALTER TABLE ship DROP shout; ALTER TABLE ship ADD shout text GENERATED ALWAYS AS (lower(name)) STORED", ""),
    ("ALTER TABLE ship DISABLE TRIGGER stamp_ship", ""),
    ("DROP TRIGGER stamp_ship ON ship", ""),
    ("CREATE OR REPLACE TRIGGER stamp_ship BEFORE UPDATE ON ship FOR EACH ROW EXECUTE FUNCTION stamp()", ""),
    ("ALTER TABLE visit DISABLE TRIGGER ALL", ""),
    ("ALTER TABLE visit DROP CONSTRAINT visit_ship", ""),
    (
        "ALTER TABLE visit DROP CONSTRAINT visit_ship, ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID",
        "",
    ),
    (
        "ALTER TABLE visit DROP CONSTRAINT visit_ship, ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED",
        "",
    ),
    ("ALTER TABLE visit ALTER CONSTRAINT visit_ship NOT DEFERRABLE", ""),
    ("ALTER TABLE visit DROP CONSTRAINT visit_pkey", ""),
    ("ALTER TABLE visit RENAME CONSTRAINT visit_ship TO visit_boat", ""),
    ("ALTER TABLE ship DROP CONSTRAINT ship_code_key", ""),
    ("ALTER TABLE ship DROP CONSTRAINT no_overlap", ""),
    ("ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (length(name) > 1)", ""),
    ("ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (name <> '') NOT VALID", ""),
    ("ALTER TABLE ship ADD CHECK (number > 0)", ""),
    ("ALTER TYPE harbour.mood ADD VALUE 'wild' BEFORE 'rough'", ""),
    ("ALTER TYPE harbour.mood RENAME VALUE 'calm' TO 'still'", ""),
    ("ALTER DOMAIN harbour.metres DROP CONSTRAINT positive", ""),
    ("ALTER DOMAIN harbour.metres SET DEFAULT 1", ""),
    ("ALTER TYPE harbour.place ADD ATTRIBUTE alt float8", ""),
    ("DROP TYPE harbour.tide", ""),
    ("COMMENT ON TABLE ship IS 'what sinks'", ""),
    ("COMMENT ON COLUMN ship.code IS NULL", ""),
    ("GRANT INSERT ON ship TO pg_monitor", ""),
    ("GRANT SELECT ON visit TO PUBLIC", ""),
    ("REVOKE UPDATE (note) ON visit FROM pg_monitor", ""),
    ("REVOKE EXECUTE ON FUNCTION shout(text) FROM PUBLIC", ""),
    ("ALTER TABLE visit ENABLE ROW LEVEL SECURITY", ""),
    ("ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY", ""),
    ("ALTER POLICY own ON visit USING (true)", ""),
    ("ALTER POLICY own ON visit TO pg_monitor", ""),
    ("DROP POLICY own ON visit", ""),
    ("CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship", ""),
    ("ALTER VIEW named SET (security_barrier = true)", ""),
    ("DROP RULE no_delete ON named", ""),
    ("DROP MATERIALIZED VIEW harbour.busy", ""),
    ("DROP INDEX harbour.busy_visits", ""),
    ("CREATE OR REPLACE FUNCTION shout(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$", ""),
    ("ALTER FUNCTION shout(text) STABLE", ""),
    ("CREATE FUNCTION shout(t int) RETURNS int LANGUAGE sql AS $$ SELECT t $$", ""),
    ("DROP PROCEDURE tidy(int)", ""),
    ("DROP AGGREGATE total(int); CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')", ""),
    ("ALTER TABLE visit SET (fillfactor = 90)", ""),
    ("ALTER TABLE visit SET UNLOGGED", ""),
    ("ALTER TABLE ship REPLICA IDENTITY FULL", ""),
    ("ALTER TABLE harbour.log DETACH PARTITION harbour.log_2025", ""),
    ("CREATE TABLE harbour.log_2026 PARTITION OF harbour.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')", ""),
    ("CREATE SCHEMA annex", ""),
    ("CREATE TABLE extra (id int PRIMARY KEY)", ""),
    ("DROP TABLE harbour.log_2025", ""),
    ("ALTER TABLE visit RENAME TO call", ""),
    ("CREATE TABLE harbour.ship (id int)", ""),
    ("ALTER TABLE ship ALTER tags SET STORAGE external", ""),
];

#[test]
fn every_change_to_a_postgres_schema_is_one_difference_with_its_name() {
    let mut db = TestDatabase::new(Engine::Postgres);
    script(&mut db, rich(Engine::Postgres));
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
