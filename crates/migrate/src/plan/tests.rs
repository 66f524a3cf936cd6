//! Tests of planning and status: text forms, problems and continuing. Everything in here is pure.

use std::collections::BTreeMap;

use plimsoll_core::{Coded, ErrorCode};

use super::*;
use crate::checksum::checksums;
use crate::history::{Record, RecordState};

fn set(migrations: &[(&str, &str)]) -> MigrationSet {
    MigrationSet::from_embedded(migrations).expect("loads")
}

fn recorded(engine: Engine, set: &MigrationSet, versions: &[&str]) -> History {
    let mut history = History::empty(engine);
    for version in versions {
        let migration = set.get(version).expect("is in the set");
        let sums = checksums(engine, migration).expect("splits");
        history.applied.insert((*version).to_owned());
        history.records.insert(
            migration.version.clone(),
            Record {
                version: migration.version.clone(),
                name: migration.name.clone(),
                checksum_raw: sums.raw,
                checksum_lexical: sums.lexical,
                state: RecordState::Applied,
                statements: 1,
                statements_done: 1,
                applied_at: "2026-01-01T00:00:00.000Z".to_owned(),
                kind: Some(migration.kind.as_str().to_owned()),
                script: Some(migration.sql.clone()),
            },
        );
    }
    history
}

fn interrupted(engine: Engine, migration: &Migration, done: usize) -> Record {
    let statements = split(engine, &migration.file, &migration.sql).expect("splits");
    Record {
        version: migration.version.clone(),
        name: migration.name.clone(),
        checksum_raw: migration.checksum.clone(),
        checksum_lexical: checksum::lexical(&statements[..done]),
        state: RecordState::Failed,
        statements: statements.len(),
        statements_done: done,
        applied_at: String::new(),
        kind: None,
        script: None,
    }
}

fn codes(error: &MigrateError) -> Vec<ErrorCode> {
    error.parts().into_iter().map(Coded::code).collect()
}

const THREE: &[(&str, &str)] = &[
    ("0001_users", "CREATE TABLE users (id int);"),
    ("0002_email", "ALTER TABLE users ADD COLUMN email text;\nUPDATE users SET email = '';"),
    ("0003_index", "CREATE INDEX CONCURRENTLY users_email ON users (email);"),
];

