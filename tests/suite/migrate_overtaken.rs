//! Runs that are overtaken: by another one that has the lock by now, or by an edit of the file after a kill. What a kill alone
//! leaves is `migrate_interrupted`'s.

use std::time::Duration;

use plimsoll_core::db::{Db, Engine};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{DeployLock, Holder, acquire, is_marked};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{ApplyOptions, Failure, Kept, MigrateError, MigrateEvent, MigrateReport, MigrationSet, apply};
use plimsoll_tests::migrating::{fails, migrate, migrate_telling, options, plan, prepare, set};
use plimsoll_tests::{TestDatabase, server_tests};

fn lock(db: &TestDatabase) -> DeployLock {
    acquire(db.url(), &Holder::new("ada@quay", "migrate up"), Duration::ZERO).expect("is free")
}

/// Applies under the lock, on the lock's own kind of connection.
fn under(
    lock: &DeployLock,
    db: &mut TestDatabase,
    set: &MigrationSet,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> (Box<dyn Db>, Result<MigrateReport, MigrateError>) {
    prepare(db.db());
    let planned = plan(db, set).expect("a plan");
    let options = ApplyOptions { fence: Some(lock.fence()), ..options() };
    let mut working = lock.connect().expect("connects");
    let outcome = apply(&mut *working, set, &planned, &options, on_event);
    (working, outcome)
}

fn failed(outcome: Result<MigrateReport, MigrateError>) -> Failure {
    match outcome {
        Err(MigrateError::Failed(failure)) => *failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}

server_tests! {
    fn a_run_that_was_held_up_leaves_the_entries_of_the_next_one_alone(db: &mut TestDatabase) {
        let sql = "-- plimsoll: no-transaction\nCREATE TABLE a (id INTEGER);\nALTER TABLE a ADD COLUMN b INTEGER;\nALTER TABLE a ADD COLUMN c INTEGER;";
        let (lease, migration) = (table(db.engine(), LedgerTable::Lease), table(db.engine(), LedgerTable::Migration));
        let held = lock(db);
        let mut other = db.connect();
        // The other one has the lock, has done the second statement and is at work on the third.
        let (_, outcome) = under(&held, db, &set(&[("0001_a", sql)]), &mut |event| {
            if matches!(event, MigrateEvent::StatementDone { number: 1, .. }) {
                other.batch(&format!("UPDATE {lease} SET epoch = epoch + 1")).expect("takes the lock over");
                other.batch("ALTER TABLE a ADD COLUMN b INTEGER").expect("does the second statement");
                other.batch(&format!("UPDATE {migration} SET statements_done = 2, intent = 'theirs'")).expect("counts");
            }
        });
        let failure = failed(outcome);
        assert_eq!((failure.code(), failure.kept), (ErrorCode::LeaseLost, Kept::Unknown), "{failure:?}");
        let entries = db.texts(&format!("SELECT CONCAT(state, ' ', statements_done, ' ', intent) FROM {migration}"));
        assert_eq!(entries, ["running 2 theirs"]);
    }

    fn a_session_says_that_it_works_also_after_a_script_that_lets_go_of_locks(db: &mut TestDatabase) {
        let held = lock(db);
        let (mut working, outcome) = under(&held, db, &set(&[("0001_a", "SELECT 1;")]), &mut |_| {});
        outcome.expect("applies");
        assert!(is_marked(&mut *working).expect("asks"));
        assert!(!is_marked(db.db()).expect("asks"));
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod postgres {
    use super::*;

    #[test]
    fn a_block_is_not_run_once_more_when_the_lock_is_gone() {
        let mut db = TestDatabase::new(Engine::Postgres);
        let sql = "-- plimsoll: no-transaction\nCREATE TABLE a (id INTEGER);\n\
                   DO $$ BEGIN UPDATE plimsoll.lease SET epoch = epoch + 1; INSERT INTO a VALUES (1); END $$;";
        let held = lock(&db);
        let failure = failed(under(&held, &mut db, &set(&[("0001_a", sql)]), &mut |_| {}).1);
        assert_eq!((failure.code(), failure.statement_number), (ErrorCode::LeaseLost, Some(2)), "{failure:?}");
        assert_eq!(db.count("a"), 0);
    }

    #[test]
    fn a_script_may_discard_what_the_session_has_prepared() {
        let mut db = TestDatabase::new(Engine::Postgres);
        let sql = "-- plimsoll: no-transaction\nCREATE TABLE a (id INTEGER);\nDISCARD ALL;\nINSERT INTO a VALUES (1);";
        let held = lock(&db);
        under(&held, &mut db, &set(&[("0001_a", sql)]), &mut |_| {}).1.expect("applies");
        assert_eq!(db.count("a"), 1);
    }

    #[test]
    fn what_a_killed_build_left_is_not_in_the_way_of_a_build_in_a_transaction() {
        let mut db = TestDatabase::new(Engine::Postgres);
        let first = ("0001_a", "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1), (1);");
        migrate(&mut db, &set(&[first])).expect("applies");
        let beside = set(&[first, ("0002_i", "CREATE INDEX CONCURRENTLY i ON a (id);")]);
        let failure = killed_building(&mut db, &beside);
        assert_eq!(failure.code(), ErrorCode::DatabaseLost, "{failure:?}");
        let within = set(&[first, ("0002_i", "CREATE INDEX i ON a (id);")]);
        let mut dropped = 0;
        let report = migrate_telling(&mut db, &within, &mut |event| {
            dropped += i32::from(matches!(event, MigrateEvent::InvalidIndexDropped { .. }));
        });
        assert_eq!((report.expect("applies").applied[0].resumed_from, dropped), (Some(0), 1));
        assert_eq!(db.int("SELECT count(*) FROM pg_index WHERE indexrelid = 'i'::regclass AND indisvalid"), 1);
    }

    /// Kills the session while it waits for a transaction that has the table open.
    fn killed_building(db: &mut TestDatabase, set: &MigrationSet) -> Failure {
        let planned = plan(db, set).expect("a plan");
        let mut other = db.connect();
        other.begin().expect("begins");
        other.batch("UPDATE a SET id = id").expect("is in the way");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        let db = &*db;
        std::thread::scope(|scope| {
            // Let go of before the thread is waited for, whatever is found wrong here.
            let mut other = other;
            let runner = scope.spawn(move || apply(&mut *doomed, set, &planned, &options(), &mut |_| {}));
            plimsoll_tests::fault::wait_until("the build to wait", || !db.waiting_for_locks().is_empty());
            db.kill(session);
            let outcome = runner.join().expect("does not panic");
            other.rollback().expect("lets go");
            failed(outcome)
        })
    }
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
mod mysql {
    use super::*;

    const HEAD: &str = "CREATE TABLE a (id INTEGER);";

    /// As a run leaves it that was killed in the second statement, which has happened.
    fn killed_in_second(intent: &str) -> TestDatabase {
        let mut db = TestDatabase::new(Engine::Mysql);
        fails(&mut db, &set(&[("0001_a", &format!("{HEAD}\nSELECT oops;"))]));
        db.run("ALTER TABLE a ADD COLUMN b INTEGER");
        db.run(&format!("UPDATE plimsoll_migration SET state = 'running', intent = {intent}"));
        db
    }

    const INTENT: &str = r#"'{"statement":1,"sql":"ALTER TABLE a ADD COLUMN b INTEGER","session":null,"before":{"table a":""},"transaction":null}'"#;

    #[test]
    fn a_statement_that_happened_is_not_forgotten_because_the_file_lacks_it_by_now() {
        let mut db = killed_in_second(INTENT);
        let failure = fails(&mut db, &set(&[("0001_a", HEAD)]));
        assert_eq!(failure.code(), ErrorCode::MigrationUndecided, "{failure:?}");
        assert!(failure.cause.message.contains("put back what it said"), "{failure:?}");
        // Other line ends are no edit.
        let report =
            migrate(&mut db, &set(&[("0001_a", &format!("{HEAD}\r\nALTER TABLE a\r\nADD COLUMN b INTEGER;"))]));
        assert_eq!(report.expect("applies").applied[0].resumed_from, Some(1));
    }

    /// Goes on after a kill, while a session works that has the number of the killed one. `restarted`: whether that was one of
    /// the server before it was started anew. How often was told that the statement still runs.
    fn goes_on_beside_a_session_of_that_number(restarted: bool) -> usize {
        let mut db = killed_in_second(INTENT);
        let mut other = db.connect();
        let number = db.session(&mut *other);
        let started = "SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'";
        let since = db.int(&format!("SELECT CAST(({started}) AS SIGNED)")) - if restarted { 1_000 } else { 0 };
        let intent = INTENT.replace("\"session\":null", &format!("\"session\":\"{number}@{since}\""));
        db.run(&format!("UPDATE plimsoll_migration SET intent = {intent}"));
        let whole = set(&[("0001_a", &format!("{HEAD}\nALTER TABLE a ADD COLUMN b INTEGER;"))]);
        let (mut end, mut waited) = (db.killer(number), 0);
        std::thread::scope(|scope| {
            scope.spawn(move || other.batch("DO SLEEP(600)").expect_err("its session is killed"));
            let busy = format!(
                "SELECT count(*) FROM information_schema.PROCESSLIST WHERE ID = {number} AND INFO LIKE 'DO SLEEP%'"
            );
            plimsoll_tests::fault::wait_until("the session to work", || db.int(&busy) == 1);
            let report = migrate_telling(&mut db, &whole, &mut |event| {
                if matches!(event, MigrateEvent::StillRunning { .. }) {
                    waited += 1;
                    end();
                }
            });
            end();
            assert_eq!(report.expect("applies").applied[0].resumed_from, Some(1));
        });
        waited
    }

    #[test]
    fn a_killed_runs_session_is_waited_for_unless_its_number_is_of_a_server_before_a_restart() {
        assert_eq!(goes_on_beside_a_session_of_that_number(false), 1);
        assert_eq!(goes_on_beside_a_session_of_that_number(true), 0);
    }

    #[test]
    fn a_statement_that_an_older_release_was_killed_in_is_left_to_a_person() {
        let mut db = killed_in_second("NULL");
        let whole = set(&[("0001_a", &format!("{HEAD}\nALTER TABLE a ADD COLUMN b INTEGER;"))]);
        assert_eq!(fails(&mut db, &whole).code(), ErrorCode::MigrationUndecided);
        let planned = plan(&mut db, &whole).expect("a plan");
        let told = ApplyOptions { statement_happened: Some(true), ..options() };
        apply(db.db(), &whole, &planned, &told, &mut |_| {}).expect("applies");
        assert!(plan(&mut db, &whole).expect("a plan").steps.is_empty());
    }

    #[test]
    fn an_entry_that_cannot_be_read_is_not_taken_for_none() {
        let mut db = killed_in_second("'{\"from\": \"the future\"}'");
        let whole = set(&[("0001_a", &format!("{HEAD}\nALTER TABLE a ADD COLUMN b INTEGER;"))]);
        let failure = fails(&mut db, &whole);
        assert_eq!((failure.code(), failure.kept), (ErrorCode::MigrationPartial, Kept::Unknown), "{failure:?}");
        assert!(failure.cause.message.contains("cannot be read"), "{failure:?}");
        assert_eq!(db.texts("SELECT state FROM plimsoll_migration"), ["running"]);
    }

    #[test]
    fn a_script_does_not_lead_to_the_ledger_of_another_database() {
        let (mut db, mut other) = (TestDatabase::new(Engine::Mysql), TestDatabase::new(Engine::Mysql));
        migrate(&mut other, &set(&[("0001_a", HEAD)])).expect("applies");
        let (here, there) = (db.texts("SELECT DATABASE()").remove(0), other.texts("SELECT DATABASE()").remove(0));
        let failure = fails(&mut db, &set(&[("0001_a", &format!("USE `{here}`;\nUSE `{there}`;\nDROP TABLE a;"))]));
        assert_eq!((failure.statement_number, failure.kept), (Some(2), Kept::Nothing), "{failure:?}");
        assert_eq!((other.tables(), db.int("SELECT count(*) FROM plimsoll_migration")), (vec!["a".to_owned()], 0));
        let shouted = format!("USE `{}`;\n{HEAD}", here.to_uppercase());
        match db.int("SELECT @@lower_case_table_names") {
            0 => assert_eq!(fails(&mut db, &set(&[("0001_a", &shouted)])).statement_number, Some(1)),
            _ => panic!("the test server keeps names as they are written"),
        }
        migrate(&mut db, &set(&[("0001_a", &format!("USE `{here}`;\n{HEAD}"))])).expect("applies");
    }
}
