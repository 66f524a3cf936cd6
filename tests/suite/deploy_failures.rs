//! Migrations, seeds and expectations that fail on the way: what is recorded, what stays, and that the corrected project
//! goes on from there. Releases are in `deploy_rollback`.

use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{Deployment, dump};

#[test]
fn a_migration_that_fails_is_not_recorded_and_the_ones_before_it_stay() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    let (file, wrong) = ("migrations/20260102090000_create_features_and_prompts.sql", "CREATE TABLE prompt_slug (");
    harbour.edit(file, wrong, "CREATE TABEL prompt_slug (");
    let failed = harbour.run(&["deploy", "dev"]).exits(7);
    settled(|| insta::assert_snapshot!("failing_migration", failed.text()));
    let tables = dump::data(&url);
    assert_eq!(
        tables.keys().collect::<Vec<_>>(),
        ["analysis_spec"],
        "the table before the error is rolled back with it"
    );
    let applied = dump::texts(&url, "SELECT version FROM plimsoll_migration WHERE state = 'applied'");
    assert_eq!(applied, ["20260101090000"]);
    assert_eq!(dump::texts(&url, "SELECT version FROM __diesel_schema_migrations"), ["20260101090000"]);
    assert_eq!(dump::states(&url), ["rolled_back"]);
    harbour.edit(file, "CREATE TABEL prompt_slug (", wrong);
    let fixed = harbour.run(&["deploy", "dev"]).exits(0);
    assert!(fixed.stdout.contains("2 to apply"), "{}", fixed.text());
    assert_eq!(dump::states(&url), ["rolled_back", "succeeded"]);
}

#[test]
fn a_row_that_the_database_refuses_takes_all_rows_back() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    let file = "migrations/20260101090000_create_specs.sql";
    harbour.edit(file, "name TEXT NOT NULL,", "name TEXT NOT NULL CHECK (name <> 'Voice'),");
    let failed = harbour.run(&["deploy", "dev"]).exits(7);
    settled(|| insta::assert_snapshot!("failing_seed", failed.text()));
    assert!(dump::data(&url).values().all(Vec::is_empty), "{:?}", dump::data(&url));
    assert_eq!(dump::texts(&url, "SELECT row_key FROM plimsoll_seed_row"), Vec::<String>::new());
    harbour.edit("seeds/specs.toml", "name = \"Voice\"", "name = \"Voices\"");
    harbour.run(&["deploy", "dev"]).exits(0);
    assert_eq!(dump::states(&url), ["rolled_back", "succeeded"]);
}

#[test]
fn an_expectation_that_does_not_hold_takes_all_rows_back() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    harbour.edit("plimsoll.toml", "at_least = 2", "at_least = 3");
    let failed = harbour.run(&["deploy", "dev"]).exits(7);
    settled(|| insta::assert_snapshot!("failing_expectation", failed.text()));
    assert!(dump::data(&url).values().all(Vec::is_empty), "{:?}", dump::data(&url));
    assert!(harbour.released().is_empty());
    harbour.edit("plimsoll.toml", "at_least = 3", "at_least = 2");
    harbour.run(&["deploy", "dev"]).exits(0);
}

#[test]
fn an_expectation_that_no_longer_holds_is_told_without_any_change() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    harbour.run(&["deploy", "dev"]).exits(0);
    harbour.edit("plimsoll.toml", "at_least = 2", "at_least = 3");
    let before = dump::everything(&url);
    harbour.run(&["deploy", "dev"]).exits(3).says(&["expected at least 3 rows in `analysis_spec`, found 2"]);
    assert_eq!(dump::everything(&url), before);
}

#[test]
fn a_migration_that_was_edited_after_it_was_applied_is_refused() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev"]).exits(0);
    let before = dump::everything(&harbour.sqlite("dev"));
    harbour.edit("migrations/20260211093000_create_caller.sql", "name TEXT NOT NULL", "name TEXT");
    let refused = harbour.run(&["deploy", "dev"]).exits(5);
    settled(|| insta::assert_snapshot!("edited_migration", refused.text()));
    assert_eq!(dump::everything(&harbour.sqlite("dev")), before);
}

#[test]
fn an_administrators_edit_is_kept_and_shown() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    harbour.run(&["deploy", "dev"]).exits(0);
    dump::execute(&url, "UPDATE analysis_spec SET name = 'Our voice' WHERE slug = 'spec-voice-001'");
    harbour.edit("seeds/specs.toml", "name = \"First call\"", "name = \"The first call\"");
    let done = harbour.run(&["deploy", "dev"]).exits(0);
    settled(|| insta::assert_snapshot!("edit_is_kept", done.text()));
    assert_eq!(dump::texts(&url, "SELECT name FROM analysis_spec ORDER BY slug"), ["The first call", "Our voice"]);
}
