//! Connections that end in the middle of a migration, and what the next run makes of it. Only servers have such connections;
//! a killed process on SQLite is tested beside the code.

use plimsoll_core::db::DbErrorKind;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{Failure, Kept, MigrateError, MigrateEvent, MigrationSet, RecordState, apply};
use plimsoll_tests::fault::wait_until;
use plimsoll_tests::migrating::{history, migrate_telling, options, plan, prepare, set};
use plimsoll_tests::{TestDatabase, server_tests};

const STEPWISE: &str = "-- plimsoll: no-transaction
CREATE TABLE a (id INTEGER PRIMARY KEY);
INSERT INTO a VALUES (1);
ALTER TABLE a ADD COLUMN wide INTEGER;
INSERT INTO a VALUES (2, 2);
";

/// Applies on a connection of its own, which is killed after a statement.
fn killed_after(db: &mut TestDatabase, set: &MigrationSet, statement: usize) -> Failure {
    prepare(db.db());
    let plan = plan(db, set).expect("there is a plan");
    let mut doomed = db.connect();
    let session = db.session(&mut *doomed);
    let outcome = apply(&mut *doomed, set, &plan, &options(), &mut |event| {
        if matches!(event, MigrateEvent::StatementDone { number, .. } if *number == statement) {
            db.kill(session);
        }
    });
    match outcome {
        Err(MigrateError::Failed(failure)) => *failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// Applies on a connection of its own, which is killed while its statement waits for a lock that `blocker` holds.
fn killed_while_waiting(db: &mut TestDatabase, set: &MigrationSet, blocker: &str) -> Failure {
    let plan = plan(db, set).expect("there is a plan");
    let mut other = db.connect();
    other.begin().expect("begins");
    other.batch(blocker).expect("holds the table");
    let mut doomed = db.connect();
    let session = db.session(&mut *doomed);
    let db = &*db;
    let outcome = std::thread::scope(|scope| {
        // Let go of before the thread is waited for, whatever is found wrong here.
        let mut other = other;
        let runner = scope.spawn(move || apply(&mut *doomed, set, &plan, &options(), &mut |_| {}));
        wait_until("the statement to wait for the lock", || !db.waiting_for_locks().is_empty());
        db.kill(session);
        let outcome = runner.join().expect("does not panic");
        other.rollback().expect("lets go");
        outcome
    });
    match outcome {
        Err(MigrateError::Failed(failure)) => *failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}

server_tests! {
    fn a_connection_killed_after_any_statement_is_continued_and_nothing_is_done_twice(db: &mut TestDatabase) {
        let set = set(&[("0001_a", STEPWISE)]);
        for statement in 1..=3 {
            let failure = killed_after(db, &set, statement);
            assert_eq!((failure.kept, failure.code()), (Kept::Unknown, ErrorCode::DatabaseLost), "{failure:?}");
            assert_eq!(failure.cause.kind, DbErrorKind::Lost);
            let left = history(db);
            let record = left.interrupted("0001").expect("was begun");
            assert_eq!((record.state, record.statements_done), (RecordState::Running, statement));
        }
        let mut resumed = None;
        let report = migrate_telling(db, &set, &mut |event| {
            if let MigrateEvent::Resumed { done, total, .. } = event {
                resumed = Some((*done, *total));
            }
        });
        assert_eq!(report.expect("applies").applied[0].resumed_from, Some(3));
        assert_eq!(resumed, Some((3, 4)));
        assert_eq!((db.count("a"), db.int("SELECT max(wide) FROM a")), (2, 2));
        assert!(plan(db, &set).expect("there is a plan").steps.is_empty());
    }

    fn a_statement_killed_while_it_waits_is_run_by_the_next_run(db: &mut TestDatabase) {
        let first = ("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
        plimsoll_tests::migrating::migrate(db, &set(&[first])).expect("applies");
        let both = set(&[first, ("0002_b", "-- plimsoll: no-transaction\nINSERT INTO a VALUES (1);\nALTER TABLE a ADD COLUMN wide INTEGER;")]);
        // Reading does not stand in the way of the first statement.
        let failure = killed_while_waiting(db, &both, "SELECT * FROM a");
        assert_eq!((failure.statement_number, failure.kept), (Some(2), Kept::Unknown));
        let report = plimsoll_tests::migrating::migrate(db, &both).expect("applies");
        assert_eq!(report.applied[0].resumed_from, Some(1));
        assert_eq!((db.count("a"), db.int("SELECT count(*) FROM a WHERE wide IS NULL")), (1, 1));
    }

    fn a_failure_of_an_older_release_is_gone_on_with_after_a_kill_before_its_statement(db: &mut TestDatabase) {
        let all = set(&[("0001_a", STEPWISE)]);
        plimsoll_tests::migrating::fails(db, &set(&[("0001_a", &STEPWISE.replace("ADD COLUMN", "ADD OOPS"))]));
        let ledger = table(db.engine(), LedgerTable::Migration);
        db.run(&format!("UPDATE {ledger} SET intent = NULL"));
        let planned = plan(db, &all).expect("there is a plan");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        let mut doomed = plimsoll_tests::boundary::Counted::new(doomed, 2, db.killer(session));
        apply(&mut doomed, &all, &planned, &options(), &mut |_| {}).expect_err("the session is killed");
        assert_eq!(db.texts(&format!("SELECT state FROM {ledger} WHERE intent = ''")), ["running"]);
        let report = plimsoll_tests::migrating::migrate(db, &all).expect("applies");
        assert_eq!(report.applied[0].resumed_from, Some(2));
    }

    fn what_may_change_after_a_kill_is_what_was_not_applied_yet(db: &mut TestDatabase) {
        killed_after(db, &set(&[("0001_a", STEPWISE)]), 2);
        let edited = STEPWISE.replace("VALUES (1)", "VALUES (7)");
        let error = plan(db, &set(&[("0001_a", &edited)])).expect_err("the second statement is applied already");
        assert_eq!(error.code(), ErrorCode::MigrationChanged);
        let mended = STEPWISE.replace("wide", "broad");
        plimsoll_tests::migrating::migrate(db, &set(&[("0001_a", &mended)])).expect("applies");
        assert_eq!(db.int("SELECT max(broad) FROM a"), 2);
    }
}
