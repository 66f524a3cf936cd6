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
    let record = &history.records["0001"];
    assert_eq!((record.state, record.statements_done), (RecordState::Failed, 2));
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
fn a_kill_before_the_journal_was_written_repeats_what_can_be_repeated() {
    let mut test = database();
    let failure = one(&mut test, "ATTACH ':memory:' AS other;\nSELECT oops;");
    assert_eq!(failure.kept, Kept::Statements(1));
    // What a script attaches ends with it.
    assert_eq!(test.int("SELECT count(*) FROM pragma_database_list WHERE name = 'other'"), 0);
    // As the ledger looks when a process is killed between a statement and its entry.
    let nothing = plimsoll_core::template::sha256_hex(b"");
    test.run(&format!(
        "UPDATE plimsoll_migration SET state = 'running', statements_done = 0, checksum_lexical = '{nothing}'"
    ));
    test.apply(&set(&[("0001_a", &format!("{HEAD}ATTACH ':memory:' AS other;\nSELECT 1;"))])).expect("applies");
    assert_eq!(test.plan(&set(&[("0001_a", &format!("{HEAD}ATTACH ':memory:' AS other;\nSELECT 1;"))])).steps.len(), 0);
}

#[test]
fn a_kill_after_a_commit_and_before_its_entry_does_not_commit_again() {
    let mut test = database();
    let sql = format!("{HEAD}BEGIN;\nCREATE TABLE a (x);\nCOMMIT;\nINSERT INTO a VALUES (oops);");
    test.fails(&set(&[("0001_a", &sql)]));
    let two = plimsoll_migrate::split(plimsoll_core::db::Engine::Sqlite, "0001_a.sql".as_ref(), &sql).expect("splits");
    assert_eq!(two.len(), 4);
    // The entry of the statement before was committed by it, and its own was not written any more.
    let before = set(&[("0001_a", &format!("{HEAD}BEGIN;\nCREATE TABLE a (x);"))]);
    let checksum =
        plimsoll_migrate::checksums(plimsoll_core::db::Engine::Sqlite, before.get("0001").expect("is there"));
    test.run(&format!(
        "UPDATE plimsoll_migration SET state = 'running', statements_done = 2, checksum_lexical = '{}'",
        checksum.expect("splits").lexical
    ));
    test.apply(&set(&[("0001_a", &sql.replace("oops", "1"))])).expect("applies");
    let landed = test.events.iter().any(|event| matches!(event, MigrateEvent::AlreadyLanded { number: 3, .. }));
    assert!(landed && test.int("SELECT count(*) FROM a") == 1, "{:?}", test.events);
}

#[test]
fn a_rebuilt_table_keeps_its_views_and_a_view_that_breaks_is_named() {
    let mut test = database();
    let base = (
        "0001_a",
        "CREATE TABLE a (x, y); CREATE VIEW v AS SELECT y FROM a; CREATE TABLE log (x);
         CREATE TRIGGER t AFTER INSERT ON log BEGIN UPDATE a SET x = NEW.x; END;",
    );
    test.apply(&set(&[base])).expect("applies");
    let rebuild = |columns: &str| {
        format!(
            "CREATE TABLE new_a ({columns}); INSERT INTO new_a SELECT {columns} FROM a; DROP TABLE a; ALTER TABLE new_a RENAME TO a;"
        )
    };
    let failure = test.fails(&set(&[base, ("0002_b", &rebuild("x"))]));
    assert_eq!(
        failure.cause.to_string(),
        "the view `v` cannot be read any more: drop it before and create it again after"
    );
    assert_eq!(test.int("SELECT count(*) FROM v"), 0);
    test.apply(&set(&[base, ("0002_b", &rebuild("x, y"))])).expect("applies");
    assert_eq!(test.int("SELECT count(*) FROM v"), 0);
    test.run("INSERT INTO log VALUES (1)");
}
