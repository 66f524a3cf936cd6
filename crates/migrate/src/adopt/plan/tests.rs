//! Tests of planning an adoption: states, problems and the text form. Everything in here is pure.

use plimsoll_core::{Coded, ErrorCode};

use super::*;
use crate::history::Record;

const THREE: &[(&str, &str)] = &[
    ("1_berths", "CREATE TABLE berth (id int);"),
    ("2_length", "ALTER TABLE berth ADD COLUMN length int;"),
    ("3_ships", "CREATE TABLE ship (id int);"),
];

fn set() -> MigrationSet {
    MigrationSet::from_embedded(THREE).expect("loads")
}

fn entry(key: &str, state: ForeignState) -> ForeignEntry {
    ForeignEntry { key: key.to_owned(), name: key.to_owned(), checksum: None, state, applied_at: None }
}

fn planned(tool: Tool, entries: Vec<ForeignEntry>) -> Result<AdoptPlan, MigrateError> {
    let set = set();
    let foreign = ForeignHistory { tool, table: "public.history".to_owned(), entries };
    plan(&set, &History::empty(Engine::Postgres), &foreign, &Evidence::read(&set).expect("is read"))
}

fn states(plan: &AdoptPlan) -> Vec<AdoptState> {
    plan.migrations.iter().map(|each| each.state).collect()
}

#[test]
fn one_row_of_golang_migrate_stands_for_all_before_it() {
    let plan = planned(Tool::GolangMigrate, vec![entry("2", ForeignState::Applied)]).expect("plans");
    assert_eq!(states(&plan), [AdoptState::Inferred, AdoptState::MatchedWithoutChecksum, AdoptState::Pending]);
    insta::assert_snapshot!(plan);
}

#[test]
fn a_baseline_of_flyway_stands_for_all_up_to_it() {
    let mut third = entry("3", ForeignState::Applied);
    third.applied_at = Some("2024-04-03T08:30:00.000Z".to_owned());
    let plan = planned(Tool::Flyway, vec![entry("2", ForeignState::Baseline), third]).expect("plans");
    assert_eq!(states(&plan), [AdoptState::Inferred, AdoptState::Inferred, AdoptState::MatchedWithoutChecksum]);
    insta::assert_snapshot!(plan);
}

#[test]
fn what_was_rolled_back_does_not_count_and_needs_no_file() {
    let entries = vec![
        entry("1", ForeignState::Applied),
        entry("2", ForeignState::RolledBack),
        entry("9", ForeignState::RolledBack),
    ];
    let plan = planned(Tool::Goose, entries).expect("plans");
    assert_eq!(states(&plan), [AdoptState::MatchedWithoutChecksum, AdoptState::Pending, AdoptState::Pending]);
    assert!(plan.notes.contains(&AdoptNote::RolledBack { key: "9".to_owned() }));
}

#[test]
fn all_problems_are_told_at_once() {
    let mut edited = entry("1", ForeignState::Applied);
    edited.checksum = Some("12345".to_owned());
    let failed = entry("3", ForeignState::Failed);
    let gone = entry("4", ForeignState::Applied);
    let error = planned(Tool::Flyway, vec![edited, failed, gone]).expect_err("is refused");
    let codes: Vec<_> = error.parts().into_iter().map(Coded::code).collect();
    assert_eq!(codes, [ErrorCode::AdoptUnfinished, ErrorCode::AdoptChanged, ErrorCode::MigrationMissing]);
    let texts: Vec<_> = error.parts().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

/// As the ledger has a migration, under this version and in this state.
fn recorded(history: &mut History, version: &str, name: &str, state: RecordState) {
    history.applied.insert(version.to_owned());
    history.records.insert(
        version.to_owned(),
        Record {
            version: version.to_owned(),
            name: name.to_owned(),
            checksum_raw: String::new(),
            checksum_lexical: String::new(),
            state,
            statements: 2,
            statements_done: 1,
            applied_at: "2026-01-01T00:00:00.000Z".to_owned(),
            kind: None,
            script: None,
        },
    );
}

fn planned_after(history: &History) -> Result<AdoptPlan, MigrateError> {
    let entries = vec![entry("1", ForeignState::Applied), entry("2", ForeignState::Applied)];
    let foreign = ForeignHistory { tool: Tool::Goose, table: "goose_db_version".to_owned(), entries };
    plan(&set(), history, &foreign, &Evidence::default())
}

#[test]
fn what_is_half_taken_back_is_not_recorded_as_applied() {
    let mut history = History::empty(Engine::Postgres);
    recorded(&mut history, "1", "1_berths", RecordState::Applied);
    recorded(&mut history, "2", "2_length", RecordState::Reverting);
    let error = planned_after(&history).expect_err("`migrate down` has to go on");
    assert_eq!(error.code(), ErrorCode::AdoptUnfinished);
    assert!(error.to_string().ends_with("Plimsoll has taken half of it back: `migrate down` goes on"), "{error}");
}

#[test]
fn what_the_database_knows_by_another_version_keeps_that() {
    let mut history = History::empty(Engine::Postgres);
    history.applied.insert("1_berths".to_owned());
    recorded(&mut history, "2_length", "2_length", RecordState::Applied);
    let plan = planned_after(&history).expect("plans");
    let versions: Vec<_> = plan.migrations.iter().map(|each| (each.version.as_str(), each.recorded)).collect();
    assert_eq!(versions, [("1_berths", false), ("2_length", true), ("3", false)]);
}
