//! The deployment lock on every engine: one holder, named, and gone with its process or session. What is done under it is
//! the other files'.

use std::time::Duration;

use plimsoll_core::db::{DatabaseUrl, Engine};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{Holder, LockError, acquire, holder, holder_on, state};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::fault::{Actor, PATIENCE, role, stay, wait_until};
use plimsoll_tests::{TestDatabase, live_tests, server_tests};

fn ada() -> Holder {
    Holder::new("ada@quay", "deploy dev")
}

fn bob() -> Holder {
    Holder::new("bob@pier", "migrate up")
}

live_tests! {
    fn a_second_holder_is_refused_and_told_who_has_it(db: &mut TestDatabase) {
        let first = ada();
        let lock = acquire(db.url(), &first, Duration::ZERO).expect("is free");
        let error = acquire(db.url(), &bob(), Duration::ZERO).expect_err("is held");
        assert_eq!(error.code(), ErrorCode::LockHeld);
        assert!(matches!(&error, LockError::Held { holder: Some(holder) } if *holder == first), "{error:?}");
        let pid = std::process::id().to_string();
        for part in ["`deploy dev` by ada@quay", &pid, &first.since] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(holder(db.url()).expect("can be asked"), Some(first.clone()));
        let url = db.url().clone();
        assert_eq!(holder_on(&url, db.db()).expect("can be asked"), Some(first));
        drop(lock);
        assert_eq!(holder(db.url()).expect("can be asked"), None);
        assert_eq!((holder_on(&url, db.db()).expect("can be asked"), state(&url).expect("can be asked")), (None, None));
    }

    fn it_can_be_taken_again_at_once_after_it_was_released(db: &mut TestDatabase) {
        for _ in 0..20 {
            drop(acquire(db.url(), &ada(), Duration::ZERO).expect("is free"));
        }
    }

    fn who_asks_for_the_holder_never_stands_in_the_way_of_the_next_one(db: &mut TestDatabase) {
        if db.engine() == Engine::Sqlite {
            // A file lock can only be looked at by trying it; that takes no longer than the try.
            return;
        }
        let url = db.url().clone();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    holder(&url).expect("can be asked");
                }
            });
            let refused = (0..20).filter(|_| acquire(db.url(), &ada(), Duration::ZERO).is_err()).count();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(refused, 0);
        });
    }

    fn locks_of_two_databases_have_nothing_to_do_with_each_other(db: &mut TestDatabase) {
        let other = TestDatabase::new(db.engine());
        let _one = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let _two = acquire(other.url(), &bob(), Duration::ZERO).expect("is free");
    }

    fn who_waits_gets_it_when_it_is_released(db: &mut TestDatabase) {
        let lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        let url = db.url().clone();
        let (send, receive) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            let got = acquire(&url, &bob(), PATIENCE).map(drop);
            send.send(got.is_ok()).expect("somebody listens");
        });
        assert!(receive.try_recv().is_err());
        drop(lock);
        assert!(receive.recv_timeout(PATIENCE).expect("in time"));
        waiting.join().expect("does not panic");
    }

    fn eight_racers_make_one_ledger_and_hold_the_lock_one_after_the_other(db: &mut TestDatabase) {
        let url = db.url().clone();
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (url, inside) = (&url, &inside);
                scope.spawn(move || {
                    let holder = Holder::new(&format!("racer {number}"), "deploy");
                    let mut lock = acquire(url, &holder, PATIENCE).expect("in time");
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0, "alone");
                    lock.check().expect("is held");
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                });
            }
        });
        let meta = table(db.engine(), LedgerTable::Meta);
        assert_eq!(db.int(&format!("SELECT count(*) FROM {meta} WHERE name = 'format'")), 1);
        assert_eq!(holder(db.url()).expect("can be asked"), None);
    }
}

server_tests! {
    fn a_session_that_is_ended_from_outside_frees_the_lock_and_its_holder_notices(db: &mut TestDatabase) {
        let mut lock = acquire(db.url(), &ada(), Duration::ZERO).expect("is free");
        lock.check().expect("is held");
        assert!(db.kill_all() > 0);
        let next = acquire(db.url(), &bob(), PATIENCE).expect("is free again");
        assert!(lock.check().is_err());
        drop(lock);
        assert_eq!(holder(db.url()).expect("can be asked").map(|holder| holder.actor), Some("bob@pier".to_owned()));
        drop(next);
    }
}

mod a_holder_killed_without_warning_frees_the_lock {
    use super::*;

    fn test(engine: Engine, name: &str) {
        if let Some(url) = role() {
            let url = DatabaseUrl::parse(&url, "/".as_ref()).expect("a good URL");
            let _lock = acquire(&url, &ada(), PATIENCE).expect("is free");
            return stay();
        }
        let db = TestDatabase::new(engine);
        let actor = Actor::start(&format!("{}::{name}", module_path!()), db.url_text());
        let pid = actor.pid();
        let holder_pid = || holder(db.url()).expect("can be asked").map(|holder| holder.pid);
        wait_until("the other process to hold the lock", || holder_pid() == Some(pid));
        assert!(acquire(db.url(), &bob(), Duration::ZERO).is_err());
        actor.kill();
        drop(acquire(db.url(), &bob(), PATIENCE).expect("is free again"));
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn sqlite() {
        test(Engine::Sqlite, "sqlite");
    }

    #[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
    #[test]
    fn postgres() {
        test(Engine::Postgres, "postgres");
    }

    #[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
    #[test]
    fn mysql() {
        test(Engine::Mysql, "mysql");
    }
}
