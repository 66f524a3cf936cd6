//! Judging migrations as people do it, and the rules held against real servers: what the documentation calls safe runs, and what is
//! said to rewrite a table does. Labelled statements in number are the corpus of `plimsoll-migrate`.

use plimsoll_core::db::Engine;
use plimsoll_migrate::{Rule, RuleInfo};
use plimsoll_tests::migrating::{migrate, set};
use plimsoll_tests::{Deployment, TestDatabase, live_tests};

/// Unsafe examples that fail on the empty tables of a test already, as their rules say, or for want of what they drop.
const REFUSED: [Rule; 4] =
    [Rule::DropDatabase, Rule::ConcurrentInTransaction, Rule::EnumValueUsedInSameTransaction, Rule::TransactionInFile];

/// Unsafe examples that write a table of PostgreSQL anew.
const REWRITES: [Rule; 7] = [
    Rule::NarrowingType,
    Rule::AlterTypeRewrite,
    Rule::VolatileDefault,
    Rule::AddSerialOrStored,
    Rule::VacuumFullOrCluster,
    Rule::Truncate,
    Rule::TruncateCascade,
];

fn examples(engine: Engine) -> impl Iterator<Item = &'static RuleInfo> {
    Rule::ALL.iter().map(|rule| rule.info()).filter(move |info| info.engine == engine)
}

/// Runs an example in a database of its own, and tells whether a table that was there before is stored elsewhere now.
fn rewrites(info: &RuleInfo, sql: &str) -> Result<bool, String> {
    let mut db = TestDatabase::new(info.engine);
    let before = if info.before.is_empty() { "SELECT 1;" } else { info.before };
    let first = set(&[("1_before", before)]);
    migrate(&mut db, &first).map_err(|error| format!("before: {error}"))?;
    let old = files(&mut db);
    let whole = set(&[("1_before", before), ("2_example", sql)]);
    migrate(&mut db, &whole).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    })?;
    let new = files(&mut db);
    Ok(old.iter().any(|(table, file)| new.iter().any(|(own, other)| own == table && other != file)))
}

/// PostgreSQL's tables and the files they are in.
fn files(db: &mut TestDatabase) -> Vec<(String, String)> {
    if db.engine() != Engine::Postgres {
        return Vec::new();
    }
    let sql = "SELECT oid::text, pg_relation_filenode(oid)::text FROM pg_class \
               WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^(__|plimsoll)'";
    db.rows(sql).iter().map(|row| (row.text(0).to_owned(), row.text(1).to_owned())).collect()
}

live_tests! {
    fn safe_examples_run_and_unsafe_ones_do_what_is_said(db: &mut TestDatabase) {
        let mut wrong = Vec::new();
        let mut ran = 0;
        for info in examples(db.engine()) {
            // MariaDB does not know the word.
            let good = info.good.filter(|_| info.rule != Rule::AddCheckBlocks);
            if let Some(outcome) = good.map(|sql| rewrites(info, sql)) {
                ran += 1;
                if outcome != Ok(false) {
                    wrong.push(format!("{}: its safe example: {outcome:?}", info.rule));
                }
            }
            let bad = rewrites(info, info.bad);
            let expected = REWRITES.contains(&info.rule) && info.engine == Engine::Postgres;
            if bad.is_err() != REFUSED.contains(&info.rule) || bad.as_ref().is_ok_and(|rewrote| *rewrote != expected) {
                wrong.push(format!("{}: its unsafe example: {bad:?}", info.rule));
            }
        }
        assert!(ran > 0, "there are examples for every engine");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn the_exit_code_says_whether_a_hazard_was_found_or_something_was_not_understood() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let lint = ["migrate", "lint", "dev"];
    let quiet = harbour.run(&lint).exits(0);
    assert_eq!(quiet.stdout, "0 migrations with 0 statements: nothing found\n");
    let file = "migrations/20260401000000_names.sql";
    harbour.write(file, "-- about names\nALTER TABLE caller\n  RENAME COLUMN name TO full_name;\n");
    let found = harbour.run(&lint).exits(3);
    for text in [
        "error[rename-column]: breaks running code: code that runs now asks for `caller`.`name` and fails",
        "migrations/20260401000000_names.sql:3:3",
        "3 |   RENAME COLUMN name TO full_name;\n  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "instead: ALTER TABLE caller ADD COLUMN full_name text, write both",
        "1 migration with 1 statement: breaks running code 1",
    ] {
        assert!(found.stdout.contains(text), "nothing says `{text}`:\n{}", found.stdout);
    }
    let plan = harbour.run(&["migrate", "plan", "dev"]).exits(0);
    assert!(plan.stdout.contains("  ! 20260401000000_names  breaks running code: rename-column\n"), "{}", plan.stdout);
    // Programs are told as well, beside the plan and not in it: a saved one says what is done.
    let hazards = serde_json::json!({
        "not_judged": null,
        "migrations": [{
            "version": "20260401000000",
            "name": "20260401000000_names",
            "rules": [{ "grade": "breaks_running_code", "rule": "rename-column" }],
            "not_understood": 0,
        }],
    });
    let plan = harbour.run(&["migrate", "plan", "dev", "--format", "json"]).exits(0).one_json();
    assert_eq!((&plan["hazards"], plan["steps"].as_array().map(Vec::len)), (&hazards, Some(1)));
    let plan = harbour.run(&["plan", "dev", "--format", "json", "--output", "saved.json"]).exits(0).one_json();
    assert_eq!((&plan["hazards"], &plan["plan"]["hazards"]), (&hazards, &serde_json::Value::Null));
    let plan = harbour.run(&["plan", "dev"]).exits(0);
    assert!(plan.stdout.contains("hazards of the migrations\n  ! 20260401000000_names"), "{}", plan.stdout);
    let json = harbour.run(&[&lint[..], &["--format", "json"]].concat()).exits(3);
    assert!(json.stdout.contains("\"rule\":\"rename-column\""), "{}", json.stdout);
    harbour.write(
        file,
        "-- plimsoll:allow rename-column no release reads it\nALTER TABLE caller RENAME COLUMN name TO full_name;\n",
    );
    let accepted = harbour.run(&lint).exits(0);
    assert!(accepted.stdout.contains("rename-column: no release reads it"), "{}", accepted.stdout);
    harbour.write(file, "FROBNICATE caller;\n");
    harbour.run(&lint).exits(4);
    harbour.run(&[&lint[..], &["--allow-unclassified"]].concat()).exits(0);
}

#[test]
fn all_migrations_are_judged_without_a_database_and_by_the_projects_settings() {
    let harbour = Deployment::of_harbour().set("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let lint = ["migrate", "lint", "dev", "--all"];
    harbour.write("migrations/20260401000000_index.sql", "CREATE INDEX caller_name ON caller (name);\n");
    let found = harbour.run(&lint).exits(3);
    assert!(found.stdout.contains("error[index-not-concurrent]"), "{}", found.stdout);
    harbour.edit(
        "plimsoll.toml",
        "path = \"migrations\"\n",
        "path = \"migrations\"\nlint.warn = [\"index-not-concurrent\"]\n",
    );
    let warned = harbour.run(&lint).exits(0);
    assert!(warned.stdout.contains("warning[index-not-concurrent]"), "{}", warned.stdout);
    harbour.edit("plimsoll.toml", "[\"index-not-concurrent\"]", "[\"index-not-concurent\"]");
    harbour
        .run(&lint)
        .exits(2)
        .says(&["`index-not-concurent`, which is no rule, did you mean `index-not-concurrent`?"]);
    harbour.run(&["migrate", "lint", "dev"]).exits(2);
}
