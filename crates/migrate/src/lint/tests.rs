//! Tests of the linter as a whole: the examples of the documentation, exemptions across files, comments, what is not understood.

use proptest::prelude::*;

use super::*;

fn options() -> LintOptions {
    LintOptions { judged: Judged::All, server_version: None, allow: Vec::new(), warn: Vec::new(), opt_in: Vec::new() }
}

/// Judges the last of these migrations, and takes the others for applied.
fn last(engine: Engine, options: &LintOptions, migrations: &[&str]) -> LintReport {
    let names: Vec<String> = (1..=migrations.len()).map(|number| format!("{number:04}_m")).collect();
    let texts: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
    let set = MigrationSet::from_embedded(&texts).expect("the migrations can be read");
    let version = set.migrations.last().expect("there is one").version.clone();
    let options = LintOptions { judged: Judged::Only([version].into()), ..options.clone() };
    lint(&set, engine, &options).expect("they can be judged")
}

fn rules(report: &LintReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

#[cfg(feature = "squawk")]
#[test]
fn every_unsafe_example_is_found_and_every_safe_one_is_not() {
    for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::NonLinearHistory) {
        let info = rule.info();
        let options = LintOptions { opt_in: vec![*rule], ..options() };
        let judge = |sql: &str| {
            let before: &[&str] = if info.before.is_empty() { &[] } else { &[info.before] };
            last(info.engine, &options, &[before, &[sql]].concat())
        };
        let bad = judge(info.bad);
        assert!(bad.findings.iter().any(|finding| finding.rule == *rule), "{rule} does not find its example: {bad}");
        assert_eq!(bad.unclassified, [], "{rule}");
        if let Some(good) = info.good {
            let good = judge(good);
            assert!(good.findings.iter().all(|finding| finding.rule != *rule), "{rule} finds its safe example: {good}");
            assert_eq!(good.unclassified, [], "{rule}");
        }
    }
}

#[cfg(feature = "squawk")]
#[test]
fn what_comes_with_the_same_deployment_is_nobodys_yet() {
    let made = "CREATE TABLE a (id bigint PRIMARY KEY, b text);";
    let index = "CREATE INDEX a_b ON a (b);";
    let set = MigrationSet::from_embedded(&[("1_a", made), ("2_b", index)]).expect("can be read");
    let judge = |judged| lint(&set, Engine::Postgres, &LintOptions { judged, ..options() }).expect("can be judged");
    assert_eq!(rules(&judge(Judged::All)), ["index-not-concurrent"], "one after the other");
    let together = Judged::Only(["1".to_owned(), "2".to_owned()].into());
    assert_eq!(rules(&judge(together)), [""; 0]);
    assert_eq!(rules(&judge(Judged::Only(["2".to_owned()].into()))), ["index-not-concurrent"]);
}

#[cfg(feature = "squawk")]
#[test]
fn not_null_by_way_of_a_validated_check_is_free_only_when_every_step_was_taken() {
    let table = "CREATE TABLE a (id bigint PRIMARY KEY, b text);";
    let check = "ALTER TABLE a ADD CONSTRAINT a_b CHECK (b IS NOT NULL) NOT VALID;";
    let validate = "ALTER TABLE a VALIDATE CONSTRAINT a_b;";
    let set_not_null = "ALTER TABLE a ALTER COLUMN b SET NOT NULL;";
    let judge = |migrations: &[&str]| last(Engine::Postgres, &options(), migrations);
    assert_eq!(rules(&judge(&[table, check, validate, set_not_null])), [""; 0]);
    assert_eq!(rules(&judge(&[table, check, set_not_null])), ["set-not-null"]);
    let or = "ALTER TABLE a ADD CONSTRAINT a_b CHECK (b IS NOT NULL OR id > 5) NOT VALID;";
    assert_eq!(rules(&judge(&[table, or, validate, set_not_null])), ["set-not-null"]);
    let dropped = "ALTER TABLE a DROP CONSTRAINT a_b;";
    assert_eq!(rules(&judge(&[table, check, validate, dropped, set_not_null])), ["set-not-null"]);
}

