//! Queries of SQLite files. Servers are asked in the suite of the workspace.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_core::db::{Access, DatabaseUrl, connect};
use plimsoll_smoke::Options;

use crate::{checks, options, run, told};

fn books(root: &Path) -> Options {
    let url = DatabaseUrl::parse("sqlite:a.db", root).expect("a good URL");
    let mut db = connect(&url, Access::Write).expect("opens");
    db.batch(
        "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO book VALUES (1, 'Sea'), (2, 'it''s')",
    )
    .expect("two books");
    let names = BTreeMap::from([
        ("id".to_owned(), minijinja::Value::from(2)),
        ("title".to_owned(), minijinja::Value::from("x' OR '1' = '1")),
    ]);
    Options { database: Some(url), names, ..options(root) }
}

#[test]
fn rows_are_objects_and_what_is_bound_is_never_part_of_the_query() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = checks(&[
        "sql = { query = 'SELECT id, title FROM book ORDER BY id' }\nexpect = { rows = 2, json = { '$[1].title' = \"it's\" } }",
        "sql = { query = 'SELECT title FROM book WHERE id = :id', binds = { id = '{{ id }}' } }\nexpect = { rows = 1 }\ncapture = { found = '$[0].title' }",
        "sql = { query = 'SELECT id FROM book WHERE title = :title', binds = { title = '{{ title }}' } }\nexpect = { rows = 0, json = { '$' = [] } }",
        "sql = { query = 'SELECT count(*) AS n FROM book WHERE title = :t', binds = { t = '{{ found }}' } }\nexpect = { json = { '$[0].n' = 2 } }",
    ]);
    let found = told(&run(&text, &books(folder.path())));
    assert_eq!(found, ["PASS ", "PASS ", "PASS ", "FAIL json $[0].n: expected 2, found 1"]);
}

#[test]
fn what_the_database_refuses_fails_unless_it_is_expected_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = books(folder.path());
    let text = checks(&[
        "sql = { query = 'SELECT colour FROM book' }",
        "sql = { query = 'SELECT colour FROM book' }\nexpect = { error = { contains = 'no such column' } }",
        "sql = { query = 'DELETE FROM book' }",
        "sql = { query = 'SELECT count(*) AS n FROM book' }\nexpect = { json = { '$[0].n' = 2 } }",
        "sql = { query = 'SELECT 1', url = 'sqlite:missing.db' }",
        "sql = { query = 'SELECT 1', url = 'mysql://app:sesame-1@127.0.0.1:1/app' }",
    ]);
    let report = run(&text, &options);
    let found = told(&report);
    assert!(found[0].starts_with("ERROR cannot be measured (no such column"), "{found:?}");
    assert_eq!((found[1].as_str(), found[3].as_str()), ("PASS ", "PASS "));
    assert_eq!(found[2], "ERROR request cannot be made (only what reads is run here, and this begins with `DELETE`)");
    assert!(found[4].starts_with("ERROR not there (the database sqlite:"), "{found:?}");
    assert!(found[5].starts_with("ERROR "), "{found:?}");
    assert!(!folder.path().join("missing.db").exists() && !format!("{report:?}").contains("sesame-1"));
}

#[test]
fn a_query_that_takes_too_long_and_one_of_too_many_rows_are_no_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ";
    let text = checks(&[
        &format!("sql = {{ query = '{counting} 100000000) SELECT count(*) FROM n', timeout = '100ms' }}"),
        &format!("sql = {{ query = '{counting} 2000) SELECT i FROM n' }}"),
        "sql = { query = 'SELECT 1' }",
    ]);
    let options = Options { database: books(folder.path()).database, ..options(folder.path()) };
    let found = told(&run(&text, &options));
    assert_eq!(found[0], "ERROR no complete answer in time (not within 100ms)");
    assert!(found[1].starts_with("ERROR answer too large (more than 1000 rows"), "{found:?}");
    let nowhere = Options { database: None, ..options };
    assert!(
        told(&run(&text, &nowhere))[2].starts_with("ERROR request cannot be made (the environment has no database")
    );
}
