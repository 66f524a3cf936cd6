//! Tests of planning to take migrations back: order, targets, problems, text forms. Everything in here is pure.

use std::path::PathBuf;

use plimsoll_core::{Coded, ErrorCode};

use super::*;
use crate::history::{Record, RecordState};
use crate::revert::plan_redo;
use crate::source::Down;

/// Migrations with the scripts of both directions.
fn set(migrations: &[(&str, &str, &str)]) -> MigrationSet {
    let ups: Vec<_> = migrations.iter().map(|(name, up, _)| (*name, *up)).collect();
    let mut set = MigrationSet::from_embedded(&ups).expect("loads");
    for (migration, (name, _, down)) in set.migrations.iter_mut().zip(migrations) {
        let file = PathBuf::from(format!("{name}/down.sql"));
        migration.down = (!down.is_empty()).then(|| Down { file, sql: (*down).to_owned(), declared_transaction: None });
    }
    set
}

fn three() -> MigrationSet {
    set(&[
        ("0001_users", "CREATE TABLE users (id int);", "DROP TABLE users;"),
        ("0002_email", "ALTER TABLE users ADD email text;", "ALTER TABLE users DROP email;"),
        ("0003_index", "CREATE INDEX i ON users (email);", "DROP INDEX i;"),
    ])
}

/// Applied in this order, a second apart.
fn applied(engine: Engine, set: &MigrationSet, versions: &[&str]) -> History {
    let mut history = History::empty(engine);
    for (second, version) in versions.iter().enumerate() {
        let migration = set.get(version).expect("is in the set");
        let statements = split(engine, &migration.file, &migration.sql).expect("splits");
        history.applied.insert((*version).to_owned());
        history.records.insert(
            migration.version.clone(),
            Record {
                version: migration.version.clone(),
                name: migration.name.clone(),
                checksum_raw: migration.checksum.clone(),
                checksum_lexical: checksum::lexical(&statements),
                state: RecordState::Applied,
                statements: statements.len(),
                statements_done: statements.len(),
                kind: None,
                script: None,
                applied_at: format!("2026-01-01T00:00:0{second}.000Z"),
            },
        );
    }
    history
}

fn steps(steps: usize) -> RevertOptions {
    RevertOptions { target: RevertTarget::Steps(steps), allow_lossy: true }
}

fn to(text: &str) -> RevertOptions {
    RevertOptions { target: RevertTarget::To(text.to_owned()), allow_lossy: true }
}

fn versions(plan: &RevertPlan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.version.as_str()).collect()
}

