//! Rules about files that could be sturdier, and about comments for the linter. Matters of taste are in `style`.

use plimsoll_core::db::Engine::{Mysql, Postgres, Sqlite};

use crate::lint::rule::{Grade, Rule, RuleInfo};

/// The entries.
pub(super) const RULES: &[RuleInfo] = &[
    RuleInfo {
        rule: Rule::NotRerunnable,
        grade: Grade::Robustness,
        engines: &[Postgres, Mysql],
        opt_in: false,
        catches: "The file runs statement by statement. If one fails, those before it are there already, and by hand the file cannot be run again.",
        instead: "Say `IF NOT EXISTS` or `IF EXISTS`, or give the statement a file of its own.",
        engine: Postgres,
        before: "CREATE TABLE person (id bigint PRIMARY KEY, name text, email text NOT NULL);",
        bad: "-- plimsoll: no-transaction\nCREATE TABLE visit (id bigint PRIMARY KEY);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS person_name ON person (name);",
        good: Some(
            "-- plimsoll: no-transaction\nCREATE TABLE IF NOT EXISTS visit (id bigint PRIMARY KEY);\nCREATE INDEX CONCURRENTLY IF NOT EXISTS person_name ON person (name);",
        ),
    },
    RuleInfo {
        rule: Rule::NonLinearHistory,
        grade: Grade::Robustness,
        engines: &[Postgres, Mysql, Sqlite],
        opt_in: false,
        catches: "The migration comes before ones that are applied already, usually after a merge: databases made from nothing run them in another order than this one.",
        instead: "Give it a newer version.",
        engine: Postgres,
        before: "",
        bad: "SELECT 1;",
        good: None,
    },
    RuleInfo {
        rule: Rule::AllowWithoutReason,
        grade: Grade::Robustness,
        engines: &[Postgres, Mysql, Sqlite],
        opt_in: false,
        catches: "An allow comment does not say why.",
        instead: "Write the reason behind the rule's name.",
        engine: Postgres,
        before: "CREATE TABLE person (id bigint PRIMARY KEY, name text, email text NOT NULL);",
        bad: "-- plimsoll:allow drop-table\nDROP TABLE person;",
        good: Some("-- plimsoll:allow drop-table nothing has used it since the release of May\nDROP TABLE person;"),
    },
    RuleInfo {
        rule: Rule::UnusedAllow,
        grade: Grade::Robustness,
        engines: &[Postgres, Mysql, Sqlite],
        opt_in: false,
        catches: "An allow comment accepts nothing: the rule does not find anything there, or does not exist.",
        instead: "Take it out.",
        engine: Postgres,
        before: "CREATE TABLE person (id bigint PRIMARY KEY, name text, email text NOT NULL);",
        bad: "-- plimsoll:allow drop-table it is empty\nALTER TABLE person ADD COLUMN country text;",
        good: Some("ALTER TABLE person ADD COLUMN country text;"),
    },
];
