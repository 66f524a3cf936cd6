//! The `sql` probe on every engine: rows, binds, types, and that nothing can be written by asking. Other probes are tried beside
//! their crate.

use std::path::Path;

use plimsoll_core::db::Engine;
use plimsoll_core::{Redactor, Secret};
use plimsoll_smoke::{Options, Selection, SmokeReport, Target};
use plimsoll_tests::{Deployment, TestDatabase, live_tests, server_tests};

/// Runs checks, each of a probe and what follows it, against the database.
fn run(db: &TestDatabase, checks: &[String], redactor: &Redactor) -> SmokeReport {
    let text: String =
        checks.iter().enumerate().map(|(number, check)| format!("[[check]]\nname = '{number}'\n{check}\n")).collect();
    let suites =
        plimsoll_smoke::parse(Path::new("smoke/sql.toml"), &text).unwrap_or_else(|wrong| panic!("{wrong:?}: {text}"));
    let plan = plimsoll_smoke::plan(&suites, &Selection::default()).expect("a plan");
    let options = Options { database: Some(db.url().clone()), redactor: redactor.clone(), ..Options::default() };
    let target = Target { base_url: "http://127.0.0.1:1".to_owned(), revision: None };
    plimsoll_smoke::run(&plan, &target, &options, &mut |_| {}).expect("the run starts")
}

/// Each check in a line: its verdict and what was wrong.
fn told(db: &TestDatabase, checks: &[String]) -> Vec<String> {
    let report = run(db, checks, &Redactor::default());
    let line = |check: &plimsoll_smoke::CheckReport| {
        format!("{} {}", check.verdict.as_str(), check.summary().unwrap_or_default())
    };
    report.checks.iter().map(line).collect()
}

/// A check of a query and the rest of its lines.
fn sql(query: &str, rest: &str) -> String {
    format!("sql = {{ query = {} }}\n{rest}", quoted(query))
}

fn bound(query: &str, binds: &str, rest: &str) -> String {
    format!("sql = {{ query = {}, binds = {{ {binds} }} }}\n{rest}", quoted(query))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn books(db: &mut TestDatabase) {
    db.run("CREATE TABLE book (id BIGINT PRIMARY KEY, title VARCHAR(40), note VARCHAR(40))");
    db.run(
        "INSERT INTO book VALUES (1, 'Sea', NULL), (2, 'it''s', ''), (9007199254740993, 'x'' OR ''1'' = ''1', 'far')",
    );
}

/// All there is, to see that nothing was written.
fn seen(db: &mut TestDatabase) -> (Vec<String>, Vec<String>) {
    (db.tables(), db.texts("SELECT title FROM book ORDER BY id"))
}

/// The text of a value by a bind, where an engine does not take the type of a bind from what it is compared with.
fn a_text(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Postgres => format!(":{name}::text"),
        Engine::Sqlite | Engine::Mysql => format!(":{name}"),
    }
}

