//! Who waits for whom, with sessions that really do, and ending one of them. Taking the deployment lock is `lock`'s.

use std::time::Duration;

use plimsoll_core::db::{Db, Engine, Stmt};
use plimsoll_core::inspect::{Ended, Sessions, end, sessions};
use plimsoll_core::lock::{Holder, LockMode, acquire, state};
use plimsoll_tests::fault::{PATIENCE, wait_until};
use plimsoll_tests::{Deployment, TestDatabase, live_tests, server_tests};

fn domains(db: &mut TestDatabase) {
    db.run("CREATE TABLE domain (slug VARCHAR(40) PRIMARY KEY, name VARCHAR(40))");
    db.run("INSERT INTO domain VALUES ('tutor', 'Tutor'), ('sales', 'Sales')");
}

/// A session with a transaction open that has changed a row.
fn holding(db: &TestDatabase) -> (Box<dyn Db>, i64) {
    let mut holder = db.connect();
    let id = db.session(holder.as_mut());
    holder.begin().expect("begins");
    holder.batch("UPDATE domain SET name = 'Mine' WHERE slug = 'tutor'").expect("writes");
    (holder, id)
}

/// A session that runs a statement on a thread, and what comes of it.
fn running(db: &TestDatabase, sql: &str) -> (std::thread::JoinHandle<bool>, i64) {
    let mut waiter = db.connect();
    let id = db.session(waiter.as_mut());
    let sql = sql.to_owned();
    (std::thread::spawn(move || waiter.batch(&sql).is_ok()), id)
}

fn look(db: &mut TestDatabase) -> Sessions {
    let url = db.url().clone();
    sessions(db.db(), &url).expect("the server tells")
}

fn wait_for(db: &mut TestDatabase, waiter: i64, blocker: i64) -> Sessions {
    let mut found = Sessions::default();
    wait_until("one to wait for the other", || {
        found = look(db);
        found.get(waiter).is_some_and(|session| session.blocked_by.contains(&blocker))
    });
    found
}

