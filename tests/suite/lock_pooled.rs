//! The lock behind a transaction pooler, where session locks exclude nobody. The pooler itself is in the support library.

#![cfg(any(feature = "postgres", feature = "postgres-bundled"))]

use std::time::Duration;

use plimsoll_core::db::{Access, Engine, Stmt, connect};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{Holder, LockError, LockMode, acquire, holder};
use plimsoll_migrate::{MigrateOptions, migrate};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::fault::PATIENCE;
use plimsoll_tests::migrating::set;
use plimsoll_tests::pooler::Pooler;

fn ada() -> Holder {
    Holder::new("ada@quay", "deploy dev")
}

fn bob() -> Holder {
    Holder::new("bob@pier", "migrate up")
}

fn pooled() -> (TestDatabase, Pooler) {
    let db = TestDatabase::new(Engine::Postgres);
    let pooler = Pooler::start(db.url_text());
    (db, pooler)
}

#[test]
fn a_pooler_is_found_out_and_the_lease_alone_excludes_others() {
    let (db, pooler) = pooled();
    let mut lock = acquire(pooler.url(), &ada(), Duration::ZERO).expect("is free");
    assert_eq!(lock.fence().mode, LockMode::LeaseOnly);
    lock.check().expect("is held");
    for url in [pooler.url(), db.url()] {
        let error = acquire(url, &bob(), Duration::ZERO).expect_err("is held");
        assert!(matches!(&error, LockError::Held { holder: Some(holder) } if holder.actor == "ada@quay"), "{error:?}");
        assert_eq!(holder(url).expect("can be asked").map(|holder| holder.actor), Some("ada@quay".to_owned()));
    }
    drop(lock);
    assert_eq!(holder(pooler.url()).expect("can be asked"), None);
    let direct = acquire(db.url(), &bob(), Duration::ZERO).expect("is free at once");
    assert_eq!(direct.fence().mode, LockMode::Session);
    let error = acquire(pooler.url(), &ada(), Duration::ZERO).expect_err("is held by a session");
    assert!(matches!(&error, LockError::Held { holder: Some(holder) } if holder.actor == "bob@pier"), "{error:?}");
    drop(direct);
    drop(acquire(pooler.url(), &ada(), Duration::ZERO).expect("is free at once"));
}

#[test]
fn a_busy_pooler_and_one_that_the_url_names_are_found_out_as_well() {
    let (_db, pooler) = pooled();
    let mut busy = connect(pooler.url(), Access::Write).expect("connects");
    busy.begin().expect("begins");
    let lock = acquire(pooler.url(), &ada(), Duration::ZERO).expect("is free");
    assert_eq!(lock.fence().mode, LockMode::LeaseOnly);
    drop(lock);
    let lock = acquire(&pooler.url().clone().pooled(), &ada(), Duration::ZERO).expect("is free");
    assert_eq!(lock.fence().mode, LockMode::LeaseOnly);
}

#[test]
fn a_pooler_that_takes_its_sessions_back_late_is_found_out_as_well() {
    let db = TestDatabase::new(Engine::Postgres);
    for delay in [1, 3] {
        let pooler = Pooler::start_late(db.url_text(), Duration::from_millis(delay));
        let mut busy = connect(pooler.url(), Access::Write).expect("connects");
        busy.begin().expect("begins");
        let lock = acquire(pooler.url(), &ada(), Duration::ZERO).expect("is free");
        assert_eq!(lock.fence().mode, LockMode::LeaseOnly);
    }
}

#[test]
fn a_lease_behind_a_pooler_ends_with_its_time_and_its_holder_notices() {
    let (mut db, pooler) = pooled();
    let mut lock = acquire(pooler.url(), &ada(), Duration::ZERO).expect("is free");
    let lease = table(Engine::Postgres, LedgerTable::Lease);
    db.run(&format!("UPDATE {lease} SET expires_at = '2026-01-01T00:00:00.000Z'"));
    let next = acquire(pooler.url(), &bob(), Duration::ZERO).expect("is over");
    assert!(next.fence().epoch > lock.fence().epoch);
    lock.check().expect_err("is somebody else's");
    drop(lock);
    assert_eq!(holder(pooler.url()).expect("can be asked").map(|holder| holder.actor), Some("bob@pier".to_owned()));
}

#[test]
fn looking_through_a_pooler_leaves_no_session_behind_that_cannot_write() {
    let (mut db, pooler) = pooled();
    db.run("CREATE TABLE t (id INTEGER)");
    let mut reader = connect(pooler.url(), Access::Read).expect("connects");
    assert!(reader.rows(&Stmt::new("SELECT id FROM t")).expect("reads").is_empty());
    reader.batch("INSERT INTO t VALUES (1)").expect_err("only looks");
    reader.execute(&Stmt::new("INSERT INTO t VALUES (1)")).expect_err("only looks");
    let mut writer = connect(pooler.url(), Access::Write).expect("connects");
    for _ in 0..8 {
        writer.execute(&Stmt::new("INSERT INTO t VALUES (1)")).expect("writes");
    }
    assert_eq!(db.count("t"), 8);
}

#[test]
fn eight_services_behind_a_pooler_make_one_ledger_and_apply_each_migration_once() {
    let (mut db, pooler) = pooled();
    let migrations = set(&[
        ("1_ran", "CREATE TABLE ran (what TEXT)"),
        ("2_row", "INSERT INTO ran VALUES ('2')"),
        ("3_index", "CREATE INDEX CONCURRENTLY ran_what ON ran (what)"),
        ("4_row", "INSERT INTO ran VALUES ('4'); UPDATE ran SET what = what || '.'"),
    ]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (url, migrations) = (pooler.url(), &migrations);
            scope.spawn(move || {
                let actor = format!("service {number}");
                let options = MigrateOptions { actor, lock_wait: PATIENCE, ..MigrateOptions::default() };
                migrate(url, migrations, &options, &mut |_| {}).expect("comes up");
            });
        }
    });
    assert_eq!(db.texts("SELECT what FROM ran ORDER BY what"), ["2.", "4."]);
    assert_eq!(db.int("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0);
    assert_eq!(holder(pooler.url()).expect("can be asked"), None);
}
