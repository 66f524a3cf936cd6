//! Statements whose outcome is hard to know after a kill: a server that goes on without its client, procedures that commit
//! by themselves, tables that undo nothing, unfinished indexes. All other moments are in `migrate_faults`.
#![cfg(any(feature = "postgres", feature = "postgres-bundled", feature = "mysql", feature = "mysql-bundled"))]

use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_core::db::{Access, DatabaseUrl, Engine, connect};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{
    ApplyOptions, History, Kept, MigrateError, MigrateEvent, MigrateReport, MigrationSet, PlanOptions, apply,
};
use plimsoll_tests::boundary::Counted;
use plimsoll_tests::fault::{Actor, role, wait_until};
use plimsoll_tests::migrating::{fails, migrate, options, plan, set};
use plimsoll_tests::{TestDatabase, server_tests};

const BASE: (&str, &str) = (
    "0001_base",
    "CREATE TABLE a (id INTEGER); CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0); INSERT INTO a VALUES (1);",
);

/// How often a server is met at work at the latest.
const TRIES: usize = 8;

fn stepwise(text: &str) -> String {
    format!("-- plimsoll: no-transaction\n{text}")
}

/// Applies once with the session killed before a request; whether there was such a request.
fn killed_at(db: &mut TestDatabase, all: &MigrationSet, at: usize) -> bool {
    let plan = plan(db, all).expect("there is a plan");
    let mut doomed = db.connect();
    let session = db.session(&mut *doomed);
    let mut doomed = Counted::new(doomed, at, db.killer(session));
    drop(apply(&mut doomed, all, &plan, &options(), &mut |_| {}));
    doomed.asked() >= at
}

/// Kills runs at every request. The next run ends well by itself, or asks and is told what `look` sees; how many asked.
fn ask_when_undecided(
    engine: Engine,
    base: &str,
    text: &str,
    look: fn(&mut TestDatabase) -> bool,
    done: fn(&mut TestDatabase),
) -> usize {
    let mut asked = 0;
    for at in 1.. {
        let mut db = TestDatabase::new(engine);
        migrate(&mut db, &set(&[("0001_base", base)])).expect("applies");
        db.reconnect();
        let text = stepwise(text);
        let all = set(&[("0001_base", base), ("0002_odd", &text)]);
        let reached = killed_at(&mut db, &all, at);
        match migrate(&mut db, &all) {
            Ok(_) => {}
            Err(MigrateError::Failed(failure)) => {
                assert_eq!(
                    (failure.kept, failure.code()),
                    (Kept::Undecided, ErrorCode::MigrationUndecided),
                    "{failure:?}"
                );
                // Asking again changes nothing.
                assert_eq!(fails(&mut db, &all).kept, Kept::Undecided);
                asked += 1;
                let todo = plan(&mut db, &all).expect("there is a plan");
                let told = ApplyOptions { statement_happened: Some(look(&mut db)), ..options() };
                apply(db.db(), &all, &todo, &told, &mut |_| {}).expect("applies");
            }
            Err(error) => panic!("{error:?}"),
        }
        done(&mut db);
        if !reached {
            return asked;
        }
    }
    unreachable!("there are not that many requests")
}

