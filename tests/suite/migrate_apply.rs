//! Applying migrations on every engine: order, records, repetition, failures and their places. What was edited or lost
//! since is in `migrate_history`, what was killed in `migrate_interrupted`.

use plimsoll_core::db::{Access, Engine, connect, dialect};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{
    ApplyOptions, History, Kept, MigrateError, MigrateEvent, MigrationSet, Overall, PlanOptions, apply, check_schema,
};
use plimsoll_tests::fault::PATIENCE;
use plimsoll_tests::migrating::{fails, history, migrate, migrate_telling, options, plan, prepare, set};
use plimsoll_tests::{TestDatabase, TestProject, live_tests, server_tests};
use std::time::{Duration, Instant};

const A: (&str, &str) = ("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
const B: (&str, &str) = ("0002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO b VALUES (1), (2);");
const C: (&str, &str) = ("0010_c", "INSERT INTO b VALUES (3);");

fn records(db: &mut TestDatabase) -> Vec<String> {
    let ledger = table(db.engine(), LedgerTable::Migration);
    let sql = format!(
        "SELECT version, name, state, statements_done, tool, checksum_raw, applied_at FROM {ledger} ORDER BY version"
    );
    let told = |row: &plimsoll_core::db::DynRow| {
        format!("{} {} {} {} {}", row.text(0), row.text(1), row.text(2), row.int(3), row.text(4))
    };
    db.rows(&sql).iter().map(told).collect()
}

fn diesels(db: &mut TestDatabase) -> Vec<String> {
    db.texts("SELECT version FROM __diesel_schema_migrations ORDER BY version")
}

live_tests! {
    fn pending_migrations_are_applied_in_order_and_recorded_in_both_histories(db: &mut TestDatabase) {
        let migrations = set(&[C, A, B]);
        let report = migrate(db, &migrations).expect("applies");
        let applied: Vec<_> = report.applied.iter().map(|done| done.name.as_str()).collect();
        assert_eq!(applied, ["0001_a", "0002_b", "0010_c"]);
        assert!(report.not_applied.is_empty());
        assert_eq!(db.tables(), ["a", "b"]);
        assert_eq!(db.count("b"), 3);
        assert_eq!(diesels(db), ["0001", "0002", "0010"]);
        assert_eq!(
            records(db),
            ["0001 0001_a applied 1 test 1", "0002 0002_b applied 2 test 1", "0010 0010_c applied 1 test 1"]
        );
        assert_eq!(check_schema(db.db(), migrations.newest()).expect("is current").applied, 3);
    }

    fn a_second_run_finds_nothing_to_do_and_leaves_both_histories_as_they_were(db: &mut TestDatabase) {
        let migrations = set(&[A, B, C]);
        migrate(db, &migrations).expect("applies");
        let ledger = format!("SELECT * FROM {} ORDER BY version", table(db.engine(), LedgerTable::Migration));
        let text = if db.engine() == Engine::Mysql { "CHAR" } else { "TEXT" };
        let stock = format!("SELECT version, CAST(run_on AS {text}) FROM __diesel_schema_migrations ORDER BY version");
        let before = (db.rows(&ledger), db.rows(&stock));
        let mut events = Vec::new();
        let report = migrate_telling(db, &migrations, &mut |event| events.push(event.clone())).expect("applies");
        assert!(report.applied.is_empty() && events.is_empty(), "{events:?}");
        let plan = plan(db, &migrations).expect("there is a plan");
        assert_eq!((plan.overall, plan.applied, plan.steps.len()), (Overall::Current, 3, 0));
        assert_eq!((db.rows(&ledger), db.rows(&stock)), before);
    }

    fn a_new_migration_is_applied_to_a_database_that_has_the_others(db: &mut TestDatabase) {
        migrate(db, &set(&[A, B])).expect("applies");
        let report = migrate(db, &set(&[A, B, C])).expect("applies");
        assert_eq!(report.applied.iter().map(|done| done.version.as_str()).collect::<Vec<_>>(), ["0010"]);
    }

    fn a_failing_second_statement_leaves_nothing_or_is_continued_after(db: &mut TestDatabase) {
        let broken = set(&[A, ("0002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);"), C]);
        let failure = fails(db, &broken);
        assert_eq!((failure.version.as_str(), failure.statement_number, failure.statements), ("0002", Some(2), 2));
        assert_eq!(failure.report.applied.len(), 1);
        assert_eq!(failure.report.not_applied, ["0002", "0010"]);
        assert_eq!(diesels(db), ["0001"]);
        let whole = dialect::transactional_ddl(db.engine());
        if whole {
            assert_eq!((failure.kept, failure.code()), (Kept::Nothing, ErrorCode::MigrationFailed));
            assert_eq!(db.tables(), ["a"]);
        } else {
            assert_eq!((failure.kept, failure.code()), (Kept::Statements(1), ErrorCode::MigrationPartial));
            assert_eq!(db.tables(), ["a", "b"]);
            assert_eq!(history(db).interrupted("0002").map(|record| record.statements_done), Some(1));
        }
        let report = migrate(db, &set(&[A, B, C])).expect("the mended file applies");
        assert_eq!(report.applied[0].resumed_from, (!whole).then_some(1));
        assert_eq!(db.count("b"), 3);
        assert!(plan(db, &set(&[A, B, C])).expect("there is a plan").steps.is_empty());
    }

    fn a_failure_names_the_file_and_the_line_and_the_column_where_the_engine_tells(db: &mut TestDatabase) {
        let text = "-- é: two bytes, one character\nCREATE TABLE a (id INTEGER);\n\n  INSERT INTO a /* é */ SELECT nothing\n  FROM a;\n";
        let project = TestProject::new().file("migrations/0001_a/up.sql", text);
        let failure = fails(db, &MigrationSet::load(&project.path().join("migrations")).expect("loads"));
        let place = failure.location.clone().expect("has a place");
        assert!(place.file.ends_with("migrations/0001_a/up.sql"), "{place}");
        let column = if db.engine() == Engine::Postgres { 32 } else { 3 };
        assert_eq!((place.line, place.column), (4, column));
        assert_eq!(failure.excerpt.as_deref(), Some("INSERT INTO a /* é */ SELECT nothing\n  FROM a"));
        assert!(failure.cause.to_string().contains("nothing"), "{}", failure.cause);
        assert!(failure.to_string().starts_with("migration `0001_a` failed at statement 2 of 2: "), "{failure}");
    }

    fn events_tell_every_statement_and_end_with_the_failure(db: &mut TestDatabase) {
        let mut told = Vec::new();
        let broken = set(&[A, ("0002_b", "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (1);")]);
        let outcome = migrate_telling(db, &broken, &mut |event| {
            told.push(match event {
                MigrateEvent::Started { name, number, of, .. } => format!("started {name} {number}/{of}"),
                MigrateEvent::StatementDone { number, total, .. } => format!("done {number}/{total}"),
                MigrateEvent::Finished { version, .. } => format!("finished {version}"),
                MigrateEvent::Failed { version, number, .. } => format!("failed {version} {number:?}"),
                other => format!("{other:?}"),
            });
        });
        let Err(MigrateError::Failed(failure)) = outcome else { panic!("expected a failure, got {outcome:?}") };
        assert_eq!(failure.statement_number, Some(2));
        assert_eq!(
            told,
            ["started 0001_a 1/2", "done 1/1", "finished 0001", "started 0002_b 2/2", "done 1/2", "failed 0002 Some(2)"]
        );
    }

    fn a_plan_somebody_else_applied_meanwhile_is_stale_and_does_nothing(db: &mut TestDatabase) {
        prepare(db.db());
        let migrations = set(&[A, ("0002_b", "INSERT INTO a VALUES (1);")]);
        let stale = plan(db, &migrations).expect("there is a plan");
        migrate(db, &migrations).expect("applies");
        let error = apply(db.db(), &migrations, &stale, &options(), &mut |_| {}).expect_err("is stale");
        assert_eq!(error.code(), ErrorCode::PlanStale);
        assert_eq!(db.count("a"), 1);
    }

    fn several_runners_under_the_lock_apply_every_migration_once(db: &mut TestDatabase) {
        let migrations = set(&[A, B, C]);
        let url = db.url().clone();
        let run = |number: usize| {
            let _lock = acquire(&url, &Holder::new(&format!("runner {number}"), "migrate"), PATIENCE).expect("in time");
            let mut db = connect(&url, Access::Write).expect("opens");
            prepare(&mut *db);
            let history = History::read(&mut *db).expect("readable");
            let plan = plimsoll_migrate::plan(&migrations, &history, &PlanOptions::default()).expect("a plan");
            apply(&mut *db, &migrations, &plan, &options(), &mut |_| {}).expect("applies").applied.len()
        };
        let applied: usize = std::thread::scope(|scope| {
            let runners: Vec<_> = (0..4).map(|number| scope.spawn({ let run = &run; move || run(number) })).collect();
            runners.into_iter().map(|runner| runner.join().expect("does not panic")).sum()
        });
        assert_eq!(applied, 3);
        assert_eq!(db.count("b"), 3);
    }
}

server_tests! {
    fn a_migration_gives_up_when_it_waits_too_long_for_a_lock(db: &mut TestDatabase) {
        migrate(db, &set(&[A])).expect("applies");
        let mut other = db.connect();
        other.begin().expect("begins");
        other.batch("INSERT INTO a VALUES (1)").expect("holds the table");
        let migrations = set(&[A, ("0002_wide", "ALTER TABLE a ADD COLUMN wide INTEGER;")]);
        let todo = plan(db, &migrations).expect("a plan");
        let options = ApplyOptions { lock_timeout: Some(Duration::from_secs(1)), ..options() };
        let begun = Instant::now();
        let error = apply(db.db(), &migrations, &todo, &options, &mut |_| {}).expect_err("the table is in use");
        assert!(begun.elapsed() < PATIENCE / 2);
        let MigrateError::Failed(failure) = error else { panic!("expected a failure, got {error:?}") };
        assert_eq!((failure.statement_number, failure.kept), (Some(1), Kept::Nothing));
        other.rollback().expect("lets go");
        assert_eq!(migrate(db, &migrations).expect("applies now").applied.len(), 1);
    }
}