fn problems(set: &MigrationSet, history: &History, options: &RevertOptions) -> Vec<(ErrorCode, String)> {
    let told = |error: &dyn Coded| (error.code(), error.to_string());
    match plan(set, history, options).expect_err("is refused") {
        MigrateError::Problem(problem) => vec![told(&problem)],
        MigrateError::Problems(problems) => problems.iter().map(|problem| told(problem)).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

/// Makes a migration look as a killed or refused run leaves it.
fn begun(history: &mut History, version: &str, state: RecordState, down: &str, done: usize) {
    let statements = split(history.engine, "down.sql".as_ref(), down).expect("splits");
    let record = history.records.get_mut(version).expect("is recorded");
    record.state = state;
    record.statements = statements.len();
    record.statements_done = done;
    record.checksum_lexical = checksum::lexical(&statements[..done]);
}

#[test]
fn the_plan_says_what_every_step_loses() {
    let set = three();
    let plan = plan(&set, &applied(Engine::Postgres, &set, &["0001", "0002", "0003"]), &to("none")).expect("plans");
    assert_eq!(
        plan.to_string(),
        "migrations on PostgreSQL: 3 to take back, 3 applied\n  \
         - 0003_index  1 statement, reversible\n  \
         - 0002_email  1 statement, loses column `users.email`\n  \
         - 0001_users  1 statement, loses table `users`\n"
    );
    let text = serde_json::to_string(&plan).expect("is data");
    assert_eq!(serde_json::from_str::<RevertPlan>(&text).expect("is read again"), plan);
}

#[test]
fn the_last_applied_goes_first_whatever_its_version_is() {
    let set = three();
    let history = applied(Engine::Postgres, &set, &["0001", "0003", "0002"]);
    assert_eq!(versions(&plan(&set, &history, &steps(2)).expect("plans")), ["0002", "0003"]);
    assert_eq!(versions(&plan(&set, &history, &to("0003")).expect("plans")), ["0002"]);
    let redo = plan_redo(&set, &history, &steps(2)).expect("plans");
    let again: Vec<_> = redo.up.steps.iter().map(|step| step.version.as_str()).collect();
    assert_eq!(again, ["0003", "0002"]);
}

#[test]
fn what_another_tool_applied_comes_after_the_one_it_follows_in_the_files() {
    let set = three();
    let mut history = applied(Engine::Postgres, &set, &["0001", "0003", "0002"]);
    history.records.remove("0003");
    assert_eq!(versions(&plan(&set, &history, &steps(3)).expect("plans")), ["0003", "0002", "0001"]);
}

#[test]
fn a_target_may_be_a_version_a_number_a_name_or_none_at_all() {
    let set = three();
    let history = applied(Engine::Postgres, &set, &["0001", "0002", "0003"]);
    for text in ["0001", "1", "0001_users"] {
        assert_eq!(versions(&plan(&set, &history, &to(text)).expect("plans")), ["0003", "0002"], "{text}");
    }
    for text in ["none", "0"] {
        assert_eq!(plan(&set, &history, &to(text)).expect("plans").steps.len(), 3, "{text}");
    }
    assert_eq!(plan(&set, &history, &steps(9)).expect("plans").steps.len(), 3);
    let none = plan(&set, &history, &to("0003")).expect("plans");
    assert_eq!(none.to_string(), "migrations on PostgreSQL: nothing to take back, 3 applied\n");
    let (code, message) = problems(&set, &history, &to("0004")).remove(0);
    assert_eq!(code, ErrorCode::MigrationNotApplied);
    assert!(message.starts_with("migration `0004` is not applied"), "{message}");
}

#[test]
fn a_loss_has_to_be_allowed() {
    let set = three();
    let history = applied(Engine::Postgres, &set, &["0001", "0002", "0003"]);
    let careful = |target| RevertOptions { target, allow_lossy: false };
    assert_eq!(plan(&set, &history, &careful(RevertTarget::Steps(1))).expect("loses nothing").steps.len(), 1);
    let told = problems(&set, &history, &careful(RevertTarget::Steps(2)));
    let message = "taking back migration `0002_email` loses column `users.email`".to_owned();
    assert_eq!(told, [(ErrorCode::RevertLoses, message)]);
}

#[test]
fn all_that_stands_against_it_is_told_at_once() {
    let mut set = set(&[
        ("0001_a", "SELECT 1", "SELECT 1"),
        ("0002_gone", "SELECT 1", "SELECT 1"),
        ("0003_edited", "SELECT 1", "SELECT 1"),
        ("0004_one_way", "SELECT 1", ""),
        ("0005_silent", "SELECT 1", "-- nothing yet"),
        ("0006_open", "SELECT 1", "SELECT 'x"),
        ("0007_own", "SELECT 1", "BEGIN; SELECT 1; COMMIT"),
        ("0008_half", "SELECT 1; SELECT 2", "SELECT 1"),
    ]);
    let mut history =
        applied(Engine::Postgres, &set, &["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]);
    history.applied.remove("0008");
    begun(&mut history, "0008", RecordState::Failed, "SELECT 1", 1);
    set.migrations.retain(|migration| migration.version != "0002");
    set.migrations[1].sql = "SELECT 2".to_owned();
    set.migrations[1].checksum = "another".to_owned();
    let codes: Vec<_> = problems(&set, &history, &to("0001")).into_iter().map(|(code, _)| code).collect();
    assert_eq!(
        codes,
        [
            ErrorCode::MigrationUnfinished,
            ErrorCode::MigrationUnreadable,
            ErrorCode::MigrationUnreadable,
            ErrorCode::MigrationIrreversible,
            ErrorCode::MigrationIrreversible,
            ErrorCode::MigrationChanged,
            ErrorCode::MigrationMissing,
        ]
    );
}

#[test]
fn a_cosmetic_edit_of_the_migration_does_not_matter() {
    let mut set = three();
    let history = applied(Engine::Postgres, &set, &["0001"]);
    set.migrations[0].sql = "create table users (id int) -- people\n;".to_owned();
    set.migrations[0].checksum = "another".to_owned();
    // Keywords are tokens as they are written: this is an edit, a comment is none.
    assert_eq!(problems(&set, &history, &steps(1))[0].0, ErrorCode::MigrationChanged);
    set.migrations[0].sql = "CREATE TABLE users (id int) -- people\n;".to_owned();
    assert_eq!(plan(&set, &history, &steps(1)).expect("plans").steps.len(), 1);
}

#[test]
fn a_half_reverted_migration_is_continued_first_and_stops_everything_else() {
    let down = "DROP INDEX a; DROP INDEX b; DROP INDEX c";
    let set =
        set(&[("0001_a", "SELECT 1", "SELECT 1"), ("0002_b", "SELECT 2", down), ("0003_c", "SELECT 3", "SELECT 3")]);
    let mut history = applied(Engine::Postgres, &set, &["0001", "0002", "0003"]);
    begun(&mut history, "0002", RecordState::Reverting, down, 2);
    let found = plan(&set, &history, &steps(1)).expect("plans");
    assert_eq!((versions(&found), found.steps[0].resume_from), (vec!["0002"], Some(2)));
    assert!(!found.steps[0].transactional);
    assert!(found.to_string().contains("0002_b  3 statements, one by one, continues after 2, reversible"), "{found}");
    let error = crate::plan(&set, &history, &crate::PlanOptions::default()).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::MigrationUnfinished);
    assert!(error.to_string().starts_with("migration `0002_b` is half taken back, 2 of the 3 "), "{error}");
    let mut edited = set.clone();
    edited.migrations[1].down =
        Some(Down { file: "down.sql".into(), sql: down.replace(" b", " x"), declared_transaction: None });
    assert_eq!(problems(&edited, &history, &steps(1))[0].0, ErrorCode::MigrationChanged);
    edited.migrations[1].down =
        Some(Down { file: "down.sql".into(), sql: down.replace(" c", " x"), declared_transaction: None });
    assert_eq!(plan(&edited, &history, &steps(1)).expect("the rest may change").steps.len(), 1);
    // Another tool took it back in the meantime: what the ledger says is over.
    history.applied.remove("0002");
    assert_eq!(versions(&plan(&set, &history, &steps(1)).expect("plans")), ["0003"]);
}

#[test]
fn what_is_known_by_another_version_is_put_back_after_it_was_taken_back() {
    let set = three();
    let mut history = applied(Engine::Sqlite, &set, &["0001_users", "0002_email", "0003_index"]);
    let renamed = std::mem::take(&mut history.records).into_values().map(|mut record| {
        record.version.clone_from(&record.name);
        (record.version.clone(), record)
    });
    history.records.extend(renamed.collect::<Vec<_>>());
    let redo = plan_redo(&set, &history, &steps(2)).expect("there is a plan");
    let down: Vec<_> = redo.down.steps.iter().map(|step| step.version.as_str()).collect();
    let up: Vec<_> = redo.up.steps.iter().map(|step| step.version.as_str()).collect();
    assert_eq!((down, up), (vec!["0003_index", "0002_email"], vec!["0002", "0003"]));
}
