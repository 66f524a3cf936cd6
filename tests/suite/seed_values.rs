//! Values of every type that read back otherwise than they were written, on every engine: none of them may look like a
//! change. Values people really change are in `seed_edits`.

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::seeding::{plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};
use serde_json::{Map, Value, json};

/// Name and type on SQLite, PostgreSQL and MySQL.
const COLUMNS: &[(&str, [&str; 3])] = &[
    ("flag", ["BOOLEAN", "BOOLEAN", "BOOLEAN"]),
    ("whole", ["BIGINT", "BIGINT", "BIGINT"]),
    ("tally", ["BIGINT", "BIGINT", "BIGINT UNSIGNED"]),
    ("small", ["SMALLINT", "SMALLINT", "SMALLINT"]),
    ("narrow", ["REAL", "REAL", "FLOAT"]),
    ("wide", ["DOUBLE", "DOUBLE PRECISION", "DOUBLE"]),
    ("price", ["DECIMAL(12,4)", "NUMERIC(12,4)", "DECIMAL(12,4)"]),
    ("tree", ["JSON", "JSONB", "JSON"]),
    ("plain", ["TEXT", "JSON", "JSON"]),
    ("zoned", ["TIMESTAMP", "TIMESTAMPTZ(3)", "DATETIME(3)"]),
    ("moment", ["DATETIME", "TIMESTAMP", "DATETIME(6)"]),
    ("words", ["TEXT", "TEXT", "TEXT"]),
    ("padded", ["CHAR(10)", "CHAR(10)", "CHAR(10)"]),
    ("short", ["VARCHAR(20)", "VARCHAR(20)", "VARCHAR(20)"]),
];

fn cases() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("flag", vec![json!(true), json!(false), json!(1), json!(0)]),
        (
            "whole",
            vec![json!(9_007_199_254_740_993_i64), json!(i64::MIN), json!(i64::MAX), json!(0), json!(3.0), json!("17")],
        ),
        ("tally", vec![json!(0), json!(i64::MAX)]),
        ("small", vec![json!(-32768), json!(32767)]),
        ("narrow", vec![json!(0.1), json!(1e-7), json!(16_777_217), json!(-2.5), json!(3), json!(0.333_333_333_333)]),
        (
            "wide",
            vec![json!(0.1), json!(1.797_693_134_862_315_7e308), json!(-0.0), json!(5e-324), json!(1e21), json!(2.0)],
        ),
        (
            "price",
            vec![
                json!(1.5),
                json!("12345678.9000"),
                json!(0),
                json!("-0.0001"),
                json!("1e3"),
                json!(19.99),
                json!("007"),
            ],
        ),
        (
            "tree",
            vec![
                json!({"b": 1, "a": [1.0, 1e2, "é"], "n": null}),
                json!([]),
                json!({}),
                json!("text"),
                json!("{\"a\": 1}"),
                json!(true),
                json!(1),
                json!(1.0),
                json!([12_345_678_901_234_567_890_u64, -0.5]),
                json!({"z": {"y": {"k": [1, 2, {"q": 0.1}]}}, "é 😀": "\u{1f600} \\ \" ' \n"}),
                json!("null"),
            ],
        ),
        ("plain", vec![json!({"b": 1, "a": [1.0, 2]}), json!(["x", null])]),
        (
            "zoned",
            vec![
                json!("2024-03-10T02:30:00.123456+02:00"),
                json!("2024-12-31T23:59:59.9996Z"),
                json!("2024-01-01T00:00:00Z"),
                json!("2024-01-01 00:00:00"),
                json!("2024-06-01T12:00:00-05:30"),
            ],
        ),
        ("moment", vec![json!("2024-03-10T02:30:00.123456"), json!("2024-01-01"), json!("2024-02-29 23:59:59.5")]),
        (
            "words",
            vec![
                json!(""),
                json!("null"),
                json!("it's \\ \"x\"\n\t😀 é"),
                json!("  spaces  "),
                json!("1.50"),
                json!("{\"a\": 1}"),
            ],
        ),
        ("padded", vec![json!("ab"), json!(""), json!("ab  "), json!("0123456789")]),
        ("short", vec![json!("é"), json!("trailing  "), json!("'")]),
    ]
}

fn table(db: &mut TestDatabase) {
    let place = match db.engine() {
        Engine::Sqlite => 0,
        Engine::Postgres => 1,
        Engine::Mysql => 2,
    };
    let columns: Vec<String> = COLUMNS.iter().map(|(name, types)| format!("{name} {} NULL", types[place])).collect();
    db.run(&format!("CREATE TABLE sample (id VARCHAR(40) NOT NULL PRIMARY KEY, {})", columns.join(", ")));
}

/// A dataset that writes the columns of a document's rows as they are; what a row leaves out is NULL.
fn project(rows: &[Map<String, Value>]) -> TestProject {
    let columns: Vec<String> =
        COLUMNS.iter().map(|(name, _)| format!("{name} = \"r.{name} if r.{name} is defined else none\"")).collect();
    let dataset = format!(
        "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"sample\"\neach = \"doc.rows as r\"\nkey = [\"id\"]\n\n\
         [table.columns]\nid = \"r.id\"\n{}\n",
        columns.join("\n")
    );
    TestProject::new().file("seeds/samples.toml", &dataset).file("docs/rows.json", &json!({ "rows": rows }).to_string())
}

fn row(id: &str, column: &str, value: &Value) -> Map<String, Value> {
    [("id".to_owned(), json!(id)), (column.to_owned(), value.clone())].into_iter().collect()
}

fn corpus() -> Vec<Map<String, Value>> {
    let mut rows: Vec<_> = cases()
        .iter()
        .flat_map(|(column, values)| {
            values.iter().enumerate().map(move |(number, value)| row(&format!("{column}-{number}"), column, value))
        })
        .collect();
    rows.push(row("nothing", "flag", &Value::Null));
    rows
}

