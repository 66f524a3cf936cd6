//! Counting rows and asking questions: what is answered on each engine, and that nothing can be written on the way.

use std::time::Duration;

use plimsoll_core::db::{Engine, Stmt};
use plimsoll_core::inspect::{Answer, Counting, Query, QueryError, counts, query};
use plimsoll_tests::{Deployment, TestDatabase, live_tests, server_tests};
use serde_json::{Value, json};

fn ask(db: &TestDatabase, sql: &str, limit: usize) -> Result<Answer, QueryError> {
    query(db.url(), &Query { sql: Stmt::new(sql), limit, timeout: Duration::from_secs(30) })
}

#[track_caller]
fn answered(db: &TestDatabase, sql: &str) -> Value {
    serde_json::to_value(ask(db, sql, 10).unwrap_or_else(|error| panic!("{error:?}: {sql}"))).expect("JSON")
}

fn harbour(db: &TestDatabase) -> Deployment {
    Deployment::of_harbour().set("DATABASE_URL", db.url_text()).set("HF_SUPERADMIN_TOKEN", "sesame-of-some-length")
}

fn three_rows(db: &mut TestDatabase) {
    db.run("CREATE TABLE domain (id INTEGER PRIMARY KEY, name VARCHAR(40))");
    db.run("INSERT INTO domain VALUES (1, 'Tutor'), (2, ''), (3, NULL)");
}

