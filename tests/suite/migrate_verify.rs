//! Proofs of ways back on every engine: good ones, and wrong ones that have to be caught. Taking back is `migrate_down`'s.

use plimsoll_core::db::Engine;
use plimsoll_migrate::verify::{Mark, Proof, VerifyOptions, VerifyOutcome, VerifyReport, verify};
use plimsoll_migrate::{MigrationSet, ScratchPlace};
use plimsoll_tests::migrating::set;
use plimsoll_tests::{Deployment, TestDatabase, live_tests, schema};

/// Two tables that refer to each other, with keys, a check, a default and an index.
const BASE: &str = "CREATE TABLE team (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE);\n\
    CREATE TABLE person (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES team (id), name VARCHAR(40) NOT NULL,\n\
    mood VARCHAR(10) DEFAULT 'calm' NOT NULL CHECK (mood IN ('calm', 'glad')), age INTEGER CHECK (age >= 18));\n\
    CREATE INDEX person_name ON person (name);";
const BASE_DOWN: &str = "DROP TABLE person;\nDROP TABLE team;";

/// The base, and a migration on it with its way back.
fn on_base(up: &str, down: &str) -> MigrationSet {
    set(&[("0001_base", BASE), ("0001_base.down", BASE_DOWN), ("0002_next", up), ("0002_next.down", down)])
}

fn place(db: &TestDatabase) -> ScratchPlace {
    ScratchPlace { folder: db.folder().join("scratch"), server: None }
}

#[track_caller]
fn proven(db: &TestDatabase, set: &MigrationSet) -> VerifyReport {
    let report = verify(set, db.url(), &place(db), &VerifyOptions::default()).expect("is proven or not");
    assert_eq!(report.migrations.len(), set.migrations.len());
    report
}

/// The proof of the second migration; the base is good.
#[track_caller]
fn second(db: &TestDatabase, up: &str, down: &str) -> (Proof, VerifyOutcome) {
    let report = proven(db, &on_base(up, down));
    let outcome = report.outcome(false);
    let [base, next] = <[Proof; 2]>::try_from(report.migrations).expect("two");
    assert_eq!(base.mark, Mark::Lossy, "{base}");
    (next, outcome)
}

/// Makes sure that a way back is found wrong, and that this is said.
#[track_caller]
fn caught(db: &TestDatabase, up: &str, down: &str, says: &str) {
    let (proof, outcome) = second(db, up, down);
    assert_eq!((proof.mark, outcome), (Mark::Wrong, VerifyOutcome::Wrong), "{proof}");
    assert!(proof.wrong.iter().any(|wrong| wrong.contains(says)), "nothing says `{says}`: {proof}");
}

fn losses(losses: &[plimsoll_migrate::revert::Loss]) -> Vec<String> {
    losses.iter().map(ToString::to_string).collect()
}

