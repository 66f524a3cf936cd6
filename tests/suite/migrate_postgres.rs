//! What only PostgreSQL does to migrations: functions, dumps that empty the search path, concurrent indexes and their
//! leftovers. What all engines share is in `migrate_apply`.
#![cfg(any(feature = "postgres", feature = "postgres-bundled"))]

use std::sync::mpsc::channel;

use plimsoll_core::db::Engine;
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_migrate::{Kept, MigrateError, MigrateEvent, apply};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::boundary::Counted;
use plimsoll_tests::fault::{PATIENCE, wait_until};
use plimsoll_tests::migrating::{fails, migrate, migrate_telling, options, plan, set};

const TABLE: (&str, &str) = (
    "0001_visit",
    "CREATE TABLE visit (id SERIAL PRIMARY KEY, place TEXT); INSERT INTO visit (place) VALUES ('quay'), ('quay');",
);
const INDEX: &str = "CREATE INDEX CONCURRENTLY IF NOT EXISTS visit_place ON visit (place);";

fn valid(db: &mut TestDatabase) -> Vec<bool> {
    let rows = db.rows("SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname LIKE 'visit_place%'");
    rows.iter().map(|row| row.int(0) == 1).collect()
}

#[test]
fn a_function_between_dollars_is_one_statement() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let sql = "CREATE FUNCTION shout(t TEXT) RETURNS TEXT LANGUAGE plpgsql AS $fn$
BEGIN
  -- a quote ' and a $$ that end nothing;
  RETURN upper(t) || '; $$';
END
$fn$;
CREATE FUNCTION twice(n INTEGER) RETURNS INTEGER LANGUAGE sql BEGIN ATOMIC SELECT n; SELECT CASE WHEN n > 0 THEN 2 * n END; END;
DO $$ BEGIN PERFORM 1; END $$;";
    let set = set(&[("0001_functions", sql)]);
    assert_eq!(plan(&mut db, &set).expect("a plan").steps[0].statements, 3);
    migrate(&mut db, &set).expect("applies");
    assert_eq!(db.texts("SELECT shout('ahoy')"), ["AHOY; $$"]);
    assert_eq!(db.int("SELECT twice(21)"), 42);
}

#[test]
fn the_order_of_a_dates_numbers_is_the_servers_as_with_any_other_client() {
    for (style, expected) in [("ISO, DMY", "2003-02-01"), ("German, MDY", "2003-01-02"), ("SQL, YMD", "2001-02-03")] {
        let mut db = TestDatabase::new(Engine::Postgres);
        let name = db.texts("SELECT current_database()").remove(0);
        db.run(&format!("ALTER DATABASE \"{name}\" SET DateStyle = '{style}'"));
        db.reconnect();
        let sql = "CREATE TABLE dated (day DATE);\nINSERT INTO dated VALUES ('01/02/03');";
        migrate(&mut db, &set(&[("0001_dated", sql)])).expect("applies");
        assert_eq!(db.texts("SELECT day::text FROM dated"), [expected], "{style}");
    }
}

#[test]
fn a_connection_that_is_lost_with_several_migrations_says_that_it_may_be_any_of_them() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let all = set(&[
        ("0001_a", "CREATE TABLE a (id INTEGER);"),
        ("0002_b", "CREATE TABLE b (id INTEGER);"),
        ("0003_c", "CREATE TABLE c (id INTEGER); INSERT INTO c VALUES (1);"),
    ]);
    let planned = plan(&mut db, &all).expect("a plan");
    plimsoll_tests::migrating::prepare(db.db());
    let mut doomed = db.connect();
    let session = db.session(&mut *doomed);
    let outcome = apply(&mut *doomed, &all, &planned, &options(), &mut |event| {
        if matches!(event, MigrateEvent::Started { number: 1, .. }) {
            db.kill(session);
        }
    });
    let Err(MigrateError::Failed(failure)) = outcome else { panic!("the session is killed") };
    assert_eq!(failure.kept, Kept::Unknown);
    let detail = failure.cause.detail.as_deref().unwrap_or_default();
    assert!(detail.contains("2 migrations, `0001_a` to `0002_b`, were sent together"), "{failure:?}");
    assert_eq!(migrate(&mut db, &all).expect("applies").applied.len(), 3);
}

#[test]
fn an_index_on_a_table_that_may_have_been_there_waits_as_long_as_it_is_allowed_to() {
    let mut db = TestDatabase::new(Engine::Postgres);
    db.run("CREATE TABLE there (id INTEGER)");
    let all = set(&[
        ("0001_there", "CREATE TABLE IF NOT EXISTS there (id INTEGER);"),
        ("0002_i", "CREATE INDEX i ON there (id);"),
        ("0003_j", "CREATE INDEX j ON there (id);"),
    ]);
    let mut order = Vec::new();
    migrate_telling(&mut db, &all, &mut |event| match event {
        MigrateEvent::Started { version, .. } => order.push(format!("{version} begins")),
        MigrateEvent::Finished { version, .. } => order.push(format!("{version} ends")),
        _ => {}
    })
    .expect("applies");
    assert_eq!(order.chunks(2).map(|pair| pair[0][..4] == pair[1][..4]).collect::<Vec<_>>(), [true; 3], "{order:?}");
}