live_tests! {
    fn values_are_answered_as_the_database_has_them(db: &mut TestDatabase) {
        three_rows(db);
        let answer = answered(db, "SELECT id, name FROM domain ORDER BY id DESC");
        assert_eq!(answer, json!({ "columns": ["id", "name"], "rows": [[3, null], [2, ""], [1, "Tutor"]], "more": false }));
        let types = match db.engine() {
            Engine::Sqlite => "price NUMERIC(8, 2), day DATE, moment DATETIME, half REAL, raw BLOB, doc JSON",
            Engine::Postgres => "price NUMERIC(8, 2), day DATE, moment TIMESTAMPTZ, half REAL, raw BYTEA, doc JSONB",
            Engine::Mysql => "price NUMERIC(8, 2), day DATE, moment DATETIME(3), half DOUBLE, raw VARBINARY(9), doc JSON",
        };
        db.run(&format!("CREATE TABLE every_kind ({types})"));
        let raw = if db.engine() == Engine::Postgres { "'\\x00ff'" } else { "X'00FF'" };
        db.run(&format!(
            "INSERT INTO every_kind VALUES (12.50, '2026-02-14', '2026-02-14 10:00:00.250', 0.5, {raw}, '{{\"a\": [1]}}')"
        ));
        let row = answered(db, "SELECT price, day, moment, half, raw, doc FROM every_kind")["rows"][0].clone();
        let doc = answered(db, "SELECT doc FROM every_kind")["rows"][0][0].clone();
        let (price, moment) = match db.engine() {
            Engine::Sqlite => (json!(12.5), "2026-02-14 10:00:00.250"),
            Engine::Postgres => (json!("12.50"), "2026-02-14 10:00:00.25+00"),
            Engine::Mysql => (json!("12.50"), "2026-02-14 10:00:00.250000"),
        };
        assert_eq!(row[0], price);
        assert_eq!(row[1], json!("2026-02-14"));
        assert_eq!(row[3], json!(0.5));
        assert_eq!(row[4], json!("\\x00ff"));
        if db.engine() == Engine::Postgres {
            assert!(row[2].as_str().is_some_and(|text| text.starts_with("2026-02-14 ")), "{row}");
            assert_eq!(doc, json!({ "a": [1] }));
        } else {
            assert_eq!(row[2], json!(moment));
            assert_eq!(doc, json!("{\"a\": [1]}"));
        }
    }

    fn no_rows_have_columns_all_the_same_and_more_rows_than_asked_for_are_told(db: &mut TestDatabase) {
        three_rows(db);
        assert_eq!(answered(db, "SELECT id, name AS n FROM domain WHERE 1 = 0"), json!({ "columns": ["id", "n"], "rows": [], "more": false }));
        let cut = ask(db, "SELECT id FROM domain ORDER BY id -- the first two", 2).expect("answers");
        assert_eq!((cut.rows.len(), cut.more), (2, true));
        let whole = ask(db, "SELECT id FROM domain", 3).expect("answers");
        assert_eq!((whole.rows.len(), whole.more), (3, false));
        let with = answered(db, "WITH few AS (SELECT id FROM domain WHERE id < 3) SELECT max(id) AS most FROM few");
        assert_eq!((&with["columns"], &with["rows"]), (&json!(["most"]), &json!([[2]])));
        assert!(!answered(db, "EXPLAIN SELECT id FROM domain")["rows"].as_array().expect("a list").is_empty());
    }

    fn nothing_can_be_written_by_asking(db: &mut TestDatabase) {
        three_rows(db);
        let seen = |db: &mut TestDatabase| (db.tables(), db.texts("SELECT name FROM domain ORDER BY id"));
        let before = seen(db);
        let mut tries = vec![
            "INSERT INTO domain VALUES (9, 'x')",
            "DELETE FROM domain",
            "DROP TABLE domain",
            "CREATE TABLE other (id INTEGER)",
            "SET SESSION a = 1",
            "COMMIT",
        ];
        tries.extend(match db.engine() {
            Engine::Sqlite => ["PRAGMA query_only = 0", "PRAGMA journal_mode = DELETE", "ATTACH 'x.db' AS x", "VACUUM"],
            Engine::Postgres => [
                "WITH gone AS (DELETE FROM domain RETURNING id) SELECT * FROM gone",
                "EXPLAIN ANALYZE DELETE FROM domain",
                "SELECT set_config('transaction_read_only', 'off', false), pg_catalog.lo_create(4711)",
                "SELECT * INTO other FROM domain",
            ],
            Engine::Mysql => [
                "SELECT id INTO OUTFILE '/tmp/plimsoll-never' FROM domain",
                "SELECT NEXT VALUE FOR nothing",
                "CALL everything()",
                "/*! DELETE FROM domain */",
            ],
        });
        for sql in tries {
            assert!(ask(db, sql, 10).is_err(), "{sql}");
            assert_eq!(seen(db), before, "{sql}");
        }
    }

    fn rows_are_counted_and_estimates_are_called_so(db: &mut TestDatabase) {
        three_rows(db);
        db.run("CREATE TABLE empty_one (id INTEGER PRIMARY KEY)");
        let tables = ["domain".to_owned(), "empty_one".to_owned()];
        let exact = counts(db.db(), &tables, Counting::Exact).expect("counts");
        assert_eq!(exact.iter().map(|count| (count.rows, count.estimated)).collect::<Vec<_>>(), [(3, false), (0, false)]);
        db.run(if db.engine() == Engine::Mysql { "ANALYZE TABLE domain" } else { "ANALYZE" });
        db.reconnect();
        let guessed = counts(db.db(), &tables[..1], Counting::Estimate).expect("counts");
        assert_eq!((guessed[0].rows, guessed[0].estimated), (3, true));
        // Nothing stays open behind it.
        db.run("INSERT INTO domain VALUES (4, 'Wellness')");
        assert_eq!(counts(db.db(), &tables[..1], Counting::Exact).expect("counts")[0].rows, 4);
    }

    fn the_commands_show_rows_and_mask_secrets(db: &mut TestDatabase) {
        db.run("CREATE TABLE analysis_spec (id INTEGER PRIMARY KEY, note VARCHAR(40))");
        db.run("INSERT INTO analysis_spec VALUES (1, 'open sesame-of-some-length'), (2, NULL), (3, '')");
        db.run("CREATE TABLE caller (id INTEGER PRIMARY KEY)");
        let harbour = harbour(db);
        let counts = harbour.run(&["counts", "staging"]).exits(0);
        assert_eq!(counts.stdout, "table          rows  declared\nanalysis_spec     3         2\ncaller            0            user data\n");
        let one = harbour.run(&["counts", "staging", "caller", "--format", "json"]).exits(0).one_json();
        let expected = json!({ "tables": [{ "table": "caller", "rows": 0, "estimated": false, "declared": null, "user_data": true }] });
        assert_eq!(one, expected);
        harbour.run(&["counts", "staging", "callers"]).exits(2).says(&["there is no table `callers`, did you mean `caller`?"]);
        let asked = harbour.run(&["query", "staging", "SELECT id, note FROM analysis_spec ORDER BY id;"]).exits(0);
        assert_eq!(asked.stdout, "id  note\n 1  open ***\n 2  NULL\n 3  ''\n(3 rows)\n");
        let csv = harbour.run(&["query", "staging", "SELECT id, note FROM analysis_spec WHERE id > 1 ORDER BY id", "--csv"]).exits(0);
        assert_eq!(csv.stdout, "id,note\r\n2,\r\n3,\"\"\r\n");
        let cut = harbour.run(&["query", "staging", "SELECT id FROM analysis_spec ORDER BY id", "--limit", "1"]).exits(0);
        assert!(cut.stdout.ends_with("(1 row, and there are more)\n"), "{}", cut.text());
        harbour.run(&["query", "staging", "DELETE FROM caller"]).exits(2).says(&["begins with `DELETE`", "query::writes"]);
        harbour.run(&["query", "staging", "SELECT 1; SELECT 2"]).exits(2).says(&["there are 2"]);
        harbour.run(&["query", "staging", "SELECT nothing FROM caller"]).exits(1).says(&["nothing"]);
    }
}

server_tests! {
    fn a_query_that_takes_too_long_is_stopped_by_the_server(db: &mut TestDatabase) {
        let slow = if db.engine() == Engine::Postgres { "SELECT pg_sleep(60)" } else { "SELECT count(*) FROM seq_1_to_100000000 a, seq_1_to_100000000 b" };
        let harbour = harbour(db);
        let stopped = harbour.run(&["query", "staging", slow, "--timeout", "200ms"]).exits(4);
        stopped.says(&["there was no answer within 0.2 s", "query::timeout", "locks list staging"]);
        assert!(db.waiting_for_locks().is_empty());
    }
}

#[test]
fn a_query_of_sqlite_that_takes_too_long_is_given_up() {
    let db = TestDatabase::new(Engine::Sqlite);
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    harbour(&db).run(&["query", "staging", slow, "--timeout", "200ms"]).exits(4).says(&["within 0.2 s"]);
}