live_tests! {
    fn rows_are_objects_in_the_order_of_the_query(db: &mut TestDatabase) {
        books(db);
        let found = told(db, &[
            sql("SELECT id, title, note FROM book ORDER BY id", "expect = { rows = 3, json = { '$[1].title' = \"it's\", '$[*].id' = [1, 2, 9007199254740993], '$[0].note' = { type = 'null' }, '$[1].note' = '' } }"),
            sql("SELECT count(*) AS n FROM book", "expect = { rows = 1, json = { '$[0]' = { equals = { n = 3 } } } }"),
            sql("SELECT title FROM book WHERE 1 = 0", "expect = { rows = 0, json = { '$' = [] } }"),
            sql("WITH few AS (SELECT id FROM book WHERE id < 3) SELECT max(id) AS most FROM few", "expect = { json = { '$[0].most' = 2 } }"),
            sql("SELECT count(*) AS n FROM book", "expect = { json = { '$[0].n' = 4 } }"),
            sql("SELECT id FROM book", "expect = { rows = { at_most = 2 } }"),
            sql("SELECT id, title AS id FROM book", ""),
        ]);
        let right = ["PASS ", "PASS ", "PASS ", "PASS ", "FAIL json $[0].n: expected 4, found 3", "FAIL rows: expected at most 2, found 3"];
        assert_eq!(found[..6], right);
        if db.engine() == Engine::Sqlite {
            // It gives the second one another name, `id:1`.
            assert_eq!(found[6], "PASS ");
        } else {
            assert!(found[6].starts_with("ERROR "), "{found:?}");
        }
    }

    fn values_are_bound_with_their_types_and_never_part_of_the_query(db: &mut TestDatabase) {
        books(db);
        let title = a_text(db.engine(), "title");
        let found = told(db, &[
            bound("SELECT title FROM book WHERE id = :id", "id = 9007199254740993", "expect = { rows = 1, json = { '$[0].title' = \"x' OR '1' = '1\" } }\ncapture = { evil = '$[0].title' }"),
            bound("SELECT id FROM book WHERE title = :title", "title = '{{ evil }}'", "expect = { rows = 1, json = { '$[0].id' = 9007199254740993 } }"),
            bound("SELECT id FROM book WHERE title = :title OR title = :title", "title = 'Sea'", "expect = { rows = 1 }"),
            sql("SELECT note FROM book WHERE id = 1", "capture = { nothing = '$[0].note' }"),
            bound(&format!("SELECT CASE WHEN {title} IS NULL THEN 'nothing' ELSE 'something' END AS told"), "title = '{{ nothing }}'", "expect = { json = { '$[0].told' = 'nothing' } }"),
            bound("SELECT id FROM book WHERE id * 0.5 = :half", "half = 0.5", "expect = { rows = 1, json = { '$[0].id' = 1 } }"),
            bound("SELECT id FROM book WHERE (id = 2) = :flag", "flag = true", "expect = { rows = 1, json = { '$[0].id' = 2 } }"),
            sql("SELECT ':no' AS a, title FROM book WHERE id = 1 -- :neither", "expect = { json = { '$[0].a' = ':no' } }"),
        ]);
        assert_eq!(found, ["PASS "; 8]);
    }

    fn values_are_json_of_their_types(db: &mut TestDatabase) {
        let (types, raw) = match db.engine() {
            Engine::Sqlite => ("n BIGINT, price NUMERIC(8, 2), day DATE, half REAL, yes BOOLEAN, raw BLOB, doc JSON", "X'00FF'"),
            Engine::Postgres => ("n BIGINT, price NUMERIC(8, 2), day DATE, half REAL, yes BOOLEAN, raw BYTEA, doc JSONB", "'\\x00ff'"),
            Engine::Mysql => ("n BIGINT, price NUMERIC(8, 2), day DATE, half DOUBLE, yes BOOLEAN, raw VARBINARY(9), doc JSON", "X'00FF'"),
        };
        db.run("CREATE TABLE book (id BIGINT PRIMARY KEY, title VARCHAR(40))");
        db.run(&format!("CREATE TABLE every_kind ({types})"));
        db.run(&format!("INSERT INTO every_kind VALUES (-7, 12.50, '2026-02-14', 0.5, TRUE, {raw}, '{{\"a\": [1, null]}}')"));
        let own = match db.engine() {
            Engine::Sqlite => "'$[0].price' = 12.5, '$[0].yes' = 1, '$[0].doc' = { contains = '\"a\"' }",
            Engine::Postgres => "'$[0].price' = '12.50', '$[0].yes' = true, '$[0].doc.a' = { length = 2 }, '$[0].doc.a[0]' = 1",
            Engine::Mysql => "'$[0].price' = '12.50', '$[0].yes' = 1, '$[0].doc' = { contains = '\"a\"' }",
        };
        let all = format!(
            "expect = {{ json = {{ '$[0].n' = -7, '$[0].day' = '2026-02-14', '$[0].half' = 0.5, '$[0].raw' = '\\x00ff', {own} }} }}"
        );
        assert_eq!(told(db, &[sql("SELECT * FROM every_kind", &all)]), ["PASS "]);
    }

    fn nothing_can_be_written_by_a_check(db: &mut TestDatabase) {
        books(db);
        let by_function: Vec<&str> = match db.engine() {
            // Without functions of its own, what writes there is a pragma or another file.
            Engine::Sqlite => vec!["PRAGMA user_version = 7", "SELECT writefile('/tmp/plimsoll-never', 'x')"],
            Engine::Postgres => {
                db.run("CREATE FUNCTION add_one() RETURNS BIGINT LANGUAGE sql AS $$ INSERT INTO book VALUES (7, 'written') RETURNING id $$");
                vec!["SELECT add_one() AS n", "WITH gone AS (DELETE FROM book RETURNING id) SELECT * FROM gone", "SELECT nextval('nothing')"]
            }
            Engine::Mysql => {
                db.run("CREATE FUNCTION add_one() RETURNS BIGINT DETERMINISTIC BEGIN INSERT INTO book VALUES (7, 'written', NULL); RETURN 7; END");
                vec!["SELECT add_one() AS n", "SELECT id INTO OUTFILE '/tmp/plimsoll-never' FROM book"]
            }
        };
        let before = seen(db);
        let tries: Vec<String> = ["INSERT INTO book VALUES (8, 'written', NULL)", "UPDATE book SET title = 'written'", "DROP TABLE book"]
            .into_iter()
            .chain(by_function)
            .chain(["SELECT 1; DELETE FROM book", "SELECT 1; SELECT 2", "COMMIT", "SELECT id FROM book FOR UPDATE; COMMIT; DELETE FROM book"])
            .map(|query| sql(query, ""))
            .collect();
        let found = told(db, &tries);
        assert!(found.iter().all(|line| line.starts_with("ERROR ")), "{found:#?}");
        assert!(found[0].starts_with("ERROR request cannot be made (only what reads is run here, and this begins with `INSERT`"), "{found:?}");
        if db.engine() != Engine::Sqlite {
            assert_eq!(found[3], "ERROR request cannot be made (the statement would write, which the database refused)");
        }
        assert_eq!(seen(db), before);
        assert!(!Path::new("/tmp/plimsoll-never").exists());
    }

    fn a_query_that_cannot_be_run_is_an_error_with_its_place_unless_it_is_expected(db: &mut TestDatabase) {
        books(db);
        let checks = [
            sql("SELECT id FROM boook", ""),
            sql("SELECT id FROM boook", "expect = { error = { contains = 'boook' } }"),
            sql("SELECT FROM WHERE", "expect = { rows = 0 }"),
            sql("SELECT id FROM boook", "level = 'warn'"),
            sql("SELECT id FROM book", "expect = { error = { contains = 'boook' } }"),
        ];
        let report = run(db, &checks, &Redactor::default());
        let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict.as_str()).collect();
        assert_eq!(verdicts, ["ERROR", "PASS", "ERROR", "ERROR", "FAIL"]);
        let missing = &report.checks[0];
        assert_eq!(missing.location.to_string(), "smoke/sql.toml:2:8");
        let summary = missing.summary().expect("a reason");
        assert!(summary.starts_with("cannot be measured (") && summary.contains("boook"), "{summary}");
    }

    fn secrets_are_masked_in_what_a_database_says(db: &mut TestDatabase) {
        db.run("CREATE TABLE book (id BIGINT PRIMARY KEY, title VARCHAR(60))");
        db.run("INSERT INTO book VALUES (1, 'open sesame-of-some-length')");
        let redactor = Redactor::new([&Secret::new("sesame-of-some-length")]);
        let unknown = match db.engine() {
            Engine::Sqlite => "sqlite:sesame-of-some-length.db".to_owned(),
            Engine::Postgres => "postgres://nobody:another-secret-word@127.0.0.1:1/app".to_owned(),
            Engine::Mysql => "mysql://nobody:another-secret-word@127.0.0.1:1/app".to_owned(),
        };
        let report = run(db, &[
            sql("SELECT title FROM book", "expect = { json = { '$[0].title' = 'closed' } }"),
            sql("SELECT 'sesame-of-some-length' FROM nowhere", ""),
            bound("SELECT id FROM nowhere WHERE a = :a", "a = 'sesame-of-some-length'", ""),
            format!("sql = {{ query = 'SELECT 1', url = '{unknown}' }}"),
        ], &redactor);
        let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict.as_str()).collect();
        assert_eq!(verdicts, ["FAIL", "ERROR", "ERROR", "ERROR"]);
        let shown = format!("{report:?}{}", serde_json::to_string(&report).expect("JSON"));
        assert!(shown.contains("open ***"), "{shown}");
        assert!(!shown.contains("sesame-of-some") && !shown.contains("another-secret"), "{shown}");
    }

    fn the_command_asks_the_database_of_its_environment(db: &mut TestDatabase) {
        books(db);
        let harbour = Deployment::of_harbour()
            .set("DATABASE_URL", db.url_text())
            .set("HF_SUPERADMIN_TOKEN", "sesame-of-some-length");
        let checks = [
            "[suite]\ntags = ['sql']\n",
            &format!("[[check]]\nname = 'there are three books'\n{}\n", sql("SELECT count(*) AS n FROM book", "expect = { json = { '$[0].n' = 3 } }")),
        ];
        harbour.write("smoke/sql.toml", &checks.concat());
        let ask = ["smoke", "run", "staging", "--base-url", "http://127.0.0.1:1", "--tag", "sql"];
        assert_eq!(harbour.run(&ask).exits(0).stdout, "smoke checks: 1 passed\n");
        harbour.edit("smoke/sql.toml", "FROM book", "FROM boook");
        harbour.run(&ask).exits(4).says(&["ERROR", "there are three books", "smoke/sql.toml:4:8", "boook"]);
    }
}