#[test]
fn a_baseline_that_empties_the_search_path_is_recorded_and_leaves_the_session_as_it_was() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let baseline = "\\restrict a1B2\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_table_access_method = heap;
CREATE TABLE public.visit (id integer NOT NULL);
ALTER TABLE ONLY public.visit ADD CONSTRAINT visit_pkey PRIMARY KEY (id);\n\\unrestrict a1B2\n";
    let before = db.texts("SHOW search_path");
    let migrations = set(&[("0001_baseline", baseline), ("0002_row", "INSERT INTO visit VALUES (1);")]);
    migrate(&mut db, &migrations).expect("applies");
    assert_eq!(db.texts("SHOW search_path"), before);
    assert_eq!(db.int("SELECT count(*) FROM public.__diesel_schema_migrations"), 2);
    assert!(plan(&mut db, &migrations).expect("a plan").steps.is_empty());
}

#[test]
fn a_role_and_time_outs_that_a_script_sets_end_with_it() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let settings = "SELECT concat_ws(' ', current_setting('role'), current_setting('statement_timeout'), current_setting('TimeZone'))";
    let before = db.texts(settings);
    let sql = "SET ROLE pg_read_all_data;\nRESET ROLE;\nSET statement_timeout = '5min';\nSET TIME ZONE 'Asia/Tokyo';\nSELECT 1;";
    migrate(&mut db, &set(&[("0001_settings", sql)])).expect("applies");
    assert_eq!(db.texts(settings), before);
}

#[test]
fn an_index_is_built_concurrently_among_other_statements() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let migrations =
        set(&[TABLE, ("0002_index", &format!("INSERT INTO visit (place) VALUES ('pier');\n{INDEX}\nANALYZE visit;"))]);
    assert!(!plan(&mut db, &migrations).expect("a plan").steps[1].transactional);
    migrate(&mut db, &migrations).expect("applies");
    assert_eq!((valid(&mut db), db.count("visit")), (vec![true], 3));
}

#[test]
fn an_invalid_index_left_by_a_failed_build_is_dropped_and_built_again() {
    let mut db = TestDatabase::new(Engine::Postgres);
    migrate(&mut db, &set(&[TABLE])).expect("applies");
    // As another tool leaves it: the build fails on the rows that are there.
    let unique = "CREATE UNIQUE INDEX CONCURRENTLY visit_place ON visit (place)";
    db.db().batch(unique).expect_err("two rows are equal");
    assert_eq!(valid(&mut db), [false]);
    let mut dropped = Vec::new();
    migrate_telling(&mut db, &set(&[TABLE, ("0002_index", INDEX)]), &mut |event| {
        if let MigrateEvent::InvalidIndexDropped { index, .. } = event {
            dropped.push(index.clone());
        }
    })
    .expect("applies");
    assert_eq!(dropped, ["visit_place"]);
    assert_eq!(valid(&mut db), [true]);
}

