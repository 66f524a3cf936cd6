//! Drift on live databases: what is found, what is not, and what cannot be measured. The SQL for it is `migrate_drift_sql`'s.

use plimsoll_core::db::{Access, Engine, connect};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::drift::{Direction, DriftReport, FindingKind, drift};
use plimsoll_migrate::{MigrateError, MigrationSet, ScratchPlace, split};
use plimsoll_tests::migrating::{migrate, set};
use plimsoll_tests::schema::{read, rich, script};
use plimsoll_tests::{Deployment, TestDatabase, TestProject, live_tests};

fn place(db: &TestDatabase) -> ScratchPlace {
    ScratchPlace { folder: db.folder().join("scratch"), server: None }
}

#[track_caller]
fn found(db: &TestDatabase, set: &MigrationSet) -> DriftReport {
    drift(set, db.url(), &place(db)).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

fn code(found: Result<DriftReport, MigrateError>) -> ErrorCode {
    found.expect_err("cannot be measured").code()
}

const PEOPLE: &str = "CREATE TABLE people (id int PRIMARY KEY, name varchar(40) NOT NULL)";

live_tests! {
    fn an_untouched_database_has_no_drift(db: &mut TestDatabase) {
        let set = set(&[("001_rich", rich(db.engine())), ("002_people", PEOPLE)]);
        migrate(db, &set).expect("applies");
        let report = found(db, &set);
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.migrations, 2);
        assert!(report.adopt.steps.is_empty() && report.script(Direction::Revert).is_empty());
    }

    fn a_migration_that_an_earlier_release_knew_by_a_shared_number_is_the_one_that_was_applied(db: &mut TestDatabase) {
        let project = TestProject::new().file("migrations/20251026_b/migration.sql", PEOPLE);
        let load = || MigrationSet::load(&project.path().join("migrations")).expect("loads");
        migrate(db, &load()).expect("applies");
        let ledger = table(db.engine(), LedgerTable::Migration);
        for table in [&ledger, "__diesel_schema_migrations"] {
            db.run(&format!("UPDATE {table} SET version = '20251026'"));
        }
        // Late, and of the same number.
        project.write("migrations/20251026_a/migration.sql", "CREATE TABLE other (id int)");
        let report = found(db, &load());
        assert_eq!(report.migrations, 1);
        assert!(report.is_clean(), "{report}");
    }

    fn migrations_that_are_pending_do_not_count(db: &mut TestDatabase) {
        let first = ("001_people", PEOPLE);
        migrate(db, &set(&[first])).expect("applies");
        let report = found(db, &set(&[first, ("002_more", "CREATE TABLE more (id int)")]));
        assert!(report.is_clean(), "{report}");
    }

    fn the_history_tables_of_other_tools_are_no_drift(db: &mut TestDatabase) {
        let set = set(&[("001_people", PEOPLE)]);
        migrate(db, &set).expect("applies");
        db.run("CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY)");
        assert!(found(db, &set).is_clean());
    }

    fn looking_for_drift_changes_nothing_and_leaves_nothing(db: &mut TestDatabase) {
        let set = set(&[("001_people", PEOPLE)]);
        migrate(db, &set).expect("applies");
        db.run("ALTER TABLE people ADD COLUMN age int");
        let before = read(db);
        let report = found(db, &set);
        assert_eq!(report.differences.len(), 1, "{report}");
        assert_eq!(report.differences[0].text, match db.engine() {
            Engine::Sqlite | Engine::Postgres | Engine::Mysql => "column `people.age`: should not be there",
        });
        assert_eq!(read(db), before);
        let left = std::fs::read_dir(place(db).folder).map(|entries| entries.count()).unwrap_or(0);
        assert_eq!(left, 0, "the scratch file is gone");
        let json = serde_json::to_string(&report).expect("is JSON");
        assert_eq!(serde_json::from_str::<DriftReport>(&json).expect("reads"), report);
    }

    fn taking_drift_back_keeps_the_rows(db: &mut TestDatabase) {
        let set = set(&[
            ("001_people", PEOPLE),
            ("002_pets", "CREATE TABLE pets (id int PRIMARY KEY, owner int NOT NULL, \
             FOREIGN KEY (owner) REFERENCES people (id) ON DELETE CASCADE)"),
            ("003_rows", "INSERT INTO people VALUES (1, 'Ada'), (2, 'Bo')"),
            ("004_rows", "INSERT INTO pets VALUES (7, 1), (8, 2)"),
        ]);
        migrate(db, &set).expect("applies");
        let drifted = match db.engine() {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF; CREATE TABLE p2 (id int PRIMARY KEY, name varchar(60) UNIQUE); \
                INSERT INTO p2 SELECT * FROM people; DROP TABLE people; ALTER TABLE p2 RENAME TO people; PRAGMA foreign_keys = ON",
            Engine::Postgres => "ALTER TABLE people ALTER name TYPE varchar(60), ALTER name DROP NOT NULL",
            Engine::Mysql => "ALTER TABLE people MODIFY name varchar(60)",
        };
        script(db, drifted);
        let report = found(db, &set);
        let sql = report.script(Direction::Revert);
        assert!(report.revert.is_proven() && !report.is_clean() && !sql.contains("loses"), "{report}");
        script(db, &sql);
        assert!(found(db, &set).is_clean());
        assert_eq!(db.texts("SELECT name FROM people ORDER BY id"), ["Ada", "Bo"]);
        assert_eq!(db.count("pets"), 2);
    }

    fn a_renamed_column_is_renamed_back_with_its_values(db: &mut TestDatabase) {
        let set = set(&[("001_people", PEOPLE), ("002_row", "INSERT INTO people VALUES (1, 'Ada')")]);
        migrate(db, &set).expect("applies");
        db.run("ALTER TABLE people RENAME COLUMN name TO title");
        let sql = found(db, &set).script(Direction::Revert);
        assert!(sql.contains("RENAME COLUMN") && !sql.contains("loses"), "{sql}");
        script(db, &sql);
        assert_eq!(db.texts("SELECT name FROM people"), ["Ada"]);
    }

    fn what_nobody_can_replay_is_not_called_clean(db: &mut TestDatabase) {
        let first = ("001_people", PEOPLE);
        migrate(db, &set(&[first, ("002_more", "CREATE TABLE more (id int)")])).expect("applies");
        let edited = ("002_more", "CREATE TABLE more (id int, name text)");
        for set in [set(&[first]), set(&[first, edited])] {
            assert_eq!(code(drift(&set, db.url(), &place(db))), ErrorCode::CannotReplay);
        }
    }

    fn a_migration_that_fails_in_scratch_cannot_be_measured(db: &mut TestDatabase) {
        // The table is the database's own; an empty one does not have it.
        db.run("CREATE TABLE legacy (id int PRIMARY KEY)");
        let set = set(&[("001_more", "ALTER TABLE legacy ADD COLUMN name text")]);
        migrate(db, &set).expect("applies");
        let error = drift(&set, db.url(), &place(db)).expect_err("fails there");
        assert_eq!(error.code(), ErrorCode::CannotReplay);
        assert!(error.to_string().contains("001_more") && error.location().is_some(), "{error}");
    }
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn a_migration_that_names_the_real_database_is_never_replayed() {
    let mut db = TestDatabase::new(Engine::Mysql);
    let name = db.texts("SELECT DATABASE()").remove(0);
    let sql = format!("CREATE TABLE a (id int); INSERT INTO {name}.a VALUES (1)");
    let set = set(&[("001_a", &sql)]);
    migrate(&mut db, &set).expect("applies");
    let error = drift(&set, db.url(), &place(&db)).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::CannotReplay);
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(db.count("a"), 1, "nothing reached the real one");
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn invalid_indexes_unvalidated_constraints_and_disabled_triggers_are_said() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let set = set(&[
        ("001_people", PEOPLE),
        ("002_checked", "ALTER TABLE people ADD CONSTRAINT named CHECK (name <> '') NOT VALID"),
        ("003_index", "CREATE INDEX by_name ON people (name)"),
    ]);
    migrate(&mut db, &set).expect("applies");
    let kinds = |report: &DriftReport| report.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>();
    let report = found(&db, &set);
    assert!(report.is_clean(), "{report}");
    assert_eq!(kinds(&report), [FindingKind::UnvalidatedConstraint]);
    db.run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_name'::regclass");
    let report = found(&db, &set);
    assert!(kinds(&report).contains(&FindingKind::InvalidIndex), "{report}");
    script(&mut db, &report.script(Direction::Revert));
    assert!(found(&db, &set).is_clean());
}