server_tests! {
    fn a_procedure_that_commits_by_itself_is_asked_about_only_when_it_may_have_happened(db: &mut TestDatabase) {
        let base = match db.engine() {
            Engine::Postgres => "CREATE TABLE a (id INTEGER); CREATE PROCEDURE two() LANGUAGE plpgsql AS \
                $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;",
            _ => "CREATE TABLE a (id INTEGER);\nDELIMITER //\nCREATE PROCEDURE two() BEGIN INSERT INTO a VALUES (1); \
                COMMIT; INSERT INTO a VALUES (2); END//\nDELIMITER ;\n",
        };
        let asked = ask_when_undecided(db.engine(), base, "CALL two();\nINSERT INTO a VALUES (3);", |db| db.count("a") == 2, |db| {
            assert_eq!(db.texts("SELECT CAST(id AS CHAR(1)) FROM a ORDER BY id"), ["1", "2", "3"]);
        });
        assert!(asked > 0, "the kill between the call and its entry was missed");
    }

    fn what_a_procedure_left_half_done_is_told(db: &mut TestDatabase) {
        let base = match db.engine() {
            Engine::Postgres => "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE PROCEDURE two() LANGUAGE plpgsql AS \
                $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (1); END $$;",
            _ => "CREATE TABLE a (id INTEGER PRIMARY KEY);\nDELIMITER //\nCREATE PROCEDURE two() BEGIN \
                INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (1); END//\nDELIMITER ;\n",
        };
        let text = stepwise("CALL two();");
        let all = set(&[("0001_base", base), ("0002_odd", &text)]);
        assert_eq!(fails(db, &all).kept, Kept::Unknown);
        assert_eq!(fails(db, &all).kept, Kept::Undecided);
        assert_eq!(db.count("a"), 1);
    }

    fn an_open_transaction_that_a_script_leaves_is_refused_before_anything_is_done(db: &mut TestDatabase) {
        let text = stepwise("INSERT INTO a VALUES (2);\nBEGIN;\nINSERT INTO a VALUES (3);");
        let failure = fails(db, &set(&[BASE, ("0002_open", &text)]));
        assert_eq!((failure.statement_number, failure.kept), (Some(2), Kept::Nothing));
        assert_eq!(failure.cause.to_string(), "the transaction that this begins is never ended: end it with `COMMIT`");
        assert_eq!(db.count("a"), 1);
    }
}

/// Applies in a process that is killed while its statement waits; the next run begins while the server still works on it.
///
/// Both servers notice within a second that their client is gone, and may be done before the next run looks. Then there was
/// nothing to wait for, and it is all tried again.
fn server_goes_on(engine: Engine, name: &str, statement: &str) {
    let text = stepwise(&format!("UPDATE counter SET n = n + 1;\n{statement}\nUPDATE counter SET n = n + 1;"));
    let all = set(&[BASE, ("0002_long", &text)]);
    if let Some(url) = role() {
        drop(run(&DatabaseUrl::parse(&url, "/".as_ref()).expect("a good URL"), &all, &mut |_| {}));
        return;
    }
    let test = format!("{}::{name}", module_path!());
    let was_waited_for = (0..TRIES).any(|_| next_run_beside_the_killed_one(engine, &all, &test));
    assert!(was_waited_for, "the server was at work still in none of {TRIES} tries");
}

fn run(
    url: &DatabaseUrl,
    all: &MigrationSet,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<MigrateReport, MigrateError> {
    let mut db = connect(url, Access::Write).expect("the database opens");
    let history = History::read(&mut *db).expect("readable");
    let plan = plimsoll_migrate::plan(all, &history, &PlanOptions::default()).expect("there is a plan");
    apply(&mut *db, all, &plan, &options(), on_event)
}

/// Whether the next run found the killed one's session at work. What it leaves is right in both cases.
fn next_run_beside_the_killed_one(engine: Engine, all: &MigrationSet, test: &str) -> bool {
    let mut db = TestDatabase::new(engine);
    migrate(&mut db, &set(&[BASE])).expect("applies");
    let mut other = db.connect();
    other.begin().expect("begins");
    other.batch("INSERT INTO a VALUES (2)").expect("holds the table");
    let actor = Actor::start(test, db.url_text());
    let mut killed = Vec::new();
    wait_until("the statement to wait", || {
        killed = db.waiting_for_locks();
        !killed.is_empty()
    });
    actor.kill();
    let url = db.url().clone();
    let seen = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Let go of before the threads are waited for, whatever is found wrong here.
        let mut other = other;
        let next = scope.spawn(|| {
            run(&url, all, &mut |event| {
                if matches!(event, MigrateEvent::StillRunning { .. }) {
                    seen.store(true, Ordering::SeqCst);
                }
            })
        });
        wait_until("the next run to wait", || {
            let waits = || db.waiting_for_locks().iter().any(|session| !killed.contains(session));
            seen.load(Ordering::SeqCst) || next.is_finished() || waits()
        });
        other.commit().expect("lets go");
        next.join().expect("does not panic").expect("applies");
    });
    assert_eq!((db.int("SELECT n FROM counter"), db.count("a")), (2, 2));
    assert!(plan(&mut db, all).expect("there is a plan").steps.is_empty());
    seen.into_inner()
}