live_tests! {
    fn a_way_back_that_restores_everything_is_reversible(db: &mut TestDatabase) {
        let down = if db.engine() == Engine::Mysql { "DROP INDEX person_age ON person;" } else { "DROP INDEX person_age;" };
        let (proof, outcome) = second(db, "CREATE INDEX person_age ON person (age);", down);
        assert_eq!((proof.mark, outcome), (Mark::Reversible, VerifyOutcome::Proven), "{proof}");
        assert!(db.tables().is_empty(), "the real database is not touched");
    }

    fn what_exists_only_while_it_is_applied_is_named(db: &mut TestDatabase) {
        let report = proven(db, &set(&[
            ("0001_base", BASE),
            ("0001_base.down", BASE_DOWN),
            ("0002_email", "ALTER TABLE person ADD COLUMN email VARCHAR(40);"),
            ("0002_email.down", "ALTER TABLE person DROP COLUMN email;"),
        ]));
        assert_eq!(report.outcome(true), VerifyOutcome::Proven, "{report}");
        let [base, email] = report.migrations.as_slice() else { panic!("two") };
        assert_eq!((base.mark, losses(&base.only_between)), (Mark::Lossy, vec!["table `person`".to_owned(), "table `team`".to_owned()]));
        assert_eq!((email.mark, losses(&email.only_between)), (Mark::Lossy, vec!["column `person.email`".to_owned()]), "{email}");
        assert!(email.lost.is_empty() && email.unmeasured.is_empty(), "{email}");
    }

    fn a_forgotten_index_is_caught(db: &mut TestDatabase) {
        let up = "CREATE INDEX person_age ON person (age); ALTER TABLE person ADD COLUMN email VARCHAR(40);";
        caught(db, up, "ALTER TABLE person DROP COLUMN email;", "index `person.person_age`: should not be there");
    }

    fn the_wrong_column_is_caught(db: &mut TestDatabase) {
        let up = "ALTER TABLE team ADD COLUMN email VARCHAR(40); ALTER TABLE team ADD COLUMN phone VARCHAR(40);";
        let down = "ALTER TABLE team DROP COLUMN email;";
        caught(db, up, down, "column `team.phone`: should not be there");
    }

    fn the_wrong_order_is_caught(db: &mut TestDatabase) {
        let up = "ALTER TABLE person ADD COLUMN email VARCHAR(40); CREATE INDEX person_email ON person (email);";
        let on = if db.engine() == Engine::Mysql { " ON person" } else { "" };
        let down = format!("ALTER TABLE person DROP COLUMN email; DROP INDEX person_email{on};");
        caught(db, up, &down, "the way back fails at statement ");
    }

    fn another_default_is_caught(db: &mut TestDatabase) {
        let (up, down) = match db.engine() {
            Engine::Postgres => (
                "ALTER TABLE person ALTER COLUMN mood TYPE VARCHAR(20); ALTER TABLE person ALTER COLUMN mood SET DEFAULT 'glad';",
                "ALTER TABLE person ALTER COLUMN mood TYPE VARCHAR(10);",
            ),
            Engine::Mysql => (
                "ALTER TABLE person MODIFY mood VARCHAR(20) DEFAULT 'glad' NOT NULL;",
                "ALTER TABLE person MODIFY mood VARCHAR(10) DEFAULT 'glad' NOT NULL;",
            ),
            Engine::Sqlite => (
                "CREATE TABLE other (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE, mood TEXT DEFAULT 'glad'); DROP TABLE other; \
                 CREATE TABLE kept (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE); INSERT INTO kept SELECT * FROM team; \
                 DROP TABLE team; ALTER TABLE kept RENAME TO team;",
                "CREATE TABLE kept (id INTEGER PRIMARY KEY, name VARCHAR(40) DEFAULT 'x' NOT NULL UNIQUE); \
                 INSERT INTO kept SELECT * FROM team; DROP TABLE team; ALTER TABLE kept RENAME TO team;",
            ),
        };
        caught(db, up, down, "default");
    }

    fn a_row_that_stays_is_caught(db: &mut TestDatabase) {
        let up = "INSERT INTO team (id, name) VALUES (9001, 'staff');";
        caught(db, up, "DELETE FROM team WHERE id = 9002;", "`team` has 1 row that it did not have before");
    }

    fn a_way_back_that_fails_only_with_rows_is_caught(db: &mut TestDatabase) {
        let up = "DROP TABLE person;";
        let down = "CREATE TABLE person (id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL REFERENCES team (id), name VARCHAR(40) NOT NULL, \
                    mood VARCHAR(10) DEFAULT 'calm' NOT NULL CHECK (mood IN ('calm', 'glad')), age INTEGER CHECK (age >= 18)); \
                    CREATE INDEX person_name ON person (name); INSERT INTO person (id, team_id, name) SELECT 1, id, name FROM team;";
        caught(db, up, down, "the way back fails at statement 3");
    }

    fn forgotten_data_is_named_and_has_to_be_declared(db: &mut TestDatabase) {
        let up = "ALTER TABLE team ADD COLUMN note VARCHAR(40); UPDATE team SET note = name;";
        let rest = [("0003_drop", "ALTER TABLE team DROP COLUMN note;"), ("0003_drop.down", "ALTER TABLE team ADD COLUMN note VARCHAR(40);")];
        let of = |down: &'static str| {
            let mut all = vec![("0001_base", BASE), ("0001_base.down", BASE_DOWN), ("0002_next", up), ("0002_next.down", "ALTER TABLE team DROP COLUMN note;")];
            all.extend([rest[0], ("0003_drop.down", down)]);
            set(&all)
        };
        let report = proven(db, &of(rest[1].1));
        let drop = &report.migrations[2];
        assert_eq!((drop.mark, report.outcome(false)), (Mark::Lossy, VerifyOutcome::Wrong), "{report}");
        assert_eq!(losses(&drop.lost), ["column `team.note`"]);
        assert!(drop.to_string().contains("plimsoll: lossy"), "{drop}");
        let report = proven(db, &of("-- plimsoll: lossy nobody read the notes\nALTER TABLE team ADD COLUMN note VARCHAR(40);"));
        assert_eq!((report.migrations[2].mark, report.outcome(false)), (Mark::Lossy, VerifyOutcome::Proven), "{report}");
        let report = proven(db, &of("ALTER TABLE team ADD COLUMN note VARCHAR(40); UPDATE team SET note = name;"));
        let drop = &report.migrations[2];
        assert_eq!((losses(&drop.lost), report.outcome(false)), (vec!["column `team.note`".to_owned()], VerifyOutcome::Wrong), "rows that were entered had others: {drop}");
    }

    fn data_that_is_carried_over_and_back_is_not_lost(db: &mut TestDatabase) {
        let up = "CREATE TABLE alias (id INTEGER PRIMARY KEY, alias VARCHAR(40) NOT NULL); INSERT INTO alias SELECT id, name FROM person;";
        let (proof, _) = second(db, up, "DROP TABLE alias;");
        assert_eq!((proof.mark, losses(&proof.lost)), (Mark::Lossy, vec![]), "{proof}");
        let rename = "ALTER TABLE person RENAME COLUMN age TO years;";
        if db.engine() != Engine::Mysql {
            let (proof, _) = second(db, rename, "ALTER TABLE person RENAME COLUMN years TO age;");
            assert_eq!(proof.mark, Mark::Reversible, "{proof}");
        }
    }

    fn no_way_back_is_no_failure_unless_it_is_asked_for(db: &mut TestDatabase) {
        let mut all = vec![("0001_base", BASE), ("0001_base.down", BASE_DOWN), ("0002_next", "ALTER TABLE team ADD COLUMN note VARCHAR(40);")];
        let report = proven(db, &set(&all));
        assert_eq!(report.migrations[1].mark, Mark::Irreversible);
        assert_eq!((report.outcome(false), report.outcome(true)), (VerifyOutcome::Proven, VerifyOutcome::Wrong));
        all.push(("0002_next.down", "-- plimsoll: irreversible notes are kept\n"));
        all.extend([("0003_last", "ALTER TABLE team ADD COLUMN last VARCHAR(40);"), ("0003_last.down", "ALTER TABLE team DROP COLUMN last;")]);
        let report = proven(db, &set(&all));
        assert_eq!((report.migrations[1].mark, report.outcome(true)), (Mark::Irreversible, VerifyOutcome::Proven), "{report}");
        assert_eq!(report.migrations[2].mark, Mark::Lossy, "{report}");
    }

    fn what_cannot_be_measured_is_said_and_never_proven(db: &mut TestDatabase) {
        let (up, down, says) = match db.engine() {
            Engine::Postgres => ("CREATE ROLE plimsoll_never;", "DROP ROLE plimsoll_never;", "makes the role"),
            Engine::Mysql => ("CREATE DATABASE plimsoll_never;", "DROP DATABASE plimsoll_never;", "makes the database"),
            Engine::Sqlite => ("-- plimsoll: no-transaction\nATTACH 'never.db' AS never;", "DETACH never;", "another file"),
        };
        let (proof, outcome) = second(db, up, down);
        assert_eq!((proof.mark, outcome), (Mark::Unmeasured, VerifyOutcome::Unmeasured), "{proof}");
        assert!(proof.unmeasured[0].contains(says), "{proof}");
        // Rows that no generated one is like, in a table that the migration changes.
        let odd = "CREATE TABLE odd (id INTEGER PRIMARY KEY, code VARCHAR(60) NOT NULL CHECK (code LIKE 'a%b%c%d'));";
        let report = proven(db, &set(&[
            ("0001_odd", odd),
            ("0001_odd.down", "DROP TABLE odd;"),
            ("0002_next", "ALTER TABLE odd ADD COLUMN note VARCHAR(40);"),
            ("0002_next.down", "ALTER TABLE odd DROP COLUMN note;"),
        ]));
        let told = report.migrations[1].to_string();
        let literal = report.migrations.iter().all(|proof| proof.mark == Mark::Unmeasured);
        assert!(literal || report.migrations[1].mark == Mark::Lossy, "{report}");
        assert!(!literal || told.contains("rows of `odd`: no generated row is accepted"), "{told}");
    }

    fn a_migration_that_refuses_rows_is_told_and_the_rest_is_still_proven(db: &mut TestDatabase) {
        let unique = "CREATE UNIQUE INDEX person_mood ON person (mood);";
        let down = if db.engine() == Engine::Mysql { "DROP INDEX person_mood ON person;" } else { "DROP INDEX person_mood;" };
        let (proof, outcome) = second(db, unique, down);
        assert_eq!((proof.mark, outcome), (Mark::Unmeasured, VerifyOutcome::Unmeasured), "{proof}");
        assert!(proof.unmeasured[0].contains("in the tables that it names, the migration fails at statement 1"), "{proof}");
    }

    fn a_wrong_way_back_does_not_spoil_the_proofs_after_it(db: &mut TestDatabase) {
        let report = proven(db, &set(&[
            ("0001_base", BASE),
            ("0001_base.down", "DROP TABLE person;"),
            ("0002_next", "ALTER TABLE team ADD COLUMN note VARCHAR(40);"),
            ("0002_next.down", "ALTER TABLE team DROP COLUMN note;"),
        ]));
        let marks: Vec<Mark> = report.migrations.iter().map(|proof| proof.mark).collect();
        assert_eq!(marks, [Mark::Wrong, Mark::Lossy], "{report}");
    }

    fn each_statement_that_a_way_back_forgets_is_caught(db: &mut TestDatabase) {
        let on = if db.engine() == Engine::Mysql { " ON person" } else { "" };
        let up = "CREATE TABLE tag (id INTEGER PRIMARY KEY, word VARCHAR(20)); CREATE INDEX person_age ON person (age); \
                  ALTER TABLE team ADD COLUMN note VARCHAR(40); CREATE VIEW grown AS SELECT id FROM person; \
                  INSERT INTO team (id, name) VALUES (9001, 'staff');";
        let age = format!("DROP INDEX person_age{on};");
        let down =
            ["DELETE FROM team WHERE id = 9001;", "DROP VIEW grown;", "ALTER TABLE team DROP COLUMN note;", age.as_str(), "DROP TABLE tag;"];
        let (whole, _) = second(db, up, &down.join(" "));
        assert_eq!(whole.mark, Mark::Lossy, "{whole}");
        for forgotten in down {
            let rest = down.into_iter().filter(|each| *each != forgotten).collect::<Vec<_>>().join(" ");
            let (proof, outcome) = second(db, up, &rest);
            assert_eq!((proof.mark, outcome), (Mark::Wrong, VerifyOutcome::Wrong), "{forgotten}: {proof}");
        }
    }

    fn most_of_what_an_engine_has_gets_rows(db: &mut TestDatabase) {
        let all = match db.engine() {
            Engine::Postgres => "DO $$ BEGIN END $$;",
            Engine::Mysql => "DO 1;",
            Engine::Sqlite => "EXPLAIN SELECT 1;",
        };
        let report = proven(db, &set(&[("0001_rich", schema::rich(db.engine())), ("0002_all", all), ("0002_all.down", all)]));
        let proof = &report.migrations[1];
        assert!(proof.unmeasured.is_empty(), "{proof}");
    }

    fn a_proof_can_begin_late(db: &mut TestDatabase) {
        let set = on_base("ALTER TABLE team ADD COLUMN note VARCHAR(40);", "ALTER TABLE team DROP COLUMN note;");
        let from = |version: &str| VerifyOptions { from: Some(version.to_owned()) };
        let report = verify(&set, db.url(), &place(db), &from("0002")).expect("is proven");
        assert_eq!(report.migrations.len(), 1);
        assert_eq!(report.migrations[0].mark, Mark::Lossy, "{report}");
        assert!(verify(&set, db.url(), &place(db), &from("0009")).is_err());
    }
}

