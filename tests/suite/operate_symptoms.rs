//! What goes wrong when a database is operated, provoked for real: each is known by a code of its own, and the command says what
//! to do next. What cannot be provoked on a server that others use is tested by its text beside the code.

use plimsoll_core::db::{Access, DbError, Engine, Stmt, connect};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::http::stable_port;
use plimsoll_tests::{Deployment, TestDatabase, live_tests, server_tests};

/// A query on a URL that does not work, and the code that the command ends with.
#[track_caller]
fn refused(url: &str, code: ErrorCode, says: &[&str]) {
    let harbour = Deployment::of_harbour().set("DATABASE_URL", url).set("HF_SUPERADMIN_TOKEN", "of-no-value");
    let ended = harbour.run(&["query", "staging", "SELECT 1"]).exits(i32::from(code.exit().code()));
    ended.says(&[&format!("error[{}]", code.as_str()), "help: "]);
    ended.says(says);
}

/// The parts of a URL after its scheme: who, and where.
fn parts(db: &TestDatabase) -> (String, String, String) {
    let (scheme, rest) = db.url_text().split_once("://").expect("a URL");
    let (who, place) = rest.split_once('@').expect("an account");
    let who = who.split(':').next().expect("a name");
    (scheme.to_owned(), who.to_owned(), place.to_owned())
}

#[track_caller]
fn code(result: Result<impl std::fmt::Debug, DbError>) -> ErrorCode {
    result.expect_err("it is refused").code()
}