#[test]
#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
fn a_server_that_alters_a_table_after_the_kill_is_waited_for_on_mysql() {
    let name = "a_server_that_alters_a_table_after_the_kill_is_waited_for_on_mysql";
    server_goes_on(Engine::Mysql, name, "ALTER TABLE a ADD COLUMN wide INTEGER;");
}

#[test]
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
fn a_server_that_builds_an_index_after_the_kill_is_waited_for_on_postgres() {
    let name = "a_server_that_builds_an_index_after_the_kill_is_waited_for_on_postgres";
    server_goes_on(Engine::Postgres, name, "CREATE INDEX CONCURRENTLY ON a (id);");
}

#[test]
#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
fn rows_of_a_table_that_undoes_nothing_are_asked_about() {
    let base = "CREATE TABLE a (id INTEGER) ENGINE = MyISAM;";
    let text = "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);";
    let asked = ask_when_undecided(
        Engine::Mysql,
        base,
        text,
        // The first row is asked about before there is a second one.
        |db| {
            let done = plimsoll_tests::migrating::history(db).interrupted("0002").map(|record| record.statements_done);
            db.count("a") == i64::try_from(done.unwrap_or(0)).expect("small") + 1
        },
        |db| assert_eq!(db.texts("SELECT CAST(id AS CHAR) FROM a ORDER BY id"), ["1", "2"]),
    );
    assert!(asked > 0);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod unfinished_indexes {
    use super::*;

    fn indexes(db: &mut TestDatabase) -> Vec<String> {
        db.texts(
            "SELECT indexrelid::regclass || ' ' || indisvalid FROM pg_index WHERE indrelid = 'a'::regclass ORDER BY 1",
        )
    }

    /// Kills a statement while it waits for a writer.
    fn killed_beside_a_writer(db: &mut TestDatabase, sql: &str) {
        let mut writer = db.connect();
        writer.begin().expect("begins");
        writer.batch("INSERT INTO a VALUES (2)").expect("writes");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        std::thread::scope(|scope| {
            // Let go of before the thread is waited for, whatever is found wrong here.
            let mut writer = writer;
            let build = scope.spawn(move || doomed.batch(sql));
            wait_until("the statement to wait", || !db.waiting_for_locks().is_empty());
            db.kill(session);
            build.join().expect("does not panic").expect_err("was killed");
            writer.rollback().expect("lets go");
        });
    }

    #[test]
    fn an_unnamed_one_that_another_tool_left_is_dropped_after_the_build() {
        let mut db = TestDatabase::new(Engine::Postgres);
        migrate(&mut db, &set(&[BASE])).expect("applies");
        killed_beside_a_writer(&mut db, "CREATE INDEX CONCURRENTLY ON a (id)");
        assert_eq!(indexes(&mut db), ["a_id_idx false"]);
        let all = set(&[BASE, ("0002_index", "CREATE INDEX CONCURRENTLY ON a (id);")]);
        migrate(&mut db, &all).expect("applies");
        assert_eq!(indexes(&mut db), ["a_id_idx1 true"]);
    }

    #[test]
    fn copies_left_by_an_interrupted_reindex_are_dropped_before_the_next_one() {
        let mut db = TestDatabase::new(Engine::Postgres);
        migrate(&mut db, &set(&[BASE])).expect("applies");
        db.run("CREATE INDEX a_id ON a (id)");
        killed_beside_a_writer(&mut db, "REINDEX INDEX CONCURRENTLY a_id");
        assert_eq!(indexes(&mut db), ["a_id true", "a_id_ccnew false"]);
        migrate(&mut db, &set(&[BASE, ("0002_again", "REINDEX INDEX CONCURRENTLY a_id;")])).expect("applies");
        assert_eq!(indexes(&mut db), ["a_id true"]);
    }
}