/// The harbour with ways back, in a SQLite file of its own.
fn harbour() -> Deployment {
    let harbour = Deployment::of_harbour();
    for name in MIGRATIONS {
        harbour.remove(&format!("migrations/{name}.sql"));
    }
    harbour.write("migrations/0001_base.up.sql", BASE);
    harbour.write("migrations/0001_base.down.sql", BASE_DOWN);
    harbour.write("migrations/0002_note.up.sql", "ALTER TABLE team ADD COLUMN note TEXT;\n");
    harbour
}

const MIGRATIONS: [&str; 3] =
    ["20260101090000_create_specs", "20260102090000_create_features_and_prompts", "20260211093000_create_caller"];

#[test]
fn the_command_says_what_each_way_back_is_worth_and_exits_by_it() {
    let harbour = harbour();
    let shown = harbour.run(&["migrate", "verify", "dev"]).exits(0);
    for text in [
        "lossy         0001_base",
        "loses what was written after it: table `person`",
        "irreversible  0002_note",
        "1 lossy, 1 irreversible",
    ] {
        assert!(shown.stdout.contains(text), "nothing shows `{text}`:\n{}", shown.text());
    }
    harbour.run(&["migrate", "verify", "dev", "--require-down"]).exits(3);
    harbour.write("migrations/0002_note.down.sql", "-- plimsoll: irreversible notes are kept\n");
    harbour.run(&["migrate", "verify", "dev", "--require-down"]).exits(0);
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    harbour.run(&["migrate", "down", "dev"]).exits(5).says(&["declared irreversible: notes are kept"]);
    harbour.write("migrations/0002_note.down.sql", "ALTER TABLE team DROP COLUMN name;\n");
    let wrong = harbour.run(&["migrate", "verify", "dev", "--from", "0002", "--format", "json"]).exits(3).one_json();
    assert_eq!(
        (wrong["migrations"].as_array().map(Vec::len), &wrong["migrations"][0]["mark"]),
        (Some(1), &"wrong".into())
    );
    harbour.write("migrations/0002_note.up.sql", "-- plimsoll: no-transaction\nATTACH 'other.db' AS other;\n");
    let shown = harbour.run(&["migrate", "verify", "dev"]).exits(4);
    assert!(shown.stdout.contains("not proven    0002_note"), "{}", shown.text());
    harbour
        .run(&["migrate", "verify", "dev", "--scratch", "postgres://localhost/x"])
        .exits(2)
        .says(&["names a PostgreSQL server"]);
    let left = std::fs::read_dir(harbour.root().join(".plimsoll/dev/scratch")).expect("the folder is there").count();
    assert_eq!(left, 0, "no scratch database is left");
}
