//! Inventories of real folders: what git says, what the command prints, and that what is counted from text is what databases
//! then have. How statements are read is told by the crate's own tests.

use std::path::Path;
use std::process::Command;

use plimsoll_core::db::Engine;
use plimsoll_migrate::inventory::{GitFiles, SchemaStatistics, inventory};
use plimsoll_tests::migrating::{migrate, set};
use plimsoll_tests::{Deployment, live_tests, schema};

fn git(folder: &Path, date: &str, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=ada", "-c", "user.email=ada@quay", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_COMMITTER_DATE", date)
        .env("GIT_AUTHOR_DATE", date)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

live_tests! {
    fn what_is_counted_from_text_is_what_the_database_has_afterwards(db: &mut TestDatabase) {
        let engine = db.engine();
        let on = if engine == Engine::Mysql { " ON person" } else { "" };
        let last = format!("DROP INDEX person_age{on}; ALTER TABLE person DROP COLUMN nick; DROP VIEW everybody; DROP TABLE gone;");
        let mut migrations = vec![
            (
                "0001_base",
                "CREATE TABLE team (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, UNIQUE (name));\n\
                 CREATE TABLE person (id INTEGER PRIMARY KEY, team_id INTEGER, nick VARCHAR(9), age INTEGER CHECK (age > 1),\n\
                 FOREIGN KEY (team_id) REFERENCES team (id));\n\
                 CREATE INDEX person_team ON person (team_id); CREATE TABLE gone (id INTEGER PRIMARY KEY);\n\
                 CREATE INDEX person_age ON person (age); CREATE VIEW everybody AS SELECT id FROM person;\n\
                 CREATE VIEW grown AS SELECT id FROM person WHERE age > 18;",
            ),
            ("0002_more", "ALTER TABLE team ADD COLUMN note VARCHAR(40); ALTER TABLE team RENAME TO crew;"),
            ("0003_less", last.as_str()),
        ];
        if engine == Engine::Postgres {
            migrations.push(("0004_own", "CREATE TYPE mood AS ENUM ('calm'); CREATE TYPE other AS ENUM ('x'); DROP TYPE other; \
                ALTER TABLE crew DROP CONSTRAINT team_name_key; ALTER TABLE person ADD CONSTRAINT grown_up CHECK (age > 2); \
                CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE EXTENSION pg_trgm;"));
        }
        let set = set(&migrations);
        let counted = inventory(&set, engine, &GitFiles::default()).totals;
        assert_eq!(counted.unread, 0);
        migrate(db, &set).expect("applies");
        assert_eq!(counted.schema, SchemaStatistics::of(&schema::read(db)));
        assert_eq!((counted.schema.tables, counted.schema.views, counted.schema.foreign_keys), (2, 1, 1));
    }
}

#[test]
fn each_state_that_a_file_has_in_git_is_told_and_so_is_a_late_one() {
    let harbour = Deployment::of_harbour();
    let root = harbour.root();
    git(root, "2026-01-01T00:00:00Z", &["init", "-q"]);
    let state = |index: usize| {
        let shown = harbour.run(&["migrate", "inventory", "dev", "--format", "json"]).exits(0).one_json();
        shown["migrations"][index]["git"].as_str().expect("a state").to_owned()
    };
    assert_eq!(state(0), "untracked");
    git(root, "2026-01-02T00:00:00Z", &["add", "migrations/20260102090000_create_features_and_prompts.sql"]);
    git(root, "2026-01-02T00:00:00Z", &["commit", "-qm", "second"]);
    git(root, "2026-01-03T00:00:00Z", &["add", "migrations/20260101090000_create_specs.sql"]);
    assert_eq!(state(0), "untracked", "it is in no commit yet");
    git(root, "2026-01-03T00:00:00Z", &["commit", "-qm", "first"]);
    harbour.write(".gitignore", "*_caller.sql\n");
    harbour.edit(
        "migrations/20260102090000_create_features_and_prompts.sql",
        "CREATE TABLE prompt_slug",
        "CREATE TABLE  prompt_slug",
    );
    assert_eq!([state(0), state(1), state(2)], ["committed", "modified", "ignored"]);
    let shown = harbour.run(&["migrate", "inventory", "dev"]).exits(0).stdout;
    for text in ["3 migrations of SQLite", ", modified", ", ignored by git", "makes table `", "1 committed"] {
        assert!(shown.contains(text), "nothing shows `{text}`:\n{shown}");
    }
    let late = "note: `20260101090000_create_specs` was committed after `20260102090000_create_features_and_prompts`";
    assert!(shown.contains(late), "{shown}");
    assert!(!harbour.sqlite_file("dev").exists(), "no database is needed, and none is made");
}

#[test]
fn a_folder_alone_needs_neither_project_nor_git() {
    let harbour = Deployment::of_harbour();
    let folder = harbour.root().join("migrations");
    let folder = folder.to_str().expect("UTF-8");
    let shown = harbour.run(&["migrate", "inventory", "--path", folder, "--engine", "sqlite", "--format", "json"]);
    let shown = shown.exits(0).one_json();
    assert_eq!((&shown["totals"]["migrations"], &shown["migrations"][0]["git"]), (&3.into(), &"unknown".into()));
    assert_eq!(shown["migrations"][0]["file"], "20260101090000_create_specs.sql");
    assert!(shown["totals"]["schema"]["tables"].as_u64().expect("a number") > 0);
    harbour.run(&["migrate", "inventory", "--path", folder]).exits(2).says(&["--engine"]);
    harbour.run(&["migrate", "inventory"]).exits(2).says(&["ENVIRONMENT"]);
}