server_tests! {
    fn a_server_that_cannot_be_reached_is_told_apart_from_one_that_refuses(db: &mut TestDatabase) {
        let (scheme, who, place) = parts(db);
        let (host, name) = place.split_once('/').expect("a database");
        let closed = format!("{scheme}://{who}@127.0.0.1:{}/{name}", stable_port());
        refused(&closed, ErrorCode::DatabaseRefused, &["env show staging --explain"]);
        let nowhere = format!("{scheme}://{who}@nowhere.invalid/{name}");
        refused(&nowhere, ErrorCode::DatabaseHost, &["correct the host"]);
        refused(&format!("{scheme}://{who}@{host}/{name}_not"), ErrorCode::DatabaseMissing, &["CREATE DATABASE NAME"]);
        let stranger = format!("{scheme}://nobody_of_this_name:wrong-password@{host}/{name}");
        refused(&stranger, ErrorCode::DatabasePassword, &["user and password"]);
    }

    fn an_account_has_only_so_many_connections_and_rights(db: &mut TestDatabase) {
        let (scheme, _, place) = parts(db);
        db.run("CREATE TABLE domain (id INTEGER PRIMARY KEY)");
        let role = format!("plimsoll_{}_{}", db.engine().name(), std::process::id());
        let (make, remove) = if db.engine() == Engine::Postgres {
            (format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1"), format!("DROP ROLE {role}"))
        } else {
            let host = "%";
            let made = format!("CREATE USER {role}@'{host}' WITH MAX_USER_CONNECTIONS 1");
            (made, format!("DROP USER {role}@'{host}'"))
        };
        db.run(&make);
        if db.engine() == Engine::Mysql {
            let name = place.split('/').nth(1).expect("a database").to_owned();
            db.run(&format!("GRANT CREATE VIEW ON `{name}`.* TO {role}@'%'"));
        }
        let url = format!("{scheme}://{role}@{place}");
        let parsed = plimsoll_core::db::DatabaseUrl::parse(&url, "/".as_ref()).expect("a good URL");
        let mut only = connect(&parsed, Access::Write).expect("the first one connects");
        let denied = code(only.rows(&Stmt::new("SELECT id FROM domain")));
        let full = connect(&parsed, Access::Write).map(drop).map_err(|error| error.code());
        refused(&url, ErrorCode::DatabaseFull, &["locks list staging"]);
        drop(only);
        db.run(&remove);
        assert_eq!((denied, full), (ErrorCode::PermissionDenied, Err(ErrorCode::DatabaseFull)));
    }

    fn a_statement_that_is_stopped_says_whether_it_waited(db: &mut TestDatabase) {
        db.run("CREATE TABLE domain (id INTEGER PRIMARY KEY, name VARCHAR(9))");
        db.run("INSERT INTO domain VALUES (1, 'a')");
        let mut holder = db.connect();
        holder.begin().expect("begins");
        holder.batch("UPDATE domain SET name = 'b'").expect("writes");
        let postgres = db.engine() == Engine::Postgres;
        db.run(if postgres { "SET lock_timeout = '100ms'" } else { "SET SESSION innodb_lock_wait_timeout = 1" });
        assert_eq!(code(db.db().batch("UPDATE domain SET name = 'c'")), ErrorCode::LockTimeout);
        holder.rollback().expect("gives way");
        db.run(if postgres { "SET statement_timeout = '100ms'" } else { "SET SESSION max_statement_time = 0.1" });
        let slow = if postgres { "SELECT pg_sleep(9)" } else { "SELECT count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b" };
        assert_eq!(code(db.db().rows(&Stmt::new(slow))), ErrorCode::StatementTimeout);
    }
}

live_tests! {
    fn rows_that_do_not_fit_say_why(db: &mut TestDatabase) {
        db.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
        db.run("CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER, FOREIGN KEY (parent) REFERENCES parent (id))");
        db.run("INSERT INTO parent VALUES (1)");
        assert_eq!(code(db.db().batch("INSERT INTO parent VALUES (1)")), ErrorCode::Duplicate);
        assert_eq!(code(db.db().batch("INSERT INTO child VALUES (1, 7)")), ErrorCode::ForeignKeyFails);
        let mut reader = connect(db.url(), Access::Read).expect("opens");
        assert_eq!(code(reader.batch("DELETE FROM parent")), ErrorCode::DatabaseReadOnly);
        assert_eq!(code(db.db().batch("SELEC 1")), ErrorCode::Statement);
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn seeding_that_waits_in_vain_says_how_to_find_out_for_whom() {
    let mut db = TestDatabase::new(Engine::Postgres);
    let name = parts(&db).2.split('/').nth(1).expect("a database").to_owned();
    let harbour = Deployment::of_harbour().set("DATABASE_URL", db.url_text()).set("HF_SUPERADMIN_TOKEN", "of-no-value");
    harbour.run(&["migrate", "up", "staging"]).exits(0);
    harbour.run(&["seed", "apply", "staging"]).exits(0).says(&["seeded 4 rows in ", ", 0 errors"]);
    db.run(&format!("ALTER DATABASE {name} SET lock_timeout = '200ms'"));
    harbour.edit("seeds/specs.toml", "First call", "Very first call");
    let mut holder = db.connect();
    holder.begin().expect("begins");
    holder.batch("UPDATE analysis_spec SET source_id = 'x'").expect("writes");
    let ended = harbour.run(&["seed", "apply", "staging"]);
    ended.says(&["lock timeout", "`plimsoll locks list staging`"]);
    assert!(ended.code != 0);
}

#[test]
fn a_sqlite_file_that_is_full_or_in_use_says_so() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    db.run("CREATE TABLE domain (id INTEGER PRIMARY KEY, name TEXT)");
    let mut other = db.connect();
    other.begin().expect("begins");
    other.batch("INSERT INTO domain VALUES (1, 'a')").expect("writes");
    db.run("PRAGMA busy_timeout = 50");
    assert_eq!(code(db.db().batch("INSERT INTO domain VALUES (2, 'b')")), ErrorCode::LockTimeout);
    other.rollback().expect("gives way");
    let pages = db.int("PRAGMA page_count");
    db.run(&format!("PRAGMA max_page_count = {pages}"));
    assert_eq!(code(db.db().batch("INSERT INTO domain VALUES (3, hex(zeroblob(100000)))")), ErrorCode::DiskFull);
}

#[test]
fn every_symptom_can_be_explained() {
    let harbour = Deployment::of_harbour();
    for code in ["db::connection_refused", "db::lock_timeout", "db::disk_full", "db::too_many_connections"] {
        let told = harbour.run(&["explain", code]).exits(0);
        assert!(told.stdout.contains("cause: ") && told.stdout.contains("fix: "), "{}", told.text());
    }
}
