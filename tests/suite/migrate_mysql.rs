//! What only MySQL and MariaDB do to migrations: client commands in files, commits at every DDL statement, session
//! settings. What all engines share is in `migrate_apply`.
#![cfg(any(feature = "mysql", feature = "mysql-bundled"))]

use plimsoll_core::db::Engine;
use plimsoll_migrate::Kept;
use plimsoll_tests::TestDatabase;
use plimsoll_tests::migrating::{fails, history, migrate, plan, set};

const PROCEDURE: &str = "CREATE TABLE visit (id INTEGER PRIMARY KEY AUTO_INCREMENT, place VARCHAR(20));
DELIMITER //
CREATE PROCEDURE visit_twice(IN name VARCHAR(20))
BEGIN
  -- two statements; with semicolons
  INSERT INTO visit (place) VALUES (name);
  INSERT INTO visit (place) VALUES (CONCAT(name, '//', ';'));
END//
DELIMITER ;
CALL visit_twice('quay');
";

#[test]
fn a_procedure_with_its_own_delimiter_is_created_and_works() {
    let mut db = TestDatabase::new(Engine::Mysql);
    let set = set(&[("0001_procedure", PROCEDURE)]);
    migrate(&mut db, &set).expect("applies");
    assert_eq!(db.texts("SELECT place FROM visit ORDER BY id"), ["quay", "quay//;"]);
    assert_eq!(plan(&mut db, &set).expect("a plan").steps.len(), 0);
}

#[test]
fn ddl_before_a_failure_stays_is_journalled_and_not_repeated() {
    let mut db = TestDatabase::new(Engine::Mysql);
    let sql = |bad: &str| {
        format!(
            "CREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\nALTER TABLE a ADD COLUMN x INTEGER;\n{bad}"
        )
    };
    let failure = fails(&mut db, &set(&[("0001_a", &sql("INSERT INTO a VALUES (1, 1);"))]));
    assert_eq!((failure.statement_number, failure.kept), (Some(4), Kept::Statements(3)));
    let text = failure.to_string();
    assert!(text.ends_with("3 of its statements are applied, the next run continues from there"), "{text}");
    assert_eq!(history(&mut db).interrupted("0001").map(|record| record.statements_done), Some(3));
    let report = migrate(&mut db, &set(&[("0001_a", &sql("INSERT INTO a VALUES (2, 2);"))])).expect("applies");
    assert_eq!(report.applied[0].resumed_from, Some(3));
    assert_eq!(db.count("a"), 2);
}

#[test]
fn settings_of_a_script_end_with_it() {
    let mut db = TestDatabase::new(Engine::Mysql);
    let modes = "SELECT CONCAT(@@sql_mode, @@foreign_key_checks, @@time_zone)";
    let before = db.texts(modes);
    let sql = "/*!40101 SET sql_mode='NO_AUTO_VALUE_ON_ZERO' */;\nSET foreign_key_checks = 0;\nSET time_zone = '+03:00';\n\
               CREATE TABLE a (id INTEGER PRIMARY KEY AUTO_INCREMENT);\nINSERT INTO a VALUES (0);";
    migrate(&mut db, &set(&[("0001_dump", sql)])).expect("applies");
    assert_eq!(db.texts(modes), before);
    assert_eq!(db.int("SELECT id FROM a"), 0);
}

#[test]
fn rows_before_a_failing_row_are_counted_exactly_once() {
    let mut db = TestDatabase::new(Engine::Mysql);
    migrate(&mut db, &set(&[("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);")])).expect("applies");
    let rows =
        |last: &str| format!("INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\nINSERT INTO a VALUES ({last});");
    let first = ("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
    let failure = fails(&mut db, &set(&[first, ("0002_rows", &rows("2"))]));
    assert_eq!(failure.statement_number, Some(3));
    migrate(&mut db, &set(&[first, ("0002_rows", &rows("3"))])).expect("applies");
    assert_eq!(db.count("a"), 3);
}