#[test]
fn the_plan_of_an_untouched_database_names_every_migration() {
    let plan = plan(&set(THREE), &History::empty(Engine::Postgres), &PlanOptions::default()).expect("plans");
    assert_eq!(plan.overall, Overall::Untouched);
    insta::assert_snapshot!(plan, @r"
    migrations on PostgreSQL: 3 to apply, the database has no history
      + 0001_users  1 statement
      + 0002_email  2 statements
      + 0003_index  1 statement, one by one
    ");
}

#[test]
fn the_plan_of_a_half_migrated_database_shows_what_is_left_and_what_is_odd() {
    let set = set(THREE);
    let mut history = recorded(Engine::Mysql, &set, &["0001"]);
    history.records.clear();
    let record = interrupted(Engine::Mysql, &set.migrations[1], 1);
    history.records.insert(record.version.clone(), record);
    let plan = plan(&set, &history, &PlanOptions::default()).expect("plans");
    assert_eq!(plan.overall, Overall::Behind);
    insta::assert_snapshot!(plan, @r"
    migrations on MySQL: 2 to apply, 1 applied
      + 0002_email  2 statements, one by one, continues after 1
      + 0003_index  1 statement, one by one
      note: 0001 was applied by another tool, its file cannot be compared
    ");
}

#[test]
fn a_current_database_leaves_nothing_to_do() {
    let set = set(THREE);
    let plan =
        plan(&set, &recorded(Engine::Sqlite, &set, &["0001", "0002", "0003"]), &PlanOptions::default()).expect("plans");
    assert_eq!((plan.overall, plan.steps.len()), (Overall::Current, 0));
    insta::assert_snapshot!(plan, @"migrations on SQLite: nothing to apply, 3 applied");
}

#[test]
fn plans_survive_being_saved() {
    let plan = plan(&set(THREE), &History::empty(Engine::Postgres), &PlanOptions::default()).expect("plans");
    let saved = serde_json::to_string(&plan).expect("serializes");
    assert_eq!(serde_json::from_str::<MigratePlan>(&saved).expect("deserializes"), plan);
}

#[test]
fn all_that_stands_against_a_plan_is_told_at_once() {
    let before = set(THREE);
    let mut history = recorded(Engine::Postgres, &before, &["0001", "0003"]);
    history.applied.insert("0000".to_owned());
    let edited =
        set(&[("0001_users", "CREATE TABLE users (id bigint);"), THREE[1], THREE[2], ("0004_broken", "SELECT '")]);
    let error = plan(&edited, &history, &PlanOptions::default()).expect_err("is refused");
    let expected = [
        ErrorCode::MigrationMissing,
        ErrorCode::MigrationChanged,
        ErrorCode::MigrationOutOfOrder,
        ErrorCode::MigrationUnreadable,
    ];
    assert_eq!(codes(&error), expected);
}

#[test]
fn out_of_order_migrations_are_applied_when_allowed() {
    let set = set(THREE);
    let history = recorded(Engine::Postgres, &set, &["0001", "0003"]);
    let plan = plan(&set, &history, &PlanOptions { allow_out_of_order: true }).expect("plans");
    assert_eq!(plan.steps.len(), 1);
    assert!(plan.steps[0].out_of_order);
}

#[test]
fn a_re_wrapped_file_is_a_note_and_no_problem() {
    let history = recorded(Engine::Sqlite, &set(&THREE[..1]), &["0001"]);
    let wrapped = set(&[("0001_users", "-- the users\r\nCREATE TABLE users (\r\n  id int\r\n)")]);
    let plan = plan(&wrapped, &history, &PlanOptions::default()).expect("plans");
    assert_eq!(plan.notes, [Note::Cosmetic { version: "0001".to_owned() }]);
}

#[test]
fn a_transaction_inside_a_transactional_file_is_refused_with_its_line() {
    let own = set(&[("0001_a", "SELECT 1;\nCOMMIT;")]);
    let error = plan(&own, &History::empty(Engine::Sqlite), &PlanOptions::default()).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::MigrationUnreadable);
    assert_eq!(error.location().expect("has a place").to_string(), "0001_a.sql:2:1");
    let asked = set(&[("0001_a", "-- plimsoll: no-transaction\nBEGIN;\nCOMMIT;")]);
    assert!(
        !plan(&asked, &History::empty(Engine::Sqlite), &PlanOptions::default()).expect("plans").steps[0].transactional
    );
}

#[test]
fn an_interrupted_migration_may_change_only_after_what_was_applied() {
    let engine = Engine::Mysql;
    let before = set(&[("0001_a", "CREATE TABLE a (x int);\nCREATE TABLE b (x imt);")]);
    let mut history = History::empty(engine);
    let record = interrupted(engine, &before.migrations[0], 1);
    history.records.insert(record.version.clone(), record);
    let mended = set(&[("0001_a", "CREATE TABLE a (x int);\nCREATE TABLE b (x int);")]);
    assert_eq!(plan(&mended, &history, &PlanOptions::default()).expect("plans").steps[0].resume_from, Some(1));
    let meddled = set(&[("0001_a", "CREATE TABLE a (x text);\nCREATE TABLE b (x int);")]);
    let error = plan(&meddled, &history, &PlanOptions::default()).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::MigrationChanged);
}