server_tests! {
    fn a_query_that_takes_too_long_is_stopped_by_the_server(db: &mut TestDatabase) {
        let slow = if db.engine() == Engine::Postgres { "SELECT pg_sleep(60)" } else { "SELECT count(*) FROM seq_1_to_100000000 a, seq_1_to_100000000 b" };
        let found = told(db, &[format!("sql = {{ query = '{slow}', timeout = '200ms' }}")]);
        assert_eq!(found, ["ERROR no complete answer in time (not within 200ms)"]);
        assert!(db.waiting_for_locks().is_empty());
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn what_an_account_may_not_see_is_a_failure_that_can_be_expected() {
    let mut db = TestDatabase::new(Engine::Postgres);
    books(&mut db);
    let role = format!("smoke_reader_{}", std::process::id());
    db.run(&format!("CREATE ROLE {role} LOGIN"));
    let url = db.url_text().replacen("postgres@", &format!("{role}@"), 1);
    assert!(url.contains(&role), "the test server's URL has an unexpected form");
    let as_reader = |rest: &str| format!("sql = {{ query = 'SELECT id FROM book', url = '{url}' }}\n{rest}");
    let found = told(&db, &[as_reader(""), as_reader("expect = { error = { contains = 'permission denied' } }")]);
    db.run(&format!("DROP ROLE {role}"));
    assert!(
        found[0].starts_with("FAIL error: expected nothing, found \"permission denied for table book"),
        "{found:?}"
    );
    assert_eq!(found[1], "PASS ");
}
