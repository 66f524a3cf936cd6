//! Every single change to a schema of PostgreSQL is found, and said as one sentence. What a schema is, is in `schema_read`.
#![cfg(any(feature = "postgres", feature = "postgres-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::schema::{drift, read, rich, script};

/// What somebody did behind everybody's back, and what the comparison says.
pub(crate) const CHANGES: &[(&str, &str)] = &[
    ("DROP INDEX ship_name", "index `ship.ship_name`: is missing"),
    ("CREATE INDEX extra ON ship (code)", "index `ship.extra`: should not be there"),
    (
        "DROP INDEX ship_name; CREATE INDEX ship_name ON ship (lower(name)) WHERE code IS NOT NULL",
        "index `ship.ship_name`: definition is `CREATE INDEX ship_name ON public.ship USING btree (lower((name)::text)) WHERE (code IS NOT NULL)`, should be `CREATE INDEX ship_name ON public.ship USING btree (lower((name)::text) DESC) WHERE (code IS NOT NULL)`",
    ),
    (
        "DROP INDEX ship_number; CREATE INDEX ship_number ON ship (number) INCLUDE (name)",
        "index `ship.ship_number`: definition is `CREATE INDEX ship_number ON public.ship USING btree (number) INCLUDE (name)`, should be `CREATE UNIQUE INDEX ship_number ON public.ship USING btree (number) INCLUDE (name)`; not unique, should be unique",
    ),
    (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ship_name'::regclass",
        "index `ship.ship_name`: INVALID, should be valid",
    ),
    (
        "ALTER TABLE ship ALTER name SET DEFAULT 'unnamed'",
        "column `ship.name`: default is `'unnamed'::character varying`, should be `'nameless'::character varying`",
    ),
    (
        "ALTER TABLE ship ALTER name DROP DEFAULT",
        "column `ship.name`: no default, should be `'nameless'::character varying`",
    ),
    ("ALTER TABLE ship ALTER name DROP NOT NULL", "column `ship.name`: nullable, should be not null"),
    ("ALTER TABLE visit ALTER note SET NOT NULL", "column `visit.note`: not null, should be nullable"),
    ("ALTER TABLE ship ALTER number TYPE bigint", "column `ship.number`: type is `bigint`, should be `integer`"),
    (
        "ALTER TABLE ship ALTER tags TYPE varchar[]",
        "column `ship.tags`: type is `character varying[]`, should be `text[]`",
    ),
    ("ALTER TABLE visit ADD extra int", "column `visit.extra`: should not be there"),
    (
        "ALTER TABLE visit DROP note CASCADE",
        "column `visit.note`: is missing\npolicy `visit.own`: is missing\ngrant `visit.pg_monitor (note)`: is missing",
    ),
    (
        "ALTER TABLE visit RENAME note TO remark",
        "column `visit.note`: is missing\ncolumn `visit.remark`: should not be there\npolicy `visit.own`: using is `(remark IS NULL)`, should be `(note IS NULL)`\ngrant `visit.pg_monitor (note)`: is missing\ngrant `visit.pg_monitor (remark)`: should not be there",
    ),
    (
        "ALTER TABLE ship DROP changed; ALTER TABLE ship ADD changed timestamptz DEFAULT now()",
        "table `ship`: column order is `id, number, name, code, shout, length, mood, tags, berth, changed`, should be `id, number, name, code, shout, length, mood, tags, changed, berth`",
    ),
    (
        "ALTER TABLE ship ALTER code TYPE text COLLATE \"POSIX\"",
        "column `ship.code`: collation is `\"POSIX\"`, should be `\"C\"`",
    ),
    (
        "ALTER TABLE ship ALTER id SET GENERATED ALWAYS",
        "column `ship.id`: identity is `always`, should be `by default`",
    ),
    (
        "ALTER TABLE ship ALTER id SET INCREMENT 10",
        "column `ship.id`: sequence is `bigint from 1 by 10, minimum 1, maximum 9223372036854775807, cache 1`, should be `bigint from 1 by 1, minimum 1, maximum 9223372036854775807, cache 1`",
    ),
    (
        "ALTER SEQUENCE ship_number_seq MAXVALUE 1000",
        "column `ship.number`: sequence is `integer from 1 by 1, minimum 1, maximum 1000, cache 1`, should be `integer from 1 by 1, minimum 1, maximum 2147483647, cache 1`",
    ),
    ("ALTER SEQUENCE ticket INCREMENT 2", "sequence `ticket`: increment is `2`, should be `5`"),
    ("ALTER SEQUENCE ticket NO CYCLE", "sequence `ticket`: should be cycling"),
    ("DROP SEQUENCE ticket", "sequence `ticket`: is missing"),
    (
        "ALTER TABLE ship ALTER shout DROP EXPRESSION",
        "column `ship.shout`: no generated, should be `upper((name)::text) stored`",
    ),
    (
        "ALTER TABLE ship DROP shout; ALTER TABLE ship ADD shout text GENERATED ALWAYS AS (lower(name)) STORED",
        "table `ship`: column order is `id, number, name, code, length, mood, tags, changed, berth, shout`, should be `id, number, name, code, shout, length, mood, tags, changed, berth`\ncolumn `ship.shout`: generated is `lower((name)::text) stored`, should be `upper((name)::text) stored`",
    ),
    ("ALTER TABLE ship DISABLE TRIGGER stamp_ship", "trigger `ship.stamp_ship`: disabled, should be enabled"),
    ("DROP TRIGGER stamp_ship ON ship", "trigger `ship.stamp_ship`: is missing"),
    (
        "CREATE OR REPLACE TRIGGER stamp_ship BEFORE UPDATE ON ship FOR EACH ROW EXECUTE FUNCTION stamp()",
        "trigger `ship.stamp_ship`: definition is `CREATE TRIGGER stamp_ship BEFORE UPDATE ON public.ship FOR EACH ROW EXECUTE FUNCTION public.stamp()`, should be `CREATE TRIGGER stamp_ship BEFORE UPDATE OF name ON public.ship FOR EACH ROW WHEN (((old.name)::text IS DISTINCT FROM (new.name)::text)) EXECUTE FUNCTION public.stamp()`",
    ),
    ("ALTER TABLE visit DISABLE TRIGGER ALL", "foreign key `visit.visit_ship`: disabled, should be enabled"),
    ("ALTER TABLE visit DROP CONSTRAINT visit_ship", "foreign key `visit.visit_ship`: is missing"),
    (
        "ALTER TABLE visit DROP CONSTRAINT visit_ship, ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID",
        "foreign key `visit.visit_ship`: not validated, should be validated",
    ),
    (
        "ALTER TABLE visit DROP CONSTRAINT visit_ship, ADD CONSTRAINT visit_ship FOREIGN KEY (ship_id) REFERENCES ship (id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED",
        "foreign key `visit.visit_ship`: on delete is `restrict`, should be `cascade`",
    ),
    (
        "ALTER TABLE visit ALTER CONSTRAINT visit_ship NOT DEFERRABLE",
        "foreign key `visit.visit_ship`: no deferrable, should be `initially deferred`",
    ),
    ("ALTER TABLE visit DROP CONSTRAINT visit_pkey", "primary key `visit.visit_pkey`: is missing"),
    (
        "ALTER TABLE visit RENAME CONSTRAINT visit_ship TO visit_boat",
        "foreign key `visit.visit_boat`: should not be there\nforeign key `visit.visit_ship`: is missing",
    ),
    ("ALTER TABLE ship DROP CONSTRAINT ship_code_key", "unique constraint `ship.ship_code_key`: is missing"),
    ("ALTER TABLE ship DROP CONSTRAINT no_overlap", "exclusion constraint `ship.no_overlap`: is missing"),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (length(name) > 1)",
        "check `ship.ship_named`: expression is `(length((name)::text) > 1)`, should be `((name)::text <> ''::text)`",
    ),
    (
        "ALTER TABLE ship DROP CONSTRAINT ship_named, ADD CONSTRAINT ship_named CHECK (name <> '') NOT VALID",
        "check `ship.ship_named`: not validated, should be validated",
    ),
    ("ALTER TABLE ship ADD CHECK (number > 0)", "check `ship.ship_number_check`: should not be there"),
    (
        "ALTER TYPE harbour.mood ADD VALUE 'wild' BEFORE 'rough'",
        "enum `harbour.mood`: values is `'calm', 'wild', 'rough'`, should be `'calm', 'rough'`",
    ),
    (
        "ALTER TYPE harbour.mood RENAME VALUE 'calm' TO 'still'",
        "enum `harbour.mood`: values is `'still', 'rough'`, should be `'calm', 'rough'`\ncolumn `ship.mood`: default is `'still'::harbour.mood`, should be `'calm'::harbour.mood`",
    ),
    (
        "ALTER DOMAIN harbour.metres DROP CONSTRAINT positive",
        "domain `harbour.metres`: no checks, should be `positive CHECK ((VALUE >= (0)::numeric))`",
    ),
    ("ALTER DOMAIN harbour.metres SET DEFAULT 1", "domain `harbour.metres`: default is `1`, should be `0`"),
    (
        "ALTER TYPE harbour.place ADD ATTRIBUTE alt float8",
        "composite type `harbour.place`: fields is `lat double precision, lon double precision, alt double precision`, should be `lat double precision, lon double precision`",
    ),
    ("DROP TYPE harbour.tide", "range type `harbour.tide`: is missing"),
    ("COMMENT ON TABLE ship IS 'what sinks'", "table `ship`: comment is `what sinks`, should be `what floats`"),
    ("COMMENT ON COLUMN ship.code IS NULL", "column `ship.code`: no comment, should be `painted on the bow`"),
    (
        "GRANT INSERT ON ship TO pg_monitor",
        "grant `ship.pg_monitor`: privileges is `INSERT, SELECT`, should be `SELECT`",
    ),
    ("GRANT SELECT ON visit TO PUBLIC", "grant `visit.PUBLIC`: should not be there"),
    ("REVOKE UPDATE (note) ON visit FROM pg_monitor", "grant `visit.pg_monitor (note)`: is missing"),
    (
        "REVOKE EXECUTE ON FUNCTION shout(text) FROM PUBLIC",
        "function `shout(t text)`: no granted, should be `PUBLIC: EXECUTE`",
    ),
    ("ALTER TABLE visit ENABLE ROW LEVEL SECURITY", "table `visit`: row security is `enabled`, should be none"),
    (
        "ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY",
        "table `visit`: row security is `forced`, should be none",
    ),
    ("ALTER POLICY own ON visit USING (true)", "policy `visit.own`: using is `true`, should be `(note IS NULL)`"),
    ("ALTER POLICY own ON visit TO pg_monitor", "policy `visit.own`: roles is `pg_monitor`, should be `PUBLIC`"),
    ("DROP POLICY own ON visit", "policy `visit.own`: is missing"),
    (
        "CREATE OR REPLACE VIEW named AS SELECT id, name FROM ship",
        "view `named`: definition in line 3 is `FROM public.ship;`, should be `FROM public.ship`",
    ),
    (
        "ALTER VIEW named SET (security_barrier = true)",
        "view `named`: options is `security_barrier=true`, should be none",
    ),
    ("DROP RULE no_delete ON named", "rule `named.no_delete`: is missing"),
    ("DROP MATERIALIZED VIEW harbour.busy", "materialized view `harbour.busy`: is missing"),
    ("DROP INDEX harbour.busy_visits", "index `harbour.busy.busy_visits`: is missing"),
    (
        "CREATE OR REPLACE FUNCTION shout(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$",
        "function `shout(t text)`: definition in line 5 is `AS $function$ SELECT lower(t) $function$`, should be `AS $function$ SELECT upper(t) $function$`",
    ),
    (
        "ALTER FUNCTION shout(text) STABLE",
        "function `shout(t text)`: definition in line 4 is `STABLE`, should be `IMMUTABLE`",
    ),
    (
        "CREATE FUNCTION shout(t int) RETURNS int LANGUAGE sql AS $$ SELECT t $$",
        "function `shout(t integer)`: should not be there",
    ),
    ("DROP PROCEDURE tidy(int)", "procedure `tidy(IN days integer)`: is missing"),
    (
        "DROP AGGREGATE total(int); CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
        "function `total(integer)`: aggregate is `int4pl, integer, '1'`, should be `int4pl, integer, '0'`",
    ),
    ("ALTER TABLE visit SET (fillfactor = 90)", "table `visit`: options is `fillfactor=90`, should be `fillfactor=70`"),
    ("ALTER TABLE visit SET UNLOGGED", "table `visit`: persistence is `unlogged`, should be none"),
    ("ALTER TABLE ship REPLICA IDENTITY FULL", "table `ship`: replica identity is `full`, should be none"),
    (
        "ALTER TABLE harbour.log DETACH PARTITION harbour.log_2025",
        "table `harbour.log_2025`: no parents, should be `harbour.log`; no partition, should be `FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`",
    ),
    (
        "CREATE TABLE harbour.log_2026 PARTITION OF harbour.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        "table `harbour.log_2026`: should not be there",
    ),
    ("CREATE SCHEMA annex", "schema `annex`: should not be there"),
    ("CREATE TABLE extra (id int PRIMARY KEY)", "table `extra`: should not be there"),
    ("DROP TABLE harbour.log_2025", "table `harbour.log_2025`: is missing"),
    (
        "ALTER TABLE visit RENAME TO call",
        "table `call`: should not be there\ntable `visit`: is missing\nmaterialized view `harbour.busy`: definition in line 1 is `SELECT call.ship_id,`, should be `SELECT visit.ship_id,`",
    ),
    ("CREATE TABLE harbour.ship (id int)", "table `harbour.ship`: should not be there"),
    ("ALTER TABLE ship ALTER tags SET STORAGE external", "column `ship.tags`: storage is `e`, should be none"),
];

#[test]
fn every_change_to_a_postgres_schema_is_one_difference_with_its_name() {
    let mut db = TestDatabase::new(Engine::Postgres);
    script(&mut db, rich(Engine::Postgres));
    let before = read(&mut db);
    let mut wrong = Vec::new();
    for (change, expected) in CHANGES {
        db.db().begin().expect("begins");
        let found = match db.db().batch(change) {
            Ok(()) => drift(&mut db, &before).join("\n"),
            Err(error) => error.to_string(),
        };
        db.db().rollback().expect("rolls back");
        if found != *expected {
            wrong.push(format!("{change}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(drift(&mut db, &before).is_empty());
}
