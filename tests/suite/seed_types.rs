//! Types that each engine spells in its own way: what is written is what is declared, and a second look finds nothing to do. The
//! types that all engines share are in `seed_values`.

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::seeding::{plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};
use serde_json::{Value, json};

/// One column `c` of a type, seeded with values by rows of their own: `[{id, c}, ..]`.
fn project(values: &[Value]) -> TestProject {
    let rows: Vec<Value> = values.iter().enumerate().map(|(id, value)| json!({ "id": id, "c": value })).collect();
    TestProject::new()
        .file(
            "seeds/a.toml",
            "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"sample\"\neach = \"doc as r\"\nkey = [\"id\"]\ncolumns = { id = \"r.id\", c = \"r.c\" }\n",
        )
        .file("docs/rows.json", &Value::Array(rows).to_string())
}

/// Writes values of a type, looks again, and gives what the database holds as text.
#[track_caller]
fn held(db: &mut TestDatabase, declared: &str, values: &[Value]) -> Vec<String> {
    db.run(&format!(
        "DROP TABLE IF EXISTS sample; CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c {declared})"
    ));
    let project = project(values);
    if let Err(error) = seed(db, &project) {
        panic!("{declared}: {error}: {:#?} {:?}", problems(&error), std::error::Error::source(&error));
    }
    db.reconnect();
    let again = plan(db, &project).expect("a plan");
    assert!(again.is_empty() && again.counts().edited == 0, "{declared}: {again}");
    let bytes = ["BLOB", "BYTEA"].contains(&declared);
    let text = match db.engine() {
        Engine::Sqlite if bytes => "hex(c)",
        Engine::Mysql => "CAST(c AS CHAR)",
        Engine::Sqlite | Engine::Postgres => "CAST(c AS TEXT)",
    };
    db.texts(&format!("SELECT {text} FROM sample ORDER BY id"))
}

/// What is wrong with a value of a type.
#[track_caller]
fn misfit(db: &mut TestDatabase, declared: &str, value: &Value) -> String {
    db.run(&format!(
        "DROP TABLE IF EXISTS sample; CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c {declared})"
    ));
    let error = plan(db, &project(std::slice::from_ref(value))).expect_err("does not fit");
    assert_eq!(error.code(), ErrorCode::SeedValue, "{error}");
    let told = problems(&error).remove(0);
    told.split_once(": ").expect("a place").1.split(", for ").next().expect("a message").to_owned()
}

