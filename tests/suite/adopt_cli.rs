//! `plimsoll migrate adopt` as people and scripts see it. What is adopted is looked at in the other files.

use std::fs;

use plimsoll_core::db::{Access, Engine, connect};
use plimsoll_migrate::adopt::Tool;
use plimsoll_migrate::split;
use plimsoll_tests::Deployment;
use plimsoll_tests::adopting::{copy_folder, fixture};
use plimsoll_tests::snapshot::settled;

/// The harbour with the migrations and the database of Flyway.
fn harbour() -> Deployment {
    let harbour = Deployment::of_harbour();
    let migrations = harbour.root().join("migrations");
    fs::remove_dir_all(&migrations).expect("is removed");
    copy_folder(&fixture(Tool::Flyway).join("migrations"), &migrations);
    let file = fixture(Tool::Flyway).join("sqlite.sql");
    let sql = fs::read_to_string(&file).expect("the fixture is there");
    let mut db = connect(&harbour.sqlite("dev"), Access::Write).expect("opens");
    for statement in split(Engine::Sqlite, &file, &sql).expect("the fixture is SQL") {
        db.batch(&statement.text).expect("runs");
    }
    harbour
}

#[test]
fn adopting_shows_its_plan_first_and_then_does_it_once() {
    let harbour = harbour();
    let looked = harbour.run(&["migrate", "adopt", "dev", "--dry-run"]).exits(0);
    harbour.run(&["migrate", "status", "dev"]).exits(10);
    let done = harbour.run(&["migrate", "adopt", "dev"]).exits(0);
    harbour.run(&["migrate", "status", "dev"]).exits(0);
    let again = harbour.run(&["migrate", "adopt", "dev", "--from", "flyway"]).exits(0);
    harbour.write("migrations/V3__tides.sql", "CREATE TABLE tide (id INTEGER PRIMARY KEY);\n");
    let up = harbour.run(&["migrate", "up", "dev"]).exits(0);
    let text = [looked, done, again, up].map(|run| run.text()).join("\n");
    settled(|| insta::assert_snapshot!("adopt", text));
}

#[test]
fn adopting_tells_programs_in_json() {
    let harbour = harbour();
    let plan = harbour.run(&["migrate", "adopt", "dev", "--dry-run", "--format", "json"]).exits(0).one_json();
    assert_eq!(plan["tool"], "flyway");
    assert_eq!(plan["migrations"][0]["state"], "matched");
    let lines = harbour.run(&["migrate", "adopt", "dev", "--format", "json"]).exits(0).json();
    assert_eq!(lines[0], plan);
    assert_eq!(lines[1]["adopted"], serde_json::json!(["1", "1.1", "2"]));
}

#[test]
fn what_stands_against_adopting_exits_with_5_and_what_is_not_there_with_2() {
    let harbour = harbour();
    let file = "migrations/V1.1__berth_length.sql";
    harbour.edit(file, "length INTEGER", "length BIGINT");
    harbour.run(&["migrate", "adopt", "dev"]).exits(5).says(&[
        "adopt::checksum_mismatch",
        "V1.1__berth_length.sql",
        "help: restore the file",
    ]);
    harbour.run(&["migrate", "adopt", "dev", "--from", "goose"]).exits(2).says(&["adopt::nothing_found"]);
    harbour.run(&["migrate", "adopt", "dev", "--from", "gooze"]).exits(2).says(&["golang-migrate"]);
    harbour.edit(file, "length BIGINT", "length INTEGER");
    let mut db = connect(&harbour.sqlite("dev"), Access::Write).expect("opens");
    db.batch("UPDATE flyway_schema_history SET success = 0 WHERE version = '2'").expect("runs");
    harbour.run(&["migrate", "adopt", "dev"]).exits(5).says(&["adopt::unfinished", "flyway repair"]);
}