server_tests! {
    fn who_waits_for_a_row_is_below_who_has_it_until_that_one_is_ended(db: &mut TestDatabase) {
        domains(db);
        let (mut holder, blocker) = holding(db);
        let (done, waiter) = running(db, "UPDATE domain SET name = 'Yours' WHERE slug = 'tutor'");
        let found = wait_for(db, waiter, blocker);
        assert_eq!(found.culprits(), [blocker]);
        let session = found.get(blocker).expect("it is listed").clone();
        assert_eq!((session.state.as_str(), session.guessed), ("idle in transaction", false), "{found}");
        let told = found.get(waiter).expect("it is listed");
        assert!(told.waits_for.as_deref().is_some_and(|what| what.contains("domain")), "{found}");
        assert!(told.statement.contains("Yours"), "{found}");
        let text = found.to_string();
        assert!(text.starts_with(&blocker.to_string()) && text.contains(&format!("\n└─ {waiter}")), "{text}");
        assert_eq!(end(db.db(), &session, PATIENCE).expect("may be ended"), Ended::Gone);
        assert!(done.join().expect("no panic"), "whoever waited goes on");
        assert!(holder.batch("SELECT 1").is_err(), "the session is gone");
        assert_eq!(db.texts("SELECT name FROM domain WHERE slug = 'tutor'"), ["Yours"]);
        assert_eq!(end(db.db(), &session, PATIENCE).expect("may be asked"), Ended::WasGone);
    }

    fn who_waits_for_a_table_is_shown_with_those_behind_it(db: &mut TestDatabase) {
        domains(db);
        let (mut holder, blocker) = holding(db);
        let (changed, waiter) = running(db, "ALTER TABLE domain ADD note VARCHAR(9)");
        let found = wait_for(db, waiter, blocker);
        let told = found.get(waiter).expect("it is listed");
        assert!(told.waits_for.is_some() && found.culprits() == [blocker], "{found}");
        // MariaDB tells only with performance_schema, and says so where it is off.
        assert_eq!(told.guessed, !found.notes.is_empty(), "{found}");
        let (read, behind) = running(db, "SELECT count(*) FROM domain");
        wait_until("a reader behind the change", || {
            look(db).get(behind).is_some_and(|session| session.waits_for.is_some())
        });
        holder.rollback().expect("gives way");
        assert!(changed.join().expect("no panic") && read.join().expect("no panic"));
        let after = look(db);
        assert!(after.culprits().is_empty() && after.to_string().starts_with("nobody waits for a lock"), "{after}");
    }

    fn the_sessions_of_a_deployment_are_marked(db: &mut TestDatabase) {
        let holder = Holder::new("ada@quay", "deploy dev");
        let lock = acquire(db.url(), &holder, Duration::ZERO).expect("is free");
        let mut working = lock.connect().expect("connects");
        let worker = db.session(working.as_mut());
        let held = state(db.url()).expect("can be asked").expect("is held");
        assert_eq!((held.holder, held.mode), (Some(holder), LockMode::Session));
        let session = held.session.expect("a session holds it");
        let found = look(db);
        for id in [session, worker] {
            assert!(found.get(id).is_some_and(|session| session.deploys), "{id}: {found:?}");
        }
        assert_eq!(end(db.db(), &found.get(session).expect("it is listed").clone(), PATIENCE).expect("may be"), Ended::Gone);
        assert_eq!(state(db.url()).expect("can be asked"), None, "the lock is free");
        drop(lock);
    }

    fn the_command_shows_the_tree_and_ends_what_is_in_the_way(db: &mut TestDatabase) {
        domains(db);
        let (_holder, blocker) = holding(db);
        let (done, waiter) = running(db, "UPDATE domain SET name = 'Yours' WHERE slug = 'tutor'");
        wait_for(db, waiter, blocker);
        let harbour = Deployment::of_harbour().set("DATABASE_URL", db.url_text()).set("HF_SUPERADMIN_TOKEN", "Yours");
        let id = blocker.to_string();
        let list = harbour.run(&["locks", "list", "staging"]).exits(0);
        list.says(&[&format!("`plimsoll locks release staging {id}` ends the session")]);
        assert!(list.stdout.starts_with("nobody deploys\n") && list.stdout.contains(&format!("└─ {waiter}")), "{}", list.text());
        assert!(!list.stdout.contains("Yours"), "a secret in a statement is masked: {}", list.text());
        harbour.run(&["locks", "release", "staging", &id]).exits(5).says(&["was not confirmed and goes on"]);
        harbour.run(&["locks", "release", "staging", "0"]).exits(2).says(&["there is no session `0`"]);
        harbour.run(&["locks", "release", "staging", "lease"]).exits(2).says(&["there is no session `lease`"]);
        let json = harbour.run(&["locks", "list", "staging", "--format", "json"]).exits(0).one_json();
        assert_eq!(json["culprits"], serde_json::json!([blocker]));
        let ended = harbour.run(&["locks", "release", "staging", &id, "--yes"]).exits(0);
        assert_eq!(ended.stdout, format!("session {id} is gone\n"));
        assert!(done.join().expect("no panic"));
        let after = harbour.run(&["locks", "list", "staging"]).exits(0);
        assert!(after.stdout.starts_with("nobody deploys\nnobody waits for a lock\n"), "{}", after.text());
    }

    fn the_lease_of_a_holder_that_is_gone_is_taken_away(db: &mut TestDatabase) {
        drop(acquire(db.url(), &Holder::new("ada@quay", "deploy dev"), Duration::ZERO).expect("is free"));
        let lease = plimsoll_core::ledger::table(db.engine(), plimsoll_core::ledger::LedgerTable::Lease);
        let holder = r#"{"actor":"eve@far","pid":1,"purpose":"deploy dev","since":"yesterday","mode":"lease-only"}"#;
        db.run(&format!("UPDATE {lease} SET expires_at = '2999-01-01T00:00:00.000Z', holder = '{holder}'"));
        let before = db.int(&format!("SELECT epoch FROM {lease}"));
        let harbour = Deployment::of_harbour().set("DATABASE_URL", db.url_text()).set("HF_SUPERADMIN_TOKEN", "of-no-value");
        let list = harbour.run(&["locks", "list", "staging"]).exits(0);
        assert!(list.stdout.contains("eve@far") && list.stdout.contains("by a lease until 2999"), "{}", list.text());
        list.says(&["`plimsoll locks release staging lease`"]);
        harbour.run(&["locks", "release", "staging", "lease"]).exits(5).says(&["eve@far", "was not confirmed"]);
        harbour.run(&["locks", "release", "staging", "lease", "--yes"]).exits(0);
        assert!(db.int(&format!("SELECT epoch FROM {lease}")) > before, "its holder can write nothing more");
        drop(acquire(db.url(), &Holder::new("bob@pier", "deploy dev"), Duration::ZERO).expect("is free"));
    }
}

live_tests! {
    fn a_lock_that_nobody_holds_has_no_state(db: &mut TestDatabase) {
        assert_eq!(state(db.url()).expect("can be asked"), None);
        let lock = acquire(db.url(), &Holder::new("ada@quay", "seed dev"), Duration::ZERO).expect("is free");
        let held = state(db.url()).expect("can be asked").expect("is held");
        assert_eq!(held.holder.expect("it says who").purpose, "seed dev");
        drop(lock);
        assert_eq!(state(db.url()).expect("can be asked"), None);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_writes_to_a_sqlite_file_is_shown_and_not_ended() {
    let harbour = Deployment::of_harbour();
    let file = harbour.sqlite_file("dev");
    let url = harbour.sqlite("dev");
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    // This very process is the other one of the command.
    let mut writer = plimsoll_core::db::connect(&url, plimsoll_core::db::Access::Write).expect("opens");
    writer.begin().expect("begins");
    writer.execute(&Stmt::new("INSERT INTO caller VALUES ('c1', 'Nell')")).expect("writes");
    let pid = std::process::id().to_string();
    let list = harbour.run(&["locks", "list", "dev"]).exits(0);
    assert!(list.stdout.contains(&format!("process {pid}  ")) && list.stdout.contains("  writes"), "{}", list.text());
    let refused = harbour.run(&["locks", "release", "dev", &pid, "--yes"]).exits(5);
    refused.says(&[&format!("`kill {pid}` ends it")]);
    writer.rollback().expect("gives way");
    drop(writer);
    let after = harbour.run(&["locks", "list", "dev"]).exits(0);
    assert_eq!(after.stdout, "nobody deploys\nno other process has the database open\n");
    assert_eq!(
        sessions(&mut *plimsoll_core::db::connect(&url, plimsoll_core::db::Access::Read).expect("opens"), &url)
            .expect("tells")
            .sessions,
        []
    );
    assert!(file.is_file() && url.engine() == Engine::Sqlite);
}
