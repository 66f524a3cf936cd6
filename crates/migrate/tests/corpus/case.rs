//! Reads labelled cases from their files. Judging them is left to `main`.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_core::db::Engine;
use plimsoll_migrate::{Judged, Layout, LintOptions, Migration, MigrationKind, MigrationSet, Rule};

/// One case.
pub(crate) struct Case {
    /// `engine/file: name`.
    pub(crate) name: String,
    pub(crate) engine: Engine,
    before: Vec<String>,
    transaction: bool,
    pub(crate) expect: Vec<String>,
    /// Whether the label says that nothing can be said.
    pub(crate) unclassified: bool,
    opt_in: Vec<Rule>,
    sql: String,
}

/// All cases of an engine, in the order of their files.
pub(crate) fn read(package: &Path, engine: Engine) -> Vec<Case> {
    let name = match engine {
        Engine::Postgres => "postgres",
        Engine::Mysql => "mysql",
        Engine::Sqlite => "sqlite",
    };
    let folder = package.join("tests/corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| of_file(file, name, engine)).collect()
}

fn of_file(file: &Path, folder: &str, engine: Engine) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("a file of the corpus can be read");
    let stem = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let directive = |name: &str| line.strip_prefix("-- ").and_then(|rest| rest.strip_prefix(name)).map(str::trim);
        if let Some(name) = directive("case:") {
            let name = format!("{folder}/{stem}: {name}");
            assert!(cases.iter().all(|case| case.name != name), "{name}: twice");
            cases.push(Case {
                name,
                engine,
                before: Vec::new(),
                transaction: true,
                expect: Vec::new(),
                unclassified: false,
                opt_in: Vec::new(),
                sql: String::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(sql) = directive("before:") {
            case.before.push(sql.to_owned());
        } else if let Some(value) = directive("transaction:") {
            assert_eq!(value, "no", "{}: {line}", case.name);
            case.transaction = false;
        } else if let Some(rules) = directive("expect:") {
            for rule in rules.split(',').map(str::trim).filter(|rule| *rule != "none") {
                if rule == "unclassified" {
                    case.unclassified = true;
                } else {
                    assert!(Rule::named(rule).is_some(), "{}: there is no rule `{rule}`", case.name);
                    case.expect.push(rule.to_owned());
                }
            }
        } else if let Some(rules) = directive("opt-in:") {
            let named = |rule: &str| Rule::named(rule.trim()).unwrap_or_else(|| panic!("{}: {rule}", case.name));
            case.opt_in.extend(rules.split(',').map(named));
        } else if directive("note:").is_none() {
            case.sql.push_str(line);
            case.sql.push('\n');
        }
    }
    cases
}

impl Case {
    /// What was there before, one migration for each, and the one that is judged.
    pub(crate) fn set(&self) -> MigrationSet {
        let mut migrations: Vec<Migration> = Vec::new();
        for (number, sql) in self.before.iter().chain([&self.sql]).enumerate() {
            let version = format!("{number:04}");
            let file = PathBuf::from(format!("{version}.sql"));
            migrations.push(Migration {
                name: version.clone(),
                version,
                kind: MigrationKind::Versioned,
                file,
                sql: sql.clone(),
                checksum: String::new(),
                down: None,
                verify: None,
                declared_transaction: Some(self.transaction),
            });
        }
        MigrationSet { layout: Layout::Flat, path: PathBuf::new(), migrations, strays: Vec::new(), provider: None }
    }

    pub(crate) fn options(&self) -> LintOptions {
        let version = format!("{:04}", self.before.len());
        LintOptions {
            judged: Judged::Only([version].into()),
            server_version: None,
            allow: Vec::new(),
            warn: Vec::new(),
            opt_in: self.opt_in.clone(),
        }
    }
}
