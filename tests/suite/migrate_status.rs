//! `migrate status` and `migrate new` as people see them. How files and history are compared is `migrate_history`'s.

use std::fs;

use plimsoll_tests::command::Finished;
use plimsoll_tests::{Deployment, dump};

fn shows(run: &Finished, texts: &[&str]) {
    for text in texts {
        assert!(run.stdout.contains(text), "nothing shows `{text}`:\n{}", run.text());
    }
}

#[test]
fn each_way_in_which_folder_and_database_differ_has_words_and_an_exit_code_of_its_own() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    let status = ["migrate", "status", "dev"];
    shows(&harbour.run(&status).exits(10), &["the database has no history of migrations, none of the 3 was applied"]);
    assert!(!harbour.sqlite_file("dev").exists(), "looking makes no database");
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    shows(&harbour.run(&status).exits(0), &["the database has exactly what the folder says"]);
    harbour.write("migrations/20260401000000_new.sql", "CREATE TABLE new (id INTEGER);\n");
    harbour.write("migrations/NOTES.md", "why\n");
    let behind = harbour.run(&status).exits(10);
    shows(
        &behind,
        &["1 migration is in the folder and not yet in the database", "NOTES.md` is no migration and is left"],
    );
    harbour.write("migrations/20260102120000_late.sql", "CREATE TABLE late (id INTEGER);\n");
    let late = "1 migration is not in the database, and before some that are";
    shows(&harbour.run(&status).exits(5), &[late, "out of order  20260102120000"]);
    harbour.remove("migrations/20260102120000_late.sql");
    harbour.edit("migrations/20260211093000_create_caller.sql", "name TEXT NOT NULL", "name TEXT");
    let changed = harbour.run(&status).exits(5);
    shows(&changed, &["1 migration is edited after having been applied", "--- as applied", "name TEXT NOT NULL"]);
    harbour.remove("migrations/20260211093000_create_caller.sql");
    shows(&harbour.run(&status).exits(5), &["1 migration is in the database and not in the folder"]);
    let json = harbour.run(&["migrate", "status", "dev", "--format", "json"]).exits(5);
    shows(&json, &["\"overall\":\"diverged\"", "\"state\":\"missing\"", "\"note\":\"stray\""]);
    let before = dump::everything(&url);
    for file in fs::read_dir(harbour.root().join("migrations")).expect("is listed") {
        fs::remove_file(file.expect("is there").path()).expect("is removed");
    }
    harbour.run(&status).exits(2).says(&["holds no migrations"]);
    assert_eq!(dump::everything(&url), before);
}

#[test]
fn the_next_migration_is_begun_where_the_project_keeps_them() {
    let harbour = Deployment::of_harbour();
    let begun = harbour.run(&["migrate", "new", "add-email"]).exits(0);
    let path = begun.stdout.trim();
    assert!(path.ends_with("_add_email.sql"), "{path}");
    shows(&harbour.run(&["migrate", "status", "dev"]).exits(10), &["none of the 4 was applied", "_add_email"]);
    harbour.run(&["migrate", "new", "x", "--layout", "goose"]).exits(2).says(&["not goose's"]);
    let other = ["migrate", "new", "first", "--layout", "flyway", "--folder", "other"];
    let json = harbour.run(&[&other[..], &["--format", "json"]].concat()).exits(0);
    shows(&json, &["V1__first.sql", "U1__first.sql"]);
}
