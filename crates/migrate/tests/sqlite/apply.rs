//! Applying whole migrations: nothing of a failed one stays, nothing is done twice. Continuing is in `interrupted`.

use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{History, Kept, MigrateError, MigrateEvent, Overall, PlanOptions, check_schema, plan};

use crate::database::{database, set};

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    let mut test = database();
    let set = set(&[("0001_a", "CREATE TABLE a (x);"), ("0002_b", "CREATE TABLE b (x); INSERT INTO b VALUES (1);")]);
    let report = test.apply(&set).expect("applies");
    assert_eq!(report.applied.iter().map(|done| done.statements).collect::<Vec<_>>(), [1, 2]);
    assert!(report.not_applied.is_empty());
    let again = test.apply(&set).expect("applies");
    assert!(again.applied.is_empty());
    assert_eq!(test.plan(&set).overall, Overall::Current);
    assert_eq!(test.int("SELECT count(*) FROM b"), 1);
}

#[test]
fn a_failing_second_statement_leaves_nothing_behind() {
    let mut test = database();
    let set = set(&[
        ("0001_a", "CREATE TABLE a (x);"),
        ("0002_b", "CREATE TABLE b (x);\n\nINSERT INTO nowhere\nVALUES (1);"),
        ("0003_c", "SELECT 1"),
    ]);
    let failure = test.fails(&set);
    assert_eq!(failure.to_string(), "migration `0002_b` failed at statement 2 of 2: nothing of it was kept");
    assert_eq!(failure.cause.to_string(), "no such table: nowhere");
    assert_eq!(failure.location.as_ref().expect("has a place").to_string(), "0002_b.sql:3:1");
    assert_eq!(failure.excerpt.as_deref(), Some("INSERT INTO nowhere\nVALUES (1)"));
    assert_eq!((failure.code(), failure.kept), (ErrorCode::MigrationFailed, Kept::Nothing));
    assert_eq!(failure.report.applied.len(), 1);
    assert_eq!(failure.report.not_applied, ["0002", "0003"]);
    assert_eq!(test.tables(), ["a"]);
    let history = History::read(&mut *test.db).expect("readable");
    assert_eq!((history.applied.len(), history.records.len()), (1, 1));
    assert!(matches!(test.events.last(), Some(MigrateEvent::Failed { number: Some(2), .. })));
}

#[test]
fn rebuilding_a_table_keeps_the_rows_that_refer_to_it() {
    let mut test = database();
    let first = (
        "0001_a",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, x);
         CREATE TABLE child (parent INTEGER NOT NULL REFERENCES parent ON DELETE CASCADE);
         INSERT INTO parent VALUES (1, 'x'); INSERT INTO child VALUES (1), (1), (1);",
    );
    let rebuild = (
        "0002_rebuild",
        "PRAGMA foreign_keys=OFF;
         CREATE TABLE new_parent (id INTEGER PRIMARY KEY, x TEXT NOT NULL);
         INSERT INTO new_parent SELECT id, x FROM parent;
         DROP TABLE parent;
         ALTER TABLE new_parent RENAME TO parent;
         PRAGMA foreign_keys=ON;",
    );
    test.apply(&set(&[first, rebuild])).expect("applies");
    assert_eq!(test.int("SELECT count(*) FROM child"), 3);
    assert_eq!(test.int("PRAGMA foreign_keys"), 1);
}

#[test]
fn a_migration_that_orphans_rows_fails_and_names_the_table() {
    let mut test = database();
    let first = (
        "0001_a",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (parent INTEGER REFERENCES parent);
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);",
    );
    test.apply(&set(&[first])).expect("applies");
    let failure = test.fails(&set(&[first, ("0002_b", "DELETE FROM parent;")]));
    assert_eq!(failure.statement_number, None);
    assert_eq!(failure.cause.to_string(), "rows of `child` refer to rows missing from `parent`: 1 after the migration");
    assert_eq!(test.int("SELECT count(*) FROM parent"), 1);
    assert_eq!(test.int("PRAGMA foreign_keys"), 1);
}

#[test]
fn reading_an_untouched_database_creates_nothing() {
    let mut test = database();
    let history = History::read(&mut *test.db).expect("readable");
    assert!(history.applied.is_empty() && history.records.is_empty());
    assert_eq!(test.int("SELECT count(*) FROM sqlite_schema"), 0);
    let error = check_schema(&mut *test.db, "0001").expect_err("is behind");
    assert_eq!(error.to_string(), "the service needs migration 0001, the newest one applied is none");
}

#[test]
fn a_service_accepts_a_newer_schema_and_refuses_an_older_one() {
    let mut test = database();
    test.apply(&set(&[("0001_a", "SELECT 1"), ("0002_b", "SELECT 1")])).expect("applies");
    let state = check_schema(&mut *test.db, "0001").expect("is there");
    assert_eq!((state.newest.as_str(), state.applied), ("0002", 2));
    let error = check_schema(&mut *test.db, "0003").expect_err("is behind");
    assert_eq!(error.code(), ErrorCode::SchemaBehind);
    assert_eq!(error.to_string(), "the service needs migration 0003, the newest one applied is 0002");
}

#[test]
fn a_service_accepts_a_baseline_that_replaces_what_it_needs() {
    let mut test = database();
    let checksum = "0".repeat(64);
    let head = format!("-- plimsoll:replaces 0001..0002\n-- plimsoll:replaced 0001 {checksum} 0001_a\n");
    test.apply(&set(&[("0002_baseline", &format!("{head}CREATE TABLE a (id INTEGER);"))])).expect("applies");
    check_schema(&mut *test.db, "0001").expect("is in the baseline");
    check_schema(&mut *test.db, "0000").expect_err("is not");
}

#[test]
fn a_plan_that_somebody_else_applied_is_stale() {
    let mut test = database();
    let first = set(&[("0001_a", "CREATE TABLE a (x);")]);
    let stale = test.plan(&first);
    test.apply(&first).expect("applies");
    let error = test.apply_plan(&first, &stale).expect_err("is stale");
    assert_eq!(error.code(), ErrorCode::PlanStale);
    let edited = set(&[("0001_a", "CREATE TABLE b (x);")]);
    let error = test.apply_plan(&edited, &stale).expect_err("is stale");
    assert_eq!(error.code(), ErrorCode::PlanStale);
    let history = History::read(&mut *test.db).expect("readable");
    let error = plan(&edited, &history, &PlanOptions::default()).expect_err("is refused");
    assert!(matches!(error, MigrateError::Problem(problem) if problem.code() == ErrorCode::MigrationChanged));
}
