//! Migrations outside of a transaction: failing half way, being killed, continuing. Whole ones are in `apply`.

use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{History, Kept, MigrateEvent, RecordState};

use crate::database::{Database, database, set};

const HEAD: &str = "-- plimsoll: no-transaction\n";

fn one(test: &mut Database, sql: &str) -> plimsoll_migrate::Failure {
    test.fails(&set(&[("0001_a", &format!("{HEAD}{sql}"))]))
}

#[test]
fn a_mended_migration_continues_after_what_was_applied() {
    let mut test = database();
    let failure = one(
        &mut test,
        "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);",
    );
    assert_eq!(
        failure.to_string(),
        "migration `0001_a` failed at statement 3 of 4: 2 of its statements are applied, the next run continues from there"
    );
    assert_eq!((failure.code(), failure.kept), (ErrorCode::MigrationPartial, Kept::Statements(2)));
    let history = History::read(&mut *test.db).expect("readable");
    assert_eq!((history.records[0].state, history.records[0].statements_done), (RecordState::Failed, 2));
    let mended =
        set(&[("0001_a", &format!("{HEAD}CREATE TABLE a (x);INSERT INTO a VALUES (1);INSERT INTO a VALUES (2);"))]);
    let report = test.apply(&mended).expect("applies");
    assert_eq!(report.applied[0].resumed_from, Some(2));
    assert_eq!(test.int("SELECT count(*) FROM a"), 2);
    assert!(test.plan(&mended).steps.is_empty());
}

#[test]
fn a_failing_first_statement_is_forgotten() {
    let mut test = database();
    let failure = one(&mut test, "INSERT INTO nowhere VALUES (1);\nCREATE TABLE a (x);");
    assert_eq!((failure.code(), failure.kept), (ErrorCode::MigrationFailed, Kept::Nothing));
    assert!(History::read(&mut *test.db).expect("readable").records.is_empty());
}

#[test]
fn what_a_killed_run_had_set_is_set_again() {
    let mut test = database();
    let sql = "PRAGMA foreign_keys = OFF;\nCREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p REFERENCES p);\nINSERT INTO c VALUES (oops);";
    one(&mut test, sql);
    test.reconnect();
    let mended = set(&[("0001_a", &format!("{HEAD}{}", sql.replace("oops", "9")))]);
    test.apply(&mended).expect("applies");
    assert_eq!((test.int("SELECT count(*) FROM c"), test.int("PRAGMA foreign_keys")), (1, 1));
}

#[test]
fn a_script_with_its_own_transaction_is_undone_and_repeated_as_it_says() {
    let mut test = database();
    let sql = "CREATE TABLE a (x);\nBEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (oops);\nCOMMIT;";
    let failure = one(&mut test, sql);
    assert_eq!((failure.statement_number, failure.kept), (Some(4), Kept::Statements(1)));
    assert_eq!(test.int("SELECT count(*) FROM a"), 0);
    test.reconnect();
    test.apply(&set(&[("0001_a", &format!("{HEAD}{}", sql.replace("oops", "2")))])).expect("applies");
    assert_eq!(test.int("SELECT count(*) FROM a"), 2);
}

#[test]
fn a_kill_before_the_journal_was_written_is_recognised() {
    let mut test = database();
    let failure = one(&mut test, "ATTACH ':memory:' AS other;\nSELECT oops;");
    assert_eq!(failure.kept, Kept::Statements(1));
    // As the ledger looks when a process is killed between a statement and its entry.
    let nothing = plimsoll_core::template::sha256_hex(b"");
    test.run(&format!(
        "UPDATE plimsoll_migration SET state = 'running', statements_done = 0, checksum_lexical = '{nothing}'"
    ));
    test.apply(&set(&[("0001_a", &format!("{HEAD}ATTACH ':memory:' AS other;\nSELECT 1;"))])).expect("applies");
    let landed = test.events.iter().any(|event| matches!(event, MigrateEvent::AlreadyLanded { number: 1, .. }));
    assert!(landed, "{:?}", test.events);
}