#[test]
fn a_comment_accepts_one_finding_and_says_why() {
    let table = "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);";
    let judge = |sql: &str| last(Engine::Sqlite, &options(), &[table, sql]);
    let both = judge("-- plimsoll:allow drop-table nothing uses it since May\nDROP TABLE a;\nDROP TABLE b;");
    assert_eq!(rules(&both), ["drop-table"]);
    assert_eq!(both.findings[0].location.line, 3);
    assert_eq!(both.accepted[0].reason, "nothing uses it since May");
    let behind = judge("DROP TABLE a; -- plimsoll:allow drop-table: it is empty");
    assert_eq!((rules(&behind), behind.accepted[0].reason.as_str()), (vec![], "it is empty"));
    assert_eq!(rules(&judge("-- plimsoll:allow drop-table\nDROP TABLE a;")), ["allow-without-reason"]);
    let unused = judge("-- plimsoll:allow truncate it is empty\nDROP TABLE a;");
    assert_eq!(rules(&unused), ["unused-allow", "drop-table"]);
    let misspelled = judge("-- plimsoll:allow drop-tabel it is empty\nDROP TABLE a;");
    assert!(misspelled.findings[0].message.ends_with("did you mean `drop-table`?"), "{misspelled}");
    let together =
        MigrationSet::from_embedded(&[("1_a", table), ("2_b", "-- plimsoll:allow drop-table x\nDROP TABLE a;")]);
    let judged = Judged::Only(["1".to_owned(), "2".to_owned()].into());
    let fresh = lint(&together.expect("can be read"), Engine::Sqlite, &LintOptions { judged, ..options() });
    assert_eq!(rules(&fresh.expect("can be judged")), [""; 0], "where the table is new the comment is for the others");
    let text = judge("INSERT INTO a VALUES ('-- plimsoll:allow drop-table x'); DROP TABLE b;");
    assert_eq!(rules(&text), ["drop-table"], "a comment in a string is none");
}

#[cfg(feature = "squawk")]
#[test]
fn what_is_not_understood_is_never_taken_for_safe() {
    let judge = |engine, sql: &str| last(engine, &options(), &[sql]);
    for (engine, sql) in [
        (Engine::Postgres, "DO $$ BEGIN EXECUTE 'DROP TABLE a'; END $$;"),
        (Engine::Postgres, "CALL tidy_up();"),
        (Engine::Postgres, "ALTER TABLE a FROBNICATE;"),
        (Engine::Postgres, "ALTER TABLE a ADD COLUMN b text DEFAULT;"),
        (Engine::Mysql, "CALL tidy_up();"),
        (Engine::Mysql, "PREPARE s FROM 'DROP TABLE a';"),
        (Engine::Sqlite, "FROBNICATE a;"),
    ] {
        let report = judge(engine, sql);
        assert_eq!(report.unclassified.len(), 1, "{sql}: {report}");
        assert!(report.has_unclassified() && report.to_string().contains("not understood 1"), "{report}");
    }
    let accepted = judge(Engine::Mysql, "-- plimsoll:allow unclassified it only sends a mail\nCALL tidy_up();");
    assert!(!accepted.has_unclassified() && accepted.findings.is_empty(), "{accepted}");
}

#[cfg(feature = "squawk")]
#[test]
fn settings_take_rules_out_and_down_and_in() {
    let table = "CREATE TABLE a (id int PRIMARY KEY, b text);";
    let drop = "ALTER TABLE a DROP COLUMN b;";
    let off = LintOptions { allow: vec![Rule::DropColumn], ..options() };
    assert_eq!(rules(&last(Engine::Postgres, &off, &[table, drop])), [""; 0]);
    let warned = last(Engine::Postgres, &LintOptions { warn: vec![Rule::DropColumn], ..options() }, &[table, drop]);
    assert_eq!((rules(&warned), warned.has_errors()), (vec!["drop-column"], false));
    let style = LintOptions { opt_in: vec![Rule::PreferBigint], ..options() };
    assert_eq!(rules(&last(Engine::Postgres, &style, &[table])), ["prefer-bigint"]);
    assert_eq!(rules(&last(Engine::Postgres, &options(), &[table])), [""; 0]);
}

#[test]
fn the_servers_version_decides_where_engines_have_learned() {
    let table = "CREATE TABLE a (id bigint PRIMARY KEY, b varchar(10));";
    let first = "ALTER TABLE a ADD COLUMN c int FIRST;";
    for (version, expected) in [
        (None, vec!["column-position"]),
        (Some("8.0.20"), vec!["column-position"]),
        (Some("8.0.36"), vec![]),
        (Some("5.5.5-10.11.6-MariaDB"), vec![]),
    ] {
        let options = LintOptions { server_version: version.map(str::to_owned), ..options() };
        assert_eq!(rules(&last(Engine::Mysql, &options, &[table, first])), expected, "{version:?}");
    }
}

