//! Tests of planning an adoption: states, problems and the text form. Everything in here is pure.

use plimsoll_core::{Coded, ErrorCode};

use super::*;

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
