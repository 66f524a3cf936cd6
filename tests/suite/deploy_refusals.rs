//! Deployments that are refused before anything is written: ports, servers, gates and stale plans. Mistakes in files are
//! in `cli_mistakes`.

use plimsoll_core::db::Engine;
use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{Deployment, TestDatabase, dump, http};

#[test]
fn a_port_that_another_program_holds_is_told_before_anything_is_written() {
    let harbour = Deployment::of_harbour();
    let _taken = http::occupy(harbour.port()).expect("it is free");
    let refused = harbour.run(&["deploy", "dev"]).exits(3);
    settled(|| insta::assert_snapshot!("port_in_use", refused.text()));
    assert!(!harbour.sqlite_file("dev").exists());
}

#[test]
fn a_server_that_cannot_be_reached_is_told_without_its_password() {
    let harbour = Deployment::of_harbour();
    let url = format!("postgresql://ada:swordfish@127.0.0.1:{}/harbour", harbour.port());
    let harbour = harbour.env("DATABASE_URL", &url).env("HF_SUPERADMIN_TOKEN", "t0ken");
    let refused = harbour.run(&["deploy", "staging"]).exits(4);
    assert!(!refused.text().contains("swordfish"), "{}", refused.text());
    settled(|| insta::assert_snapshot!("unreachable_server", refused.text()));
}

#[test]
fn a_bad_database_url_creates_no_file() {
    let harbour = Deployment::of_harbour();
    for url in ["harbour.db", "sqlite3:harbour.db", "postgres//ada@quay/harbour", "sqlite:harbour.db?mode=rwc"] {
        let setting = format!("DATABASE_URL={url}");
        let refused = harbour.run(&["deploy", "dev", "--set", &setting]).exits(2);
        refused.says(&["help: "]);
        let names: Vec<_> =
            std::fs::read_dir(harbour.root()).expect("readable").flatten().map(|it| it.file_name()).collect();
        assert_eq!(names.len(), 6, "{url}: {names:?}");
    }
}

#[test]
fn a_protected_environment_needs_a_yes() {
    let harbour = Deployment::of_harbour();
    let refused = harbour.run(&["deploy", "production"]).exits(5);
    refused.says(&["deploy::not_confirmed", "`production` is protected", "--yes"]);
    harbour.run(&["migrate", "up", "production"]).exits(5).says(&["deploy::not_confirmed"]);
    assert!(!harbour.sqlite_file("production").exists());
    harbour.run(&["deploy", "production", "--yes"]).exits(0);
    // Nothing to do needs nobody's word.
    harbour.run(&["deploy", "production"]).exits(0);
    harbour.edit("seeds/specs.toml", "name = \"Voice\"", "name = \"Voices\"");
    harbour.run(&["seed", "apply", "production"]).exits(5).says(&["deploy::not_confirmed"]);
    harbour.run(&["seed", "apply", "production", "--yes"]).exits(0);
}

#[test]
fn the_database_of_another_environment_is_refused() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev"]).exits(0);
    let before = dump::everything(&harbour.sqlite("dev"));
    let setting = format!("DATABASE_URL=sqlite:{}", harbour.sqlite_file("dev").display());
    let refused = harbour.run(&["deploy", "production", "--yes", "--set", &setting]).exits(5);
    settled(|| insta::assert_snapshot!("other_environment", refused.text()));
    for part in [["migrate", "up"], ["seed", "apply"]] {
        harbour.run(&[part[0], part[1], "production", "--yes", "--set", &setting]).exits(5);
    }
    assert_eq!(dump::everything(&harbour.sqlite("dev")), before);
}