#[test]
fn a_migration_that_comes_before_applied_ones_is_named() {
    let set = MigrationSet::from_embedded(&[("1_a", "SELECT 1;"), ("2_late", "SELECT 2;"), ("3_c", "SELECT 3;")])
        .expect("ok");
    let judged = Judged::Only(["2".to_owned()].into());
    let report = lint(&set, Engine::Sqlite, &LintOptions { judged, ..options() }).expect("can be judged");
    assert_eq!(rules(&report), ["non-linear-history"]);
    assert_eq!(report.findings[0].message, "`2_late` comes before `3_c`, which is applied already");
}

#[test]
fn a_report_reads_as_text_and_survives_json() {
    let table = "CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);";
    let report = last(Engine::Sqlite, &options(), &[table, "\nALTER  TABLE a\n  RENAME COLUMN b TO c;"]);
    let text = report.to_string();
    assert!(
        text.starts_with("0002_m.sql:3:3: breaks running code: rename-column: code that runs now asks for `a`.`b`"),
        "{text}"
    );
    assert!(text.contains("instead: ALTER TABLE a ADD COLUMN c text, write both"), "{text}");
    assert!(text.ends_with("1 migration with 1 statement: breaks running code 1\n"), "{text}");
    assert_eq!(report.findings[0].token, "RENAME COLUMN b TO c");
    let json = serde_json::to_string(&report).expect("it is data");
    assert!(json.contains("\"rule\":\"rename-column\",\"grade\":\"breaks_running_code\""), "{json}");
    assert_eq!(serde_json::from_str::<LintReport>(&json).expect("it can be read"), report);
}

#[cfg(not(feature = "squawk"))]
#[test]
fn without_its_parser_postgres_is_refused_and_not_passed() {
    let set = MigrationSet::from_embedded(&[("1_a", "SELECT 1;")]).expect("can be read");
    let refused = lint(&set, Engine::Postgres, &options()).expect_err("nothing can be said");
    assert!(refused.to_string().contains("without the feature `squawk`"), "{refused}");
}

/// Words that statements are made of, in any order.
const WORDS: &[&str] = &[
    "ALTER",
    "TABLE",
    "t",
    "\"ü\"",
    "ADD",
    "COLUMN",
    "a",
    "int",
    "NOT",
    "NULL",
    "DEFAULT",
    "now()",
    "(",
    ")",
    ",",
    ";",
    "DROP",
    "CREATE",
    "INDEX",
    "CONCURRENTLY",
    "ON",
    "UNIQUE",
    "CONSTRAINT",
    "CHECK",
    "REFERENCES",
    "FOREIGN",
    "KEY",
    "PRIMARY",
    "TYPE",
    "'x'",
    "RENAME",
    "TO",
    "MODIFY",
    "enum('a','b')",
    "SET",
    "UPDATE",
    "=",
    "1",
    "WHERE",
    "DELETE",
    "FROM",
    "INSERT",
    "INTO",
    "SELECT",
    "BEGIN",
    "COMMIT",
    "PRAGMA",
    "foreign_keys",
    "OFF",
    "VALUE",
    "ENUM",
    "AS",
    "VALIDATE",
    "AFTER",
    "varchar(20)",
    "-- plimsoll:allow drop-table x\n",
    "/* c */",
    "TRUNCATE",
    "CASCADE",
    "VACUUM",
    "FULL",
    "USING",
    "VALID",
    "DOMAIN",
    "SCHEMA",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_text_makes_it_fail_in_any_other_way_than_told(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 1..40),
        more in "\\PC{0,20}",
    ) {
        let sql = format!("{} {more}", words.join(" "));
        let table = "CREATE TABLE t (a int, b varchar(10), PRIMARY KEY (a));";
        for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
            let set = MigrationSet::from_embedded(&[("1_t", table), ("2_x", sql.as_str())]).expect("can be read");
            if let Ok(report) = lint(&set, engine, &options()) {
                prop_assert!(report.findings.iter().all(|finding| !finding.message.is_empty() && finding.location.line > 0));
            }
        }
    }
}