#[test]
fn repeatable_migrations_come_last_and_again_whenever_what_they_mean_changes() {
    let engine = Engine::Sqlite;
    let before = set(&[("R__view", "CREATE VIEW v AS SELECT 1"), THREE[0]]);
    let first = plan(&before, &History::empty(engine), &PlanOptions::default()).expect("plans");
    insta::assert_snapshot!(first, @r"
    migrations on SQLite: 2 to apply, the database has no history
      + 0001_users  1 statement
      + R__view  1 statement, repeatable
    ");
    let mut history = recorded(engine, &before, &["0001", "R__view"]);
    history.applied.remove("R__view");
    assert!(plan(&before, &history, &PlanOptions::default()).expect("plans").steps.is_empty());
    let wrapped = set(&[("R__view", "CREATE VIEW v\n AS SELECT 1 -- one"), THREE[0]]);
    let cosmetic = plan(&wrapped, &history, &PlanOptions::default()).expect("plans");
    assert_eq!((cosmetic.steps.len(), cosmetic.notes), (0, vec![Note::Cosmetic { version: "R__view".to_owned() }]));
    let edited = set(&[("R__view", "CREATE VIEW v AS SELECT 2"), THREE[0]]);
    let again = plan(&edited, &history, &PlanOptions::default()).expect("plans");
    assert_eq!((again.overall, again.steps.len()), (Overall::Behind, 1));
    let gone = plan(&set(&THREE[..1]), &history, &PlanOptions::default()).expect("plans");
    assert_eq!(gone.notes, [Note::RepeatableGone { version: "R__view".to_owned() }]);
    assert_eq!(gone.overall, Overall::Current);
}

#[test]
fn a_changed_file_is_shown_beside_what_was_applied() {
    let history = recorded(Engine::Sqlite, &set(&THREE[1..2]), &["0002"]);
    let edited = set(&[("0002_email", "ALTER TABLE users ADD COLUMN email text;\nUPDATE users SET email = 'x';")]);
    let error = plan(&edited, &history, &PlanOptions::default()).expect_err("is refused");
    assert_eq!(error.location().expect("has a place").to_string(), "0002_email.sql:2:1");
    insta::assert_snapshot!(error, @r"
    `0002_email.sql` was edited after it had been applied
    --- as applied
    +++ the file
    @@ -1,2 +1,2 @@
     ALTER TABLE users ADD COLUMN email text;
    -UPDATE users SET email = '';
    +UPDATE users SET email = 'x';
    ");
}

fn prisma(folders: &[&str]) -> MigrationSet {
    let root = tempfile::TempDir::new().expect("a temporary folder");
    for folder in folders {
        std::fs::create_dir(root.path().join(folder)).expect("a folder");
        std::fs::write(root.path().join(folder).join("migration.sql"), "SELECT 1").expect("a file");
    }
    MigrationSet::load(root.path()).expect("loads")
}

fn of_an_earlier_release(set: &MigrationSet, name: &str, version: &str) -> History {
    let mut history = recorded(Engine::Sqlite, set, &[name]);
    history.applied = [version.to_owned()].into();
    let mut record = history.records.pop_first().expect("is recorded").1;
    record.version = version.to_owned();
    history.records.insert(record.version.clone(), record);
    history
}

#[test]
fn a_prisma_migration_is_known_by_the_version_of_an_earlier_release() {
    let set = prisma(&["20251026_a", "20251026_b"]);
    let history = of_an_earlier_release(&set, "20251026_b", "20251026");
    let plan_of = |set: &MigrationSet, history: &History| plan(set, history, &PlanOptions::default());
    assert_eq!(plan_of(&set, &history).expect_err("the other one is late").code(), ErrorCode::MigrationOutOfOrder);
    let nameless = History { records: BTreeMap::new(), ..history };
    let error = plan_of(&set, &nameless).expect_err("either could be meant");
    assert_eq!(error.code(), ErrorCode::MigrationMissing);
    let alone = prisma(&["20251026_b", "20251027_c"]);
    let plan = plan_of(&alone, &nameless).expect("only one can be meant");
    assert_eq!(plan.steps.iter().map(|step| step.version.as_str()).collect::<Vec<_>>(), ["20251027_c"]);
}

#[test]
fn strays_are_told_by_the_status_and_not_by_plans() {
    let root = tempfile::TempDir::new().expect("a temporary folder");
    std::fs::write(root.path().join("README.md"), "").expect("a file");
    std::fs::write(root.path().join("1_a.sql"), "SELECT 1").expect("a file");
    let set = MigrationSet::load(root.path()).expect("loads");
    let status = status(&set, &History::empty(Engine::Sqlite));
    assert!(matches!(status.notes.as_slice(), [Note::Stray { file }] if file.ends_with("/README.md")));
    assert!(plan(&set, &History::empty(Engine::Sqlite), &PlanOptions::default()).expect("plans").notes.is_empty());
}

#[test]
fn an_embedded_text_is_known_by_the_name_of_its_folder() {
    let set = set(&[("20251026_a", "SELECT 1"), ("20251027_b", "SELECT 1")]);
    let mut history = History::empty(Engine::Sqlite);
    history.applied.insert("20251026_a".to_owned());
    let plan = plan(&set, &history, &PlanOptions::default()).expect("plans");
    assert_eq!(plan.steps.iter().map(|step| step.version.as_str()).collect::<Vec<_>>(), ["20251027"]);
}
