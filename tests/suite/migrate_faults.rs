//! A run is killed before every single request that it makes, the process as well as its session; the next plain run has to
//! end where an undisturbed one does. Kills in the middle of statements are in `migrate_interrupted`.

use plimsoll_core::db::{Access, DatabaseUrl, Db, Engine, connect};
use plimsoll_migrate::{History, MigrationSet, PlanOptions, apply};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::boundary::{Counted, die};
use plimsoll_tests::everything::everything;
use plimsoll_tests::fault::{Actor, role};
use plimsoll_tests::migrating::{migrate, options, plan, set};

/// What every other migration of the engine stands on, and those that runs are killed in, one at a time.
type Migrations = (&'static str, &'static [(&'static str, &'static str)]);

const POSTGRES: Migrations = (
    include_str!("faults/postgres/base.sql"),
    &[
        ("0002_whole", include_str!("faults/postgres/whole.sql")),
        ("0003_stepwise", include_str!("faults/postgres/stepwise.sql")),
        ("0004_scripts", include_str!("faults/postgres/scripts.sql")),
    ],
);

const MYSQL: Migrations = (
    include_str!("faults/mysql/base.sql"),
    &[
        ("0002_tables", include_str!("faults/mysql/tables.sql")),
        ("0003_objects", include_str!("faults/mysql/objects.sql")),
        ("0004_scripts", include_str!("faults/mysql/scripts.sql")),
    ],
);

const SQLITE: Migrations = (
    include_str!("faults/sqlite/base.sql"),
    &[
        ("0002_rebuild", include_str!("faults/sqlite/rebuild.sql")),
        ("0003_stepwise", include_str!("faults/sqlite/stepwise.sql")),
    ],
);

/// How a run ends before its time.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Process,
    Session,
}

fn migrations(engine: Engine) -> Migrations {
    match engine {
        Engine::Postgres => POSTGRES,
        Engine::Mysql => MYSQL,
        Engine::Sqlite => SQLITE,
    }
}

/// A new database with the base, and what is to be applied to it.
fn begin(engine: Engine, which: usize) -> (TestDatabase, MigrationSet) {
    let (base, others) = migrations(engine);
    let mut db = TestDatabase::new(engine);
    migrate(&mut db, &set(&[("0001_base", base)])).expect("applies");
    db.reconnect();
    (db, set(&[("0001_base", base), others[which]]))
}

/// Applies on a connection that is interrupted at a request; how many requests it came to.
fn run_until(mut db: Box<dyn Db>, all: &MigrationSet, at: usize, moment: impl FnMut() + Send) -> usize {
    let history = History::read(&mut *db).expect("readable");
    let plan = plimsoll_migrate::plan(all, &history, &PlanOptions::default()).expect("there is a plan");
    let mut db = Counted::new(db, at, moment);
    // What becomes of it is seen by the next run.
    drop(apply(&mut db, all, &plan, &options(), &mut |_| {}));
    db.asked()
}

fn interrupted(engine: Engine, end: End, name: &str) {
    if let Some(role) = role() {
        let [which, at, url] = role.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("three words") };
        let url = DatabaseUrl::parse(url, "/".as_ref()).expect("a good URL");
        let db = connect(&url, Access::Write).expect("the database opens");
        let (base, others) = migrations(engine);
        let all = set(&[("0001_base", base), others[which.parse::<usize>().expect("a number")]]);
        run_until(db, &all, at.parse().expect("a number"), die);
        return;
    }
    for which in 0..migrations(engine).1.len() {
        let (mut undisturbed, all) = begin(engine, which);
        let requests = run_until(undisturbed.connect(), &all, usize::MAX, || {});
        assert!(plan(&mut undisturbed, &all).expect("there is a plan").steps.is_empty(), "{which} does not apply");
        let expected = everything(&mut undisturbed);
        assert!(requests > 5, "{requests} requests");
        for at in 1..=requests {
            let (mut db, all) = begin(engine, which);
            match end {
                End::Process => {
                    let test = format!("{}::{name}", module_path!());
                    let killed = Actor::start(&test, &format!("{which} {at} {}", db.url_text())).wait();
                    assert!(killed, "the run was to be killed before request {at} of {requests}");
                }
                End::Session => {
                    let mut doomed = db.connect();
                    let session = db.session(&mut *doomed);
                    run_until(doomed, &all, at, db.killer(session));
                }
            }
            let place = format!("{which} after a kill before request {at} of {requests}");
            if let Err(error) = migrate(&mut db, &all) {
                panic!("{place}: {error:?}");
            }
            let found = everything(&mut db);
            let differs: Vec<_> = expected.iter().zip(&found).filter(|(expected, found)| expected != found).collect();
            assert!(found == expected, "{place}: {differs:#?}");
        }
    }
}

#[test]
#[cfg(feature = "sqlite")]
fn a_process_killed_before_any_request_on_sqlite_is_continued_to_the_same_end() {
    let name = "a_process_killed_before_any_request_on_sqlite_is_continued_to_the_same_end";
    interrupted(Engine::Sqlite, End::Process, name);
}

#[test]
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
fn a_process_killed_before_any_request_on_postgres_is_continued_to_the_same_end() {
    let name = "a_process_killed_before_any_request_on_postgres_is_continued_to_the_same_end";
    interrupted(Engine::Postgres, End::Process, name);
}

#[test]
#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
fn a_process_killed_before_any_request_on_mysql_is_continued_to_the_same_end() {
    let name = "a_process_killed_before_any_request_on_mysql_is_continued_to_the_same_end";
    interrupted(Engine::Mysql, End::Process, name);
}

#[test]
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
fn a_session_killed_before_any_request_on_postgres_is_continued_to_the_same_end() {
    interrupted(Engine::Postgres, End::Session, "");
}

#[test]
#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
fn a_session_killed_before_any_request_on_mysql_is_continued_to_the_same_end() {
    interrupted(Engine::Mysql, End::Session, "");
}