live_tests! {
    fn days_and_times_are_one_value_however_they_are_written(db: &mut TestDatabase) {
        let days = held(db, "DATE", &[json!("2024-02-29"), json!("2024-01-01T00:00:00Z"), json!("1969-07-20 00:00:00")]);
        assert_eq!(days, ["2024-02-29", "2024-01-01", "1969-07-20"]);
        let times = held(db, "TIME(3)", &[json!("7:30"), json!("23:59:58.1239"), json!("00:00:00.5")]);
        let expected = match db.engine() {
            Engine::Mysql => ["07:30:00.000", "23:59:58.124", "00:00:00.500"],
            Engine::Sqlite | Engine::Postgres => ["07:30:00", "23:59:58.124", "00:00:00.5"],
        };
        assert_eq!(times, expected);
        assert_eq!(misfit(db, "DATE", &json!("2024-02-31")), "\"2024-02-31\" does not fit `c` of type date");
        assert_eq!(misfit(db, "TIME(3)", &json!("7:60")).split(" does").next(), Some("\"7:60\""));
    }

    fn bytes_are_written_as_text_as_base64_or_as_hex(db: &mut TestDatabase) {
        let kind = if db.engine() == Engine::Postgres { "BYTEA" } else { "BLOB" };
        let values = [json!("plain é"), json!("base64:AP8Q"), json!("hex:00ff10"), json!("\\x00ff10"), json!("hex:"), json!("base64:aGVsbG8=")];
        held(db, kind, &values);
        let hex = if db.engine() == Engine::Postgres { "encode(c, 'hex')" } else { "lower(hex(c))" };
        assert_eq!(db.texts(&format!("SELECT {hex} FROM sample ORDER BY id")), ["706c61696e20c3a9", "00ff10", "00ff10", "00ff10", "", "68656c6c6f"]);
        assert!(misfit(db, kind, &json!("hex:0g")).starts_with("\"hex:0g\" does not fit `c` of type"));
    }

    fn zeros_at_the_end_of_bytes_are_kept_and_found_again(db: &mut TestDatabase) {
        let (kind, hex) = match db.engine() {
            Engine::Postgres => ("bytea", "encode(id, 'hex')"),
            Engine::Sqlite | Engine::Mysql => ("binary(16)", "lower(hex(id))"),
        };
        db.run(&format!("CREATE TABLE thing (id {kind} NOT NULL PRIMARY KEY, name VARCHAR(20), other {kind})"));
        let id = "00112233445566778899aabbccddee00";
        let dataset = |name: &str| {
            format!("[[table]]\nname = \"thing\"\nkey = [\"id\"]\nrows = [{{ id = \"hex:{id}\", name = \"{name}\", other = \"hex:{id}\" }}]\n")
        };
        let project = TestProject::new().file("seeds/a.toml", &dataset("one"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts(&format!("SELECT {hex} FROM thing WHERE id = other")), [id]);
        assert!(plan(db, &project).expect("a plan").is_empty());
        project.write("seeds/a.toml", &dataset("two"));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(db.texts("SELECT name FROM thing"), ["two"]);
    }

    fn a_float_has_the_bytes_that_its_engine_gives_it(db: &mut TestDatabase) {
        db.run("CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c real)");
        let project = project(&[json!(0.1)]);
        seed(db, &project).expect("seeds");
        assert!(plan(db, &project).expect("a plan").is_empty());
        // Too little for four bytes to tell.
        db.run("UPDATE sample SET c = 0.1 + 0.0000000001");
        let edited = usize::from(db.engine() != Engine::Postgres);
        assert_eq!(plan(db, &project).expect("a plan").counts().edited, edited);
    }

    fn bytes_that_somebody_changed_are_an_edit(db: &mut TestDatabase) {
        let kind = if db.engine() == Engine::Postgres { "BYTEA" } else { "BLOB" };
        let values = [json!("base64:AP8Q")];
        held(db, kind, &values);
        let other = if db.engine() == Engine::Postgres { "'\\x00fe10'" } else { "x'00fe10'" };
        db.run(&format!("UPDATE sample SET c = {other}"));
        let plan = plan(db, &project(&values)).expect("a plan");
        assert_eq!(plan.counts().edited, 1);
        assert!(plan.to_string().contains("c: keeps \"base64:AP4Q\", the file has \"base64:AP8Q\""), "{plan}");
    }

    fn money_keeps_every_digit(db: &mut TestDatabase) {
        // SQLite has no exact decimals, so they are kept as text there.
        let kind = if db.engine() == Engine::Sqlite { "TEXT" } else { "DECIMAL(30, 10)" };
        let values = [json!("12345678901234567890.0123456789"), json!("-0.0000000001"), json!("99999999999999999999.9999999999")];
        let held = held(db, kind, &values);
        assert_eq!(held, ["12345678901234567890.0123456789", "-0.0000000001", "99999999999999999999.9999999999"]);
    }

    fn whole_numbers_outside_of_their_column_are_found_while_planning(db: &mut TestDatabase) {
        let told = misfit(db, "BIGINT", &json!(18_446_744_073_709_551_615_u64));
        assert!(told.starts_with("18446744073709551615 is out of the range of `c`"), "{told}");
        if db.engine() != Engine::Sqlite {
            let told = misfit(db, "SMALLINT", &json!(32_768));
            assert!(told.contains("32768 is out of the range of `c`, smallint") && told.ends_with("goes from -32768 to 32767"), "{told}");
        }
    }

    fn columns_that_the_database_computes_are_refused_with_their_place(db: &mut TestDatabase) {
        db.run("CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, c INTEGER GENERATED ALWAYS AS (a * 2) STORED)");
        let error = plan(db, &project(&[json!(1)])).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedTarget);
        assert_eq!(problems(&error), ["seeds/a.toml:8:30: `c` of `sample` is computed by the database and cannot be written"]);
    }

    fn defaults_of_the_server_are_no_change(db: &mut TestDatabase) {
        db.run("CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c INTEGER, touched TIMESTAMP DEFAULT CURRENT_TIMESTAMP)");
        let project = project(&[json!(1)]);
        seed(db, &project).expect("seeds");
        db.run("UPDATE sample SET touched = '2001-01-01 00:00:00'");
        assert!(plan(db, &project).expect("a plan").is_empty());
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod postgres {
    use super::*;

    /// Type, declared value, and how PostgreSQL has it.
    fn cases() -> Vec<(&'static str, Value, &'static str)> {
        vec![
            (
                "text[]",
                json!(["a", "b c", null, "", "q\"uote", "{}", "null"]),
                r#"{a,"b c",NULL,"","q\"uote","{}","null"}"#,
            ),
            ("integer[]", json!([1, 2, null]), "{1,2,NULL}"),
            ("integer[][]", json!([[1, 2], [3, 4]]), "{{1,2},{3,4}}"),
            ("numeric[]", json!(["1.50", 2]), "{1.50,2}"),
            ("boolean[]", json!([true, false]), "{t,f}"),
            ("timestamptz[]", json!(["2024-01-01T00:00:00+02:00"]), r#"{"2023-12-31 22:00:00+00"}"#),
            ("jsonb[]", json!([{"b": 1, "a": 2}]), r#"{"{\"a\": 2, \"b\": 1}"}"#),
            ("mood", json!("happy"), "happy"),
            ("mood[]", json!(["sad", "happy"]), "{sad,happy}"),
            ("json", json!({"b": 1e2, "a": [1.0]}), r#"{"b":100.0,"a":[1.0]}"#),
            (
                "jsonb",
                json!({"b": 1e2, "a": [1.0], "n": 12_345_678_901_234_567_890_u64}),
                r#"{"a": [1.0], "b": 100.0, "n": 12345678901234567890}"#,
            ),
            ("interval", json!("1 day 02:00"), "1 day 02:00:00"),
            ("interval", json!("P1DT2H"), "1 day 02:00:00"),
            ("interval", json!("90 minutes"), "01:30:00"),
            ("uuid", json!("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("inet", json!("10.0.0.1/32"), "10.0.0.1/32"),
            ("cidr", json!("10.1"), "10.1.0.0/16"),
            ("macaddr", json!("08002b:010203"), "08:00:2b:01:02:03"),
            ("int4range", json!("[1,4]"), "[1,5)"),
            (
                "tstzrange",
                json!("[2024-01-01 00:00+02, 2024-01-02 00:00+02)"),
                r#"["2023-12-31 22:00:00+00","2024-01-01 22:00:00+00")"#,
            ),
            ("bit(4)", json!("1010"), "1010"),
            ("bit varying(4)", json!("10"), "10"),
            ("bit(2)[]", json!(["10", null]), "{10,NULL}"),
            ("varchar(3)[]", json!(["abc"]), "{abc}"),
            ("char(3)[]", json!(["ab"]), r#"{"ab "}"#),
            ("numeric(4,2)[]", json!([12.3]), "{12.30}"),
            ("code", json!("abc"), "abc"),
            ("codes", json!(["abc", "d"]), "{abc,d}"),
            ("money", json!("12.5"), "$12.50"),
            ("numeric", json!("1.500"), "1.5"),
            ("numeric(20,0)", json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
            ("real", json!(0.1), "0.1"),
            ("double precision", json!("NaN"), "NaN"),
            ("double precision", json!("-Infinity"), "-Infinity"),
            ("timestamptz", json!("2024-03-10T02:30:00.1234567-07:00"), "2024-03-10 09:30:00.123457+00"),
            ("timestamp", json!("infinity"), "infinity"),
            ("timestamptz", json!("-infinity"), "-infinity"),
            ("timetz", json!("10:00+02"), "10:00:00+02"),
            ("char(5)", json!("ab"), "ab"),
            ("\"char\"", json!("x"), "x"),
            ("email", json!("A@x.org"), "A@x.org"),
            ("small", json!(7), "7"),
            ("tree", json!({"b": 1, "a": 2}), r#"{"a": 2, "b": 1}"#),
            ("pair", json!("(1,\"x y\")"), "(1,\"x y\")"),
            ("point", json!("(1, 2)"), "(1,2)"),
            ("xml", json!("<a>x</a>"), "<a>x</a>"),
            ("tsvector", json!("b a"), "'a' 'b'"),
            ("oid", json!(12), "12"),
        ]
    }

    fn database() -> TestDatabase {
        let mut db = TestDatabase::new(Engine::Postgres);
        db.run(
            "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
             CREATE DOMAIN small AS integer CHECK (VALUE < 10); CREATE DOMAIN tree AS jsonb;
             CREATE DOMAIN name3 AS varchar(3); CREATE DOMAIN code AS name3 CHECK (VALUE <> 'x'); CREATE DOMAIN codes AS varchar(3)[];
             CREATE DOMAIN price AS numeric(4, 2); CREATE TYPE pair AS (n integer, t text)",
        );
        db
    }

    #[test]
    fn every_type_is_written_right_and_looks_unchanged_afterwards() {
        let mut db = database();
        for (declared, value, expected) in cases() {
            let got = held(&mut db, declared, std::slice::from_ref(&value));
            assert_eq!(got, [expected], "{declared} {value}");
        }
    }

    #[test]
    fn a_real_change_is_seen_however_it_is_written() {
        let mut db = database();
        for (declared, old, new) in [
            ("interval", json!("1 day"), json!("25 hours")),
            ("int4range", json!("[1,4]"), json!("[1,4)")),
            ("text[]", json!(["a", "b"]), json!(["b", "a"])),
            ("tree", json!({"a": 1}), json!({"a": 2})),
            ("inet", json!("10.0.0.1"), json!("10.0.0.2")),
        ] {
            held(&mut db, declared, &[old]);
            let plan = plan(&mut db, &project(&[new])).expect("a plan");
            assert_eq!(plan.counts().update, 1, "{declared}: {plan}");
        }
    }

    #[test]
    fn an_edit_of_such_a_column_is_kept() {
        let mut db = database();
        held(&mut db, "interval", &[json!("90 minutes")]);
        db.run("UPDATE sample SET c = '2 hours'");
        let project = project(&[json!("1 hour 30 minutes")]);
        let plan = plan(&mut db, &project).expect("a plan");
        assert_eq!((plan.counts().edited, plan.counts().update), (1, 0), "{plan}");
    }

    #[test]
    fn values_that_the_database_does_not_understand_are_told_while_planning() {
        let mut db = database();
        assert_eq!(misfit(&mut db, "mood", &json!("hapy")), "`hapy` is no choice of `c`, did you mean `happy`?");
        assert_eq!(
            misfit(&mut db, "mood", &json!("furious")),
            "`furious` is no choice of `c`, which takes `sad`, `ok`, `happy`"
        );
        let told = misfit(&mut db, "interval", &json!("1 moon"));
        assert!(told.starts_with("\"1 moon\" does not fit `c`: invalid input syntax for type interval"), "{told}");
        let told = misfit(&mut db, "email", &json!("nobody"));
        assert!(told.contains("value for domain email violates check constraint"), "{told}");
        assert!(misfit(&mut db, "uuid", &json!("not one")).starts_with("\"not one\" does not fit `c` of type uuid"));
        assert!(misfit(&mut db, "integer[]", &json!(["a"])).contains("invalid input syntax for type integer"));
    }

    #[test]
    fn values_that_a_type_would_cut_off_or_fill_up_are_told_while_planning() {
        let mut db = database();
        for (declared, value, expected) in [
            ("bit(4)", json!("10"), "bit(4) would hold it as 1000"),
            ("bit varying(2)", json!("101"), "bit varying(2) would hold it as 10"),
            ("varchar(3)[]", json!(["abcd"]), "character varying(3)[] would hold it as {abc}"),
            ("char(3)[]", json!([["ab"], ["abcd"]]), "character(3)[] would hold it as {{\"ab \"},{abc}}"),
            ("bit(2)[]", json!(["1"]), "bit(2)[] would hold it as {10}"),
            ("numeric(4,2)[]", json!([12.345]), "numeric(4,2)[] would hold it as {12.35}"),
            ("code", json!("abcd"), "character varying(3) would hold it as abc"),
            ("codes", json!(["abcd"]), "character varying(3)[] would hold it as {abc}"),
            ("price", json!("1.005"), "numeric(4,2) would hold it as 1.01"),
        ] {
            let told = misfit(&mut db, declared, &value);
            assert!(told.ends_with(&format!("does not fit `c`: {expected}")), "{declared}: {told}");
        }
    }

    #[test]
    fn a_column_that_became_shorter_takes_nothing_back_that_it_would_cut_off() {
        let mut db = database();
        held(&mut db, "varchar(5)[]", &[json!(["abcde"])]);
        seed(&mut db, &project(&[json!(["abc"])])).expect("seeds");
        db.run("ALTER TABLE sample ALTER c TYPE varchar(3)[]");
        db.reconnect();
        let catalog = plimsoll_core::db::Catalog::read(db.db()).expect("the catalogue is readable");
        let (options, by) = (plimsoll_seed::UndoOptions::default(), plimsoll_seed::RunOptions::default());
        let undo = plimsoll_seed::plan_undo(db.db(), &catalog, &options).expect("a plan");
        let error = plimsoll_seed::apply_undo(db.db(), &undo, &options, &by).expect_err("does not fit any more");
        assert!(format!("{error:?}").contains("value too long for type character varying(3)"), "{error:?}");
        assert_eq!(db.texts("SELECT c::text FROM sample"), ["{abc}"]);
    }

    #[test]
    fn many_values_are_asked_for_together_and_only_the_wrong_ones_are_told() {
        let mut db = database();
        db.run("CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c interval)");
        let values: Vec<Value> =
            (0..50).map(|n| if n == 7 || n == 40 { json!("soon") } else { json!(format!("{n} hours")) }).collect();
        let error = plan(&mut db, &project(&values)).expect_err("two do not fit");
        assert_eq!(problems(&error).len(), 2);
    }

    #[test]
    fn keys_of_such_types_find_their_rows() {
        let mut db = database();
        db.run("CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE host (address inet PRIMARY KEY, alias citext UNIQUE, note text)");
        db.run("INSERT INTO host VALUES ('10.0.0.1', 'Home', 'x')");
        let rows = |key: &str| {
            TestProject::new().file(
                "seeds/a.toml",
                &format!("[[table]]\nname = \"host\"\nkey = [\"{key}\"]\nrows = [{{ address = \"10.0.0.1/32\", alias = \"home\", note = \"x\" }}]\n"),
            )
        };
        assert_eq!(plan(&mut db, &rows("address")).expect("a plan").counts().create, 0);
        assert_eq!(plan(&mut db, &rows("alias")).expect("a plan").counts().create, 0);
        let wrong = rows("address").file(
            "seeds/a.toml",
            "[[table]]\nname = \"host\"\nkey = [\"address\"]\nrows = [{ address = \"nowhere\" }]\n",
        );
        let error = plan(&mut db, &wrong).expect_err("is no address");
        assert_eq!(error.code(), ErrorCode::SeedValue, "{:?}", problems(&error));
    }

    #[test]
    fn a_database_with_other_ways_of_writing_is_read_all_the_same() {
        let mut db = database();
        let name = db.texts("SELECT current_database()::text").remove(0);
        db.run(&format!(
            "ALTER DATABASE \"{name}\" SET DateStyle = 'German'; ALTER DATABASE \"{name}\" SET IntervalStyle = 'iso_8601';
             ALTER DATABASE \"{name}\" SET TimeZone = 'Asia/Kathmandu'; ALTER DATABASE \"{name}\" SET extra_float_digits = -3"
        ));
        db.reconnect();
        for (declared, value) in [
            ("timestamptz", json!("2024-01-02T03:04:05Z")),
            ("date", json!("2024-01-02")),
            ("interval", json!("1 day")),
            ("double precision", json!(0.123_456_789_012_345_67)),
        ] {
            held(&mut db, declared, &[value]);
        }
    }

    #[test]
    fn vectors_are_written_as_lists() {
        let mut db = TestDatabase::with_vector();
        db.run("CREATE EXTENSION IF NOT EXISTS vector");
        assert_eq!(held(&mut db, "vector(3)", &[json!([1.0, 2, 0.5])]), ["[1,2,0.5]"]);
        assert!(misfit(&mut db, "vector(3)", &json!([1, 2])).contains("expected 3 dimensions"));
    }
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
mod mysql {
    use super::*;

    #[test]
    fn every_type_is_written_right_and_looks_unchanged_afterwards() {
        let mut db = TestDatabase::new(Engine::Mysql);
        for (declared, value, expected) in [
            ("ENUM('sad','it''s ok','Happy')", json!("Happy"), "Happy"),
            ("ENUM('sad','ok','Happy')", json!("happy"), "Happy"),
            ("SET('a','b','c')", json!("c,a"), "a,c"),
            ("SET('a','b','c')", json!(["b", "a"]), "a,b"),
            ("SET('a','b','c')", json!(""), ""),
            ("YEAR", json!(2024), "2024"),
            ("BIGINT UNSIGNED", json!(18_446_744_073_709_551_615_u64), "18446744073709551615"),
            ("INT UNSIGNED", json!(4_294_967_295_u32), "4294967295"),
            ("TINYINT(1)", json!(true), "1"),
            ("FLOAT", json!(0.1), "0.1"),
            ("DECIMAL(12,4) UNSIGNED", json!("1.5"), "1.5000"),
            ("DATETIME", json!("2024-01-01T10:00:00.6Z"), "2024-01-01 10:00:01"),
            ("DATETIME(6)", json!("2024-01-01T10:00:00.123456Z"), "2024-01-01 10:00:00.123456"),
            ("TIMESTAMP NULL", json!("2024-01-01T10:00:00+02:00"), "2024-01-01 08:00:00"),
            ("TIME", json!("-27:30"), "-27:30:00"),
            ("JSON", json!({"b": 1.50, "a": [1, 2]}), r#"{"b":1.5,"a":[1,2]}"#),
            ("CHAR(36)", json!("x"), "x"),
        ] {
            let got = held(&mut db, declared, std::slice::from_ref(&value));
            assert_eq!(got, [expected], "{declared} {value}");
        }
        held(&mut db, "BIT(1)", &[json!(true), json!(0)]);
        held(&mut db, "BIT(12)", &[json!(0xabc)]);
        assert_eq!(db.int("SELECT c + 0 FROM sample"), 0xabc);
        held(&mut db, "BINARY(4)", &[json!("hex:0102"), json!("hex:01020300")]);
        held(&mut db, "VARBINARY(4)", &[json!("hex:ff00")]);
    }

    #[test]
    fn a_key_may_be_larger_than_a_signed_number() {
        let mut db = TestDatabase::new(Engine::Mysql);
        db.run("CREATE TABLE sample (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, c INTEGER)");
        let rows = "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"sample\"\neach = \"doc as r\"\nkey = [\"id\"]\ncolumns = { id = \"r.id\", c = \"r.c\" }\n";
        let project = TestProject::new()
            .file("seeds/a.toml", rows)
            .file("docs/rows.json", r#"[{"id": 18446744073709551615, "c": 1}, {"id": 18446744073709551614, "c": 2}]"#);
        seed(&mut db, &project).expect("seeds");
        assert!(!seed(&mut db, &project).expect("seeds").wrote);
        assert_eq!(db.count("sample"), 2);
    }

    #[test]
    fn choices_and_sizes_are_checked_while_planning() {
        let mut db = TestDatabase::new(Engine::Mysql);
        let told = misfit(&mut db, "ENUM('sad','happy')", &json!("hapy"));
        assert_eq!(told, "`hapy` is no choice of `c`, did you mean `happy`?");
        assert!(misfit(&mut db, "SET('a','b')", &json!(["a", "x"])).starts_with("`x` is no choice of `c`"));
        assert!(misfit(&mut db, "TINYINT UNSIGNED", &json!(-1)).contains("goes from 0 to 255"));
        assert!(misfit(&mut db, "BIT(4)", &json!(16)).contains("goes from 0 to 15"));
    }

    #[test]
    fn a_server_that_is_not_strict_is_asked_to_be() {
        let mut db = TestDatabase::new(Engine::Mysql);
        let modes = db.texts("SELECT @@sql_mode").remove(0);
        assert!(modes.contains("STRICT_ALL_TABLES") && modes.contains("NO_ZERO_DATE"), "{modes}");
        db.run("CREATE TABLE sample (id INTEGER NOT NULL PRIMARY KEY, c TEXT)");
        let long = "x".repeat(70_000);
        let error = seed(&mut db, &project(&[json!("short"), json!(long)])).expect_err("TEXT ends at 65535 bytes");
        let plimsoll_seed::SeedError::Refused { rows } = &error else { panic!("{error:?}") };
        assert_eq!((rows[0].code, rows[0].what.as_str()), (ErrorCode::SeedValue, "`sample` 1"));
        assert!(rows[0].reason.ends_with("does not fit `c` of type text"), "{}", rows[0].reason);
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;

    #[test]
    fn strict_tables_take_every_kind_of_value() {
        let mut db = TestDatabase::new(Engine::Sqlite);
        db.run("CREATE TABLE sample (id INTEGER PRIMARY KEY, i INTEGER, r REAL, t TEXT, b BLOB, a ANY, n INT) STRICT");
        let rows = "[[table]]\nname = \"sample\"\nkey = [\"id\"]\nrows = [{ id = 1, i = 9007199254740993, r = 0.1, t = \"1.50\", b = \"hex:00ff\", a = \"x\", n = true }]\n";
        let project = TestProject::new().file("seeds/a.toml", rows);
        seed(&mut db, &project).expect("seeds");
        assert!(plan(&mut db, &project).expect("a plan").is_empty());
        assert_eq!(
            db.texts("SELECT typeof(i) || typeof(r) || typeof(t) || typeof(b) || typeof(a) FROM sample"),
            ["integerrealtextblobtext"]
        );
    }

    #[test]
    fn a_decimal_that_sqlite_would_round_is_taken_back() {
        let mut db = TestDatabase::new(Engine::Sqlite);
        db.run("CREATE TABLE sample (id INTEGER PRIMARY KEY, c NUMERIC(30, 2))");
        let error = seed(&mut db, &project(&[json!("1.50"), json!("9007199254740993.25")])).expect_err("loses a digit");
        assert!(problems(&error)[0].contains("reads back as"), "{:?}", problems(&error));
        assert_eq!(db.count("sample"), 0);
    }

    #[test]
    fn texts_in_number_columns_are_refused_and_not_kept_as_texts() {
        let mut db = TestDatabase::new(Engine::Sqlite);
        assert_eq!(misfit(&mut db, "INTEGER", &json!("abc")), "\"abc\" does not fit `c` of type integer");
        assert_eq!(misfit(&mut db, "REAL", &json!("abc")), "\"abc\" does not fit `c` of type real");
    }
}