#[test]
fn a_build_that_fails_leaves_no_index_and_succeeds_once_the_rows_are_mended() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let migrations =
        set(&[TABLE, ("0002_unique", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS visit_place ON visit (place);")]);
    let failure = fails(&mut db, &migrations);
    assert_eq!(failure.statement_number, Some(1));
    assert!(valid(&mut db).is_empty(), "{:?}", valid(&mut db));
    db.run("DELETE FROM visit WHERE id = 2");
    migrate(&mut db, &migrations).expect("applies");
    assert_eq!(valid(&mut db), [true]);
}

#[test]
fn a_build_killed_in_the_middle_is_done_again_by_the_next_run() {
    let mut db = TestDatabase::new(Engine::Postgres);
    migrate(&mut db, &set(&[TABLE])).expect("applies");
    let migrations = set(&[TABLE, ("0002_index", INDEX)]);
    let todo = plan(&mut db, &migrations).expect("a plan");
    let mut writer = db.connect();
    writer.begin().expect("begins");
    writer.batch("INSERT INTO visit (place) VALUES ('pier')").expect("the build has to wait for this");
    let mut doomed = db.connect();
    let session = db.session(&mut *doomed);
    std::thread::scope(|scope| {
        let (migrations, todo) = (&migrations, &todo);
        // Let go of before the thread is waited for, whatever is found wrong here.
        let mut writer = writer;
        let build = scope.spawn(move || apply(&mut *doomed, migrations, todo, &options(), &mut |_| {}));
        wait_until("the build to wait", || !db.waiting_for_locks().is_empty());
        db.kill(session);
        build.join().expect("does not panic").expect_err("was killed");
        writer.commit().expect("commits");
    });
    assert_eq!(valid(&mut db), [false]);
    migrate(&mut db, &migrations).expect("applies");
    assert_eq!((valid(&mut db), db.count("visit")), (vec![true], 3));
}

#[test]
fn a_second_runner_waiting_for_the_lock_does_not_stand_in_the_way_of_a_concurrent_build() {
    let mut db = TestDatabase::new(Engine::Postgres);
    migrate(&mut db, &set(&[TABLE])).expect("applies");
    let url = db.url().clone();
    let lock = acquire(&url, &Holder::new("first", "migrate"), PATIENCE).expect("is free");
    let (tried, has_tried) = channel();
    let (done, is_done) = channel();
    let waiting = std::thread::spawn(move || {
        let now = acquire(&url, &Holder::new("second", "migrate"), std::time::Duration::ZERO);
        tried.send(now.is_err()).expect("somebody listens");
        drop(now);
        let lock = acquire(&url, &Holder::new("second", "migrate"), PATIENCE);
        done.send(lock.is_ok()).expect("somebody listens");
    });
    assert!(has_tried.recv_timeout(PATIENCE).expect("in time"), "the second runner must not get the lock");
    migrate(&mut db, &set(&[TABLE, ("0002_index", INDEX)])).expect("the build is not in a deadlock");
    assert_eq!(valid(&mut db), [true]);
    drop(lock);
    assert!(is_done.recv_timeout(PATIENCE).expect("in time"), "the second runner gets the lock");
    waiting.join().expect("does not panic");
}

/// Applies on a connection that counts what it is asked to write.
fn requests(db: &mut TestDatabase, sql: &str) -> usize {
    let set = set(&[("0001_berth", sql)]);
    plimsoll_tests::migrating::prepare(db.db());
    let plan = plan(db, &set).expect("a plan");
    let mut counted = Counted::new(db.connect(), usize::MAX, || {});
    apply(&mut counted, &set, &plan, &options(), &mut |_| {}).expect("applies");
    counted.asked()
}

#[test]
fn a_migration_that_only_makes_new_things_is_one_request_with_its_entries() {
    let berth = "CREATE TABLE berth (id INT PRIMARY KEY, note TEXT DEFAULT 'it''s \\here');\nCREATE INDEX berth_note ON berth (note);";
    let mut db = TestDatabase::new(Engine::Postgres);
    let together = requests(&mut db, berth);
    assert_eq!(db.texts("SELECT script FROM plimsoll.migration"), [berth]);
    assert_eq!(db.texts("SELECT version FROM __diesel_schema_migrations"), ["0001"]);
    let apart = requests(&mut TestDatabase::new(Engine::Postgres), &format!("{berth}\nINSERT INTO berth VALUES (1);"));
    // Three statements, the entries, the commit.
    assert_eq!(apart - together, 4);
}

#[test]
fn small_migrations_that_only_make_new_things_go_together_and_are_recorded_one_by_one() {
    let named: Vec<(String, String)> = (1..=60)
        .map(|number| {
            let refers = if number == 1 { String::new() } else { format!(", next INT REFERENCES t_{}", number - 1) };
            (format!("{number:04}_t"), format!("CREATE TABLE t_{number} (id INT PRIMARY KEY{refers});"))
        })
        .collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(name, sql)| (name.as_str(), sql.as_str())).collect();
    let mut db = TestDatabase::new(Engine::Postgres);
    let report = migrate(&mut db, &set(&named)).expect("applies");
    assert_eq!(report.applied.len(), 60);
    assert_eq!(db.int("SELECT count(*) FROM plimsoll.migration WHERE state = 'applied'"), 60);
    // Each transaction has a number of its own.
    assert_eq!(db.int("SELECT count(DISTINCT xmin::text) FROM plimsoll.migration"), 3);
    let mut broken = named.clone();
    broken[40].1 = "CREATE TABLE t_3 (id INT);";
    let mut db = TestDatabase::new(Engine::Postgres);
    let failure = fails(&mut db, &set(&broken));
    assert_eq!((failure.version.as_str(), failure.report.applied.len()), ("0041", 40));
    assert_eq!(db.int("SELECT count(*) FROM plimsoll.migration"), 40);
}

#[test]
fn the_failing_one_of_several_new_things_is_named_and_nothing_is_kept() {
    let mut db = TestDatabase::new(Engine::Postgres);
    db.run("CREATE TABLE berth (id INT)");
    let failure = fails(&mut db, &set(&[("0001_new", "CREATE TABLE quay (id INT);\n\nCREATE TABLE berth (id INT);")]));
    assert_eq!((failure.statement_number, failure.location.map(|at| at.line)), (Some(2), Some(3)));
    assert_eq!(db.tables(), ["berth"]);
    db.run("DROP TABLE berth");
    migrate(&mut db, &set(&[("0001_new", "CREATE TABLE quay (id INT);\n\nCREATE TABLE berth (id INT);")]))
        .expect("applies");
    assert_eq!(db.tables(), ["berth", "quay"]);
}
