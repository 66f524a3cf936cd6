//! The lease beside the lock: whom it keeps out, when it is worth nothing, and what its fence refuses. Who gets the lock is
//! `lock`'s.

use std::time::Duration;

use plimsoll_core::db::{DbErrorKind, Engine, transaction};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{Holder, LockError, LockMode, acquire, check_fence, holder};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{ApplyOptions, MigrateError, apply};
use plimsoll_tests::fault::{PATIENCE, wait_until};
use plimsoll_tests::migrating::{options, plan, prepare, set};
use plimsoll_tests::{TestDatabase, live_tests, server_tests};

fn ada() -> Holder {
    Holder::new("ada@quay", "deploy dev")
}

fn bob() -> Holder {
    Holder::new("bob@pier", "migrate up")
}

/// Leaves a lease as if its holder had died just now.
fn leave_lease(db: &mut TestDatabase, mode: &str, changes: &str) {
    drop(acquire(db.url(), &ada(), Duration::ZERO).expect("is free"));
    let lease = table(db.engine(), LedgerTable::Lease);
    let holder = format!(r#"{{"actor":"eve@far","pid":1,"purpose":"deploy dev","since":"yesterday","mode":"{mode}"}}"#);
    db.run(&format!("UPDATE {lease} SET expires_at = '2999-01-01T00:00:00.000Z', holder = '{holder}'{changes}"));
}

fn expires_at(db: &mut TestDatabase) -> String {
    let lease = table(db.engine(), LedgerTable::Lease);
    db.texts(&format!("SELECT expires_at FROM {lease}")).remove(0)
}

live_tests! {
    fn every_holder_has_a_higher_epoch_than_those_before_it(db: &mut TestDatabase) {
        let lease = table(db.engine(), LedgerTable::Lease);
        let mut last = 0;
        for round in 0..5 {
            let lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
            let epoch = lock.fence().epoch;
            assert!(epoch > last, "{epoch} after {last}");
            assert_eq!(db.int(&format!("SELECT epoch FROM {lease}")), epoch);
            last = epoch;
            drop(lock);
            if round == 3 {
                // Even then it must not begin again: a fence from before may still be around.
                db.run(&format!("DELETE FROM {lease}"));
                // A new row begins at the clock's milliseconds, and four holders may have come and gone within one.
                wait_until("the clock has gone on", || {
                    std::time::UNIX_EPOCH.elapsed().is_ok_and(|now| now.as_millis() > last.unsigned_abs().into())
                });
            }
        }
    }

    fn a_lease_that_came_along_with_a_copy_of_the_database_is_ignored(db: &mut TestDatabase) {
        leave_lease(db, "lease-only", ", server = 'postgres:7000000000000000000:16384:production'");
        assert_eq!(holder(db.url()).expect("can be asked"), None);
        drop(acquire(db.url(), &bob(), Duration::ZERO).expect("is free"));
    }

    fn the_lease_of_a_session_that_died_is_taken_over_at_once(db: &mut TestDatabase) {
        leave_lease(db, "session", "");
        assert_eq!(holder(db.url()).expect("can be asked"), None);
        drop(acquire(db.url(), &bob(), Duration::ZERO).expect("is free"));
    }

    fn a_fence_lets_its_holder_through_and_nobody_after_it(db: &mut TestDatabase) {
        let first = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let fence = first.fence();
        transaction(db.db(), |db| check_fence(db, &fence)).expect("is held");
        drop(first);
        let second = acquire(db.url(), &bob(), Duration::ZERO).expect("is free");
        let error = transaction(db.db(), |db| check_fence(db, &fence)).expect_err("is somebody else's");
        assert_eq!((error.kind, error.code()), (DbErrorKind::LeaseLost, ErrorCode::LeaseLost));
        transaction(db.db(), |db| check_fence(db, &second.fence())).expect("is held");
    }

    fn a_runner_that_lost_the_lock_records_nothing_any_more(db: &mut TestDatabase) {
        let two = set(&[("1_one", "CREATE TABLE one (id INTEGER)"), ("2_two", "CREATE TABLE two (id INTEGER)")]);
        prepare(db.db());
        let planned = plan(db, &two).expect("a plan");
        let fence = acquire(db.url(), &ada(), Duration::ZERO).expect("is free").fence();
        let _other = acquire(db.url(), &bob(), Duration::ZERO).expect("is free");
        let options = ApplyOptions { fence: Some(fence), ..options() };
        let error = apply(db.db(), &two, &planned, &options, &mut |_| {}).expect_err("the lock is somebody else's");
        assert_eq!(error.code(), ErrorCode::LeaseLost, "{error}");
        let MigrateError::Failed(failure) = error else { panic!("{error}") };
        assert_eq!(failure.report.not_applied, ["1", "2"]);
        assert_eq!(db.int("SELECT count(*) FROM __diesel_schema_migrations"), 0);
        assert!(db.tables().is_empty());
    }
}

server_tests! {
    fn a_lease_without_a_session_is_respected_until_it_is_over(db: &mut TestDatabase) {
        leave_lease(db, "lease-only", "");
        let error = acquire(db.url(), &bob(), Duration::ZERO).expect_err("is held");
        assert!(matches!(&error, LockError::Held { holder: Some(holder) } if holder.actor == "eve@far"), "{error:?}");
        assert_eq!(holder(db.url()).expect("can be asked").map(|holder| holder.actor), Some("eve@far".to_owned()));
        let lease = table(db.engine(), LedgerTable::Lease);
        db.run(&format!("UPDATE {lease} SET expires_at = '2026-01-01T00:00:00.000Z'"));
        assert_eq!(holder(db.url()).expect("can be asked"), None);
        let lock = acquire(db.url(), &bob(), Duration::ZERO).expect("is over");
        assert_eq!(lock.fence().mode, LockMode::Session);
    }

    fn a_lease_is_renewed_for_as_long_as_the_lock_is_held(db: &mut TestDatabase) {
        let mut lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let before = expires_at(db);
        wait_until("the lease to be renewed", || expires_at(db) > before);
        lock.check().expect("is held");
        let sessions = match db.engine() {
            Engine::Postgres => "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
            Engine::Mysql | Engine::Sqlite => "SELECT count(*) FROM information_schema.INNODB_TRX t JOIN \
                information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id \
                WHERE p.DB = DATABASE() AND p.ID <> CONNECTION_ID()",
        };
        assert_eq!(db.int(sessions), 0, "no transaction stays open");
    }

    fn a_renewal_never_waits_for_who_looks_at_the_row(db: &mut TestDatabase) {
        let mut lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let fence = lock.fence();
        db.db().begin().expect("begins");
        check_fence(db.db(), &fence).expect("is held");
        // The transaction goes on for longer than it takes to the next renewal.
        let begun = std::time::Instant::now();
        wait_until("a renewal to come by", || begun.elapsed() > Duration::from_secs(6));
        assert!(db.waiting_for_locks().is_empty());
        lock.check().expect("is held");
        db.db().commit().expect("commits");
        transaction(db.db(), |db| check_fence(db, &fence)).expect("is still held");
    }

    fn giving_the_lock_back_does_not_wait_for_who_looks_at_the_row(db: &mut TestDatabase) {
        let lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let fence = lock.fence();
        db.db().begin().expect("begins");
        check_fence(db.db(), &fence).expect("is held");
        let (send, given_back) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            drop(lock);
            send.send(()).expect("somebody listens");
        });
        given_back.recv_timeout(PATIENCE).expect("in time, while the row is still locked");
        db.db().commit().expect("commits");
        drop(acquire(db.url(), &bob(), Duration::ZERO).expect("is free"));
    }

    fn who_was_thrown_out_is_told_that_the_lock_is_lost(db: &mut TestDatabase) {
        let mut lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let lease = table(db.engine(), LedgerTable::Lease);
        db.run(&format!("UPDATE {lease} SET epoch = epoch + 1"));
        let error = lock.check().expect_err("is somebody else's");
        assert_eq!(error.code(), ErrorCode::LeaseLost, "{error}");
    }

    fn a_statement_that_outlives_its_killed_runner_keeps_the_next_one_out(db: &mut TestDatabase) {
        let lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let mut work = lock.connect().expect("connects");
        let session = db.session(work.as_mut());
        // All that is left of a killed runner is the session in which its last statement runs.
        drop(lock);
        let slow = if db.engine() == Engine::Postgres { "SELECT pg_sleep(50)" } else { "DO SLEEP(50)" };
        let outliving = std::thread::spawn(move || work.batch(slow));
        let refused = |wait| acquire(db.url(), &bob(), wait).expect_err("somebody works");
        wait_until("the statement to be seen", || {
            matches!(acquire(db.url(), &bob(), Duration::ZERO), Err(LockError::StillWorking { .. }))
        });
        let error = refused(Duration::ZERO);
        assert_eq!(error.code(), ErrorCode::LockHeld);
        for part in [&session.to_string(), slow] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(holder(db.url()).expect("can be asked"), None);
        db.kill(session);
        drop(acquire(db.url(), &bob(), PATIENCE).expect("is free again"));
        drop(outliving.join().expect("does not panic"));
    }
}