#[test]
fn rows_that_refer_to_nothing_are_said() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    let set = set(&[
        ("001_people", PEOPLE),
        ("002_pets", "CREATE TABLE pets (id int PRIMARY KEY, owner int REFERENCES people (id))"),
    ]);
    migrate(&mut db, &set).expect("applies");
    script(&mut db, "PRAGMA foreign_keys = OFF; INSERT INTO pets VALUES (1, 5), (2, 6)");
    let report = found(&db, &set);
    assert!(report.is_clean());
    assert_eq!(report.findings[0].to_string(), "table `pets`: 2 rows refer to rows that are not there");
}

#[test]
fn the_command_says_what_was_changed_and_gives_sql_for_both_ways() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let clean = harbour.run(&["migrate", "drift", "dev"]).exits(0);
    assert_eq!(clean.stdout, "drift on SQLite: none, the schema is what 3 migrations make\n");
    let mut db = connect(&harbour.sqlite("dev"), Access::Write).expect("opens");
    db.batch("CREATE INDEX hand_made ON caller (id)").expect("runs");
    let drifted = harbour.run(&["migrate", "drift", "dev"]).exits(3);
    drifted.says(&["migrate::drift", "has 1 difference"]);
    assert!(drifted.stdout.contains("! index `caller.hand_made`: should not be there"), "{}", drifted.text());
    let json = harbour.run(&["migrate", "drift", "dev", "--format", "json"]).exits(3);
    let report = &json.json()[0];
    assert_eq!(report["revert"]["proof"]["proof"], "proven", "{}", json.text());
    let sql = harbour.run(&["migrate", "drift", "dev", "--sql", "adopt"]).exits(3);
    assert_eq!(sql.stdout, "CREATE INDEX hand_made ON caller (id);\n");
    let sql = harbour.run(&["migrate", "drift", "dev", "--sql", "revert"]).exits(3);
    for statement in split(Engine::Sqlite, "revert.sql".as_ref(), &sql.stdout).expect("is SQL") {
        db.batch(&statement.text).expect("runs");
    }
    harbour.run(&["migrate", "drift", "dev"]).exits(0);
}

#[test]
fn the_command_cannot_measure_with_a_file_that_is_gone_or_on_another_engine() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["migrate", "drift", "dev", "--scratch", "postgresql://localhost/x"]).exits(2).says(&["--scratch"]);
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let mut db = connect(&harbour.sqlite("dev"), Access::Write).expect("opens");
    db.batch("INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')").expect("runs");
    harbour.run(&["migrate", "drift", "dev"]).exits(4).says(&["migrate::cannot_replay", "20990101000000"]);
}