#[test]
fn a_plan_can_be_checked_saved_and_deployed() {
    let harbour = Deployment::of_harbour();
    let file = harbour.beside("harbour.plan").display().to_string();
    harbour.run(&["plan", "dev", "--check"]).exits(10);
    let saved = harbour.run(&["plan", "dev", "-o", &file]).exits(0);
    settled(|| insta::assert_snapshot!("saved_plan", saved.text()));
    assert!(!harbour.sqlite_file("dev").exists(), "planning creates no database");
    harbour.run(&["deploy", "dev", "--plan", &file]).exits(0);
    harbour.run(&["plan", "dev", "--check"]).exits(0);
    let stale = harbour.run(&["deploy", "dev", "--plan", &file]).exits(9);
    stale.says(&["the pending migrations", "the rows to seed"]);
}

#[test]
fn a_saved_plan_is_refused_when_anything_moved_since() {
    let harbour = Deployment::of_harbour();
    let file = harbour.beside("harbour.plan").display().to_string();
    harbour.run(&["plan", "dev", "-o", &file]).exits(0);
    harbour.edit("seeds/specs.toml", "name = \"Voice\"", "name = \"Voices\"");
    let rows = harbour.run(&["deploy", "dev", "--plan", &file]).exits(9);
    settled(|| insta::assert_snapshot!("stale_plan", rows.text()));
    harbour.edit("seeds/specs.toml", "name = \"Voices\"", "name = \"Voice\"");
    let file_changed = "migrations/20260211093000_create_caller.sql";
    harbour.edit(file_changed, "CREATE INDEX caller_name", "CREATE UNIQUE INDEX caller_name");
    harbour.run(&["deploy", "dev", "--plan", &file]).exits(9).says(&["the pending migrations"]);
    harbour.edit(file_changed, "CREATE UNIQUE INDEX caller_name", "CREATE INDEX caller_name");
    harbour.run(&["deploy", "dev", "--commit", "next", "--plan", &file]).exits(9).says(&["the revisions to release"]);
    harbour.edit("smoke/checks.toml", "the service answers", "the service answers well");
    harbour.run(&["deploy", "dev", "--plan", &file]).exits(9).says(&["the checks"]);
    harbour.edit("smoke/checks.toml", "the service answers well", "the service answers");
    assert!(!harbour.sqlite_file("dev").exists());
    harbour.run(&["deploy", "dev", "--plan", &file]).exits(0);
}

#[test]
fn what_is_no_saved_plan_is_refused() {
    let harbour = Deployment::of_harbour();
    harbour.write("no.plan", "{ \"format\": 1 }\n");
    let file = harbour.root().join("no.plan").display().to_string();
    harbour.run(&["deploy", "dev", "--plan", &file]).exits(2).says(&["is no saved plan", "missing field"]);
    harbour.run(&["deploy", "dev", "--plan", "nowhere.plan"]).exits(2);
}

#[test]
fn staging_is_deployed_on_postgresql_and_the_second_time_nothing_is_written() {
    let database = TestDatabase::new(Engine::Postgres);
    let example = Deployment::of_example("caller-coaching")
        .env("DATABASE_URL", database.url_text())
        .env("HF_SUPERADMIN_TOKEN", "t0ken");
    let done = example.run(&["deploy", "staging"]).exits(0);
    assert!(done.stdout.contains("29 migrations applied"), "{}", done.text());
    assert!(done.stdout.contains("smoke checks: 7 passed"), "{}", done.text());
    let before = dump::everything(database.url());
    let again = example.run(&["deploy", "staging"]).exits(0);
    assert!(again.stdout.contains("nothing changed: caller-coaching in staging is as declared"), "{}", again.text());
    assert_eq!(dump::everything(database.url()), before);
    let failed = example.run(&["deploy", "staging", "--set", "ONBOARDING_SPEC_SLUG=NOPE-001"]).exits(7);
    failed.says(&["onboarding is served from the database", "serves: api "]);
    assert_eq!(dump::states(database.url()), ["succeeded", "rolled_back"]);
    example.run(&["stop", "staging"]).exits(0);
    assert!(example.released().is_empty());
}