live_tests! {
    fn no_value_looks_changed_after_it_was_written(db: &mut TestDatabase) {
        table(db);
        let rows = corpus();
        let project = project(&rows);
        if let Err(error) = seed(db, &project) {
            panic!("{error}: {:#?} {:?}", problems(&error), std::error::Error::source(&error));
        }
        assert_eq!(db.count("sample"), i64::try_from(rows.len()).expect("a few"));
        db.reconnect();
        let plan = plan(db, &project).expect("a plan");
        assert!(plan.is_empty() && plan.counts().edited == 0, "{plan}");
        assert_eq!(plan.counts().unchanged, rows.len());
    }

    fn values_written_by_hand_in_the_databases_own_spelling_are_adopted(db: &mut TestDatabase) {
        table(db);
        let (on, zone) = if db.engine() == Engine::Postgres { ("true", "+00") } else { ("1", "") };
        db.run(&format!(
            "INSERT INTO sample (id, flag, price, tree, zoned, narrow) \
             VALUES ('a', {on}, 1.5000, '{{\"a\": [1, 2.50],   \"b\": null}}', '2024-01-01 12:00:00{zone}', 0.1)"
        ));
        let mut declared = row("a", "flag", &json!(true));
        declared.extend([
            ("price".to_owned(), json!("1.5")),
            ("tree".to_owned(), json!({"b": null, "a": [1.0, 2.5]})),
            ("zoned".to_owned(), json!("2024-01-01T14:00:00+02:00")),
            ("narrow".to_owned(), json!(0.1)),
        ]);
        let plan = plan(db, &project(&[declared])).expect("a plan");
        assert_eq!(plan.tables[0].rows[0].columns, []);
    }

    fn a_real_change_of_each_type_is_seen(db: &mut TestDatabase) {
        table(db);
        let pairs = [
            ("flag", json!(true), json!(false)),
            ("whole", json!(9_007_199_254_740_992_i64), json!(9_007_199_254_740_993_i64)),
            ("narrow", json!(0.1), json!(0.100_001)),
            ("wide", json!(0.1), json!(0.100_000_000_000_000_02)),
            ("price", json!("1.0001"), json!("1.0002")),
            ("tree", json!({"a": [1, 2]}), json!({"a": [2, 1]})),
            ("zoned", json!("2024-01-01T00:00:00Z"), json!("2024-01-01T00:00:00.001Z")),
            ("words", json!("a"), json!("A")),
            ("short", json!("x"), Value::Null),
        ];
        let rows = |second: bool| -> Vec<_> {
            pairs.iter().map(|(column, old, new)| row(column, column, if second { new } else { old })).collect()
        };
        let project = project(&rows(false));
        seed(db, &project).expect("seeds");
        project.write("docs/rows.json", &json!({ "rows": rows(true) }).to_string());
        let seen: Vec<String> = plan(db, &project).expect("a plan").tables[0]
            .rows
            .iter()
            .flat_map(|row| row.columns.iter().map(|change| change.column.clone()))
            .collect();
        assert_eq!(seen, pairs.iter().map(|(column, ..)| (*column).to_owned()).collect::<Vec<_>>());
        seed(db, &project).expect("seeds");
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn values_that_do_not_fit_are_refused_all_at_once_before_anything_is_written(db: &mut TestDatabase) {
        table(db);
        let misfits = [
            ("whole", json!("many")),
            ("price", json!("1.00001")),
            ("price", json!("123456789")),
            ("zoned", json!("yesterday")),
            ("short", json!("x".repeat(21))),
            ("flag", json!("perhaps")),
        ];
        let rows: Vec<_> = misfits.iter().enumerate().map(|(number, (column, value))| row(&number.to_string(), column, value)).collect();
        let error = seed(db, &project(&rows)).expect_err("is refused");
        let told = problems(&error);
        assert_eq!(error.code(), ErrorCode::SeedValue, "{told:#?}");
        assert_eq!(told.len(), misfits.len(), "{told:#?}");
        assert!(told[0].contains("\"many\" does not fit `whole` of type bigint") && told[0].contains("docs/rows.json:1:"), "{told:#?}");
        assert_eq!(db.count("sample"), 0);
    }
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn the_ledger_remembers_what_the_character_set_of_the_database_has_not() {
    use plimsoll_core::ledger::{LedgerTable, table};

    let db = &mut TestDatabase::new(Engine::Mysql);
    db.run("ALTER DATABASE CHARACTER SET latin1");
    db.run("CREATE TABLE bird (slug VARCHAR(40) PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4 NOT NULL)");
    let birds = "[[table]]\nname = \"bird\"\nkey = [\"slug\"]\nrows = [{ slug = \"a\", name = \"🦜\" }]\n";
    let project = TestProject::new().file("seeds/birds.toml", birds);
    seed(db, &project).expect("seeds");
    assert!(plan(db, &project).expect("a plan").is_empty());
    // As a ledger of the format before is.
    let entries = table(Engine::Mysql, LedgerTable::SeedRow);
    let meta = table(Engine::Mysql, LedgerTable::Meta);
    db.run("DELETE FROM bird");
    db.run(&format!("DELETE FROM {entries}"));
    db.run(&format!("ALTER TABLE {entries} MODIFY applied LONGTEXT CHARACTER SET latin1 NOT NULL"));
    db.run(&format!("UPDATE {meta} SET value = '3' WHERE name = 'format'"));
    seed(db, &project).expect("seeds");
    assert!(plan(db, &project).expect("a plan").is_empty());
    assert_eq!(db.texts(&format!("SELECT value FROM {meta} WHERE name = 'format'")), ["4"]);
}
