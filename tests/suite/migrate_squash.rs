//! Folding migrations into a baseline: what is proven before a file is touched, and what databases make of it that have the old
//! migrations, some of them, or nothing. What SQL a schema is made with is `migrate_drift_sql`'s.

use std::path::{Path, PathBuf};

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::squash::{SquashOptions, squash, squash_edited, write};
use plimsoll_migrate::{MigrationSet, MigrationState, Overall, Schema, ScratchPlace, status};
use plimsoll_tests::migrating::{history, migrate, plan};
use plimsoll_tests::schema::{read, rich};
use plimsoll_tests::{Deployment, TestDatabase, live_tests};

fn place(db: &TestDatabase) -> ScratchPlace {
    ScratchPlace { folder: db.folder().join("scratch"), server: None }
}

fn options(to: &str) -> SquashOptions {
    SquashOptions { to: to.to_owned(), name: "baseline".to_owned() }
}

/// A folder of migrations with a rich schema, rows, a change to them, and one migration that stays.
fn folder(db: &TestDatabase) -> PathBuf {
    let path = db.folder().join("migrations");
    std::fs::create_dir_all(&path).expect("a folder");
    let engine = db.engine();
    let rows = match engine {
        Engine::Postgres => {
            "INSERT INTO harbour.log VALUES ('2025-03-01', 'it''s \\'), ('2025-02-01', NULL); INSERT INTO ship (name) VALUES ('one')"
        }
        Engine::Sqlite | Engine::Mysql => "INSERT INTO log (at, line) VALUES (3, 'it''s'), (1, NULL), (2, 'a\nb')",
    };
    let files = [
        ("0001_rich.sql", rich(engine)),
        ("0002_rows.sql", rows),
        ("0003_pets.sql", "CREATE TABLE pets (id int PRIMARY KEY, name varchar(40) NOT NULL, data varchar(9))"),
        ("0004_pets.sql", "INSERT INTO pets VALUES (10, 'Ada', NULL), (9, 'Bo \"x\"', '')"),
        ("0005_pets.sql", "UPDATE pets SET name = 'Cy' WHERE id = 9"),
        ("0006_later.sql", "CREATE TABLE later (id int PRIMARY KEY)"),
    ];
    for (name, sql) in files {
        std::fs::write(path.join(name), sql).expect("is written");
    }
    std::fs::write(path.join("README.md"), "not a migration").expect("is written");
    path
}

fn load(path: &Path) -> MigrationSet {
    MigrationSet::load(path).expect("loads")
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path)
        .expect("the folder")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

fn fresh(engine: Engine, set: &MigrationSet) -> (TestDatabase, Schema) {
    let mut db = TestDatabase::new(engine);
    migrate(&mut db, set).expect("applies");
    let schema = read(&mut db);
    (db, schema)
}

live_tests! {
    fn a_baseline_makes_what_it_replaces_and_old_databases_count_it_as_applied(db: &mut TestDatabase) {
        let path = folder(db);
        let old_set = load(&path);
        migrate(db, &old_set).expect("applies");
        let squash = write(&old_set, db.url(), &place(db), &options("0005")).unwrap_or_else(|error| panic!("{error} {error:?}"));
        assert_eq!(names(&path), ["0005_baseline.sql", "0006_later.sql", "README.md"]);
        assert_eq!(squash.replaces.len(), 5);
        assert!(squash.certificate.tables.iter().any(|table| table.table.ends_with("pets") && table.rows == 2), "{squash}");
        // The old database goes on without anybody doing anything.
        let set = load(&path);
        let now = status(&set, &history(db));
        assert_eq!(now.overall, Overall::Current, "{now:?}");
        assert!(plan(db, &set).expect("plans").steps.is_empty());
        // A new one is equal.
        let (mut new, schema) = fresh(db.engine(), &set);
        assert_eq!(schema, read(db));
        assert_eq!(status(&set, &history(&mut new)).overall, Overall::Current);
        let rows = "SELECT name FROM pets ORDER BY id";
        assert_eq!(new.texts(rows), db.texts(rows));
        // And both go on.
        std::fs::write(path.join("0007_more.sql"), "CREATE TABLE more (id int)").expect("is written");
        let set = load(&path);
        for db in [db, &mut new] {
            assert_eq!(migrate(db, &set).expect("applies").applied.len(), 1);
        }
    }

    fn a_dry_run_proves_and_changes_no_file(db: &mut TestDatabase) {
        let path = folder(db);
        let before = names(&path);
        let made = squash(&load(&path), db.url(), &place(db), &options("0005_pets")).expect("is proven");
        assert!(made.sql.contains("plimsoll:replaces 0001..0005"), "{}", made.sql);
        assert_eq!(names(&path), before);
        assert_eq!(names(db.folder()).iter().filter(|name| name.contains("squash")).count(), 0);
    }

    fn a_database_with_some_of_them_is_told_which_are_missing(db: &mut TestDatabase) {
        let path = folder(db);
        let whole = load(&path);
        let some = MigrationSet { migrations: whole.migrations[..3].to_vec(), ..whole.clone() };
        migrate(db, &some).expect("applies");
        write(&whole, db.url(), &place(db), &options("0005")).expect("is written");
        let set = load(&path);
        let now = status(&set, &history(db));
        assert_eq!(now.migrations[0].state, MigrationState::HalfReplaced, "{now:?}");
        let error = plan(db, &set).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::BaselineHalfApplied);
        assert!(error.to_string().contains("`0004_pets`, `0005_pets`"), "{error}");
    }

    fn a_baseline_with_another_constraint_or_another_row_is_refused(db: &mut TestDatabase) {
        let path = folder(db);
        let set = load(&path);
        let before = names(&path);
        for (old, new, said) in [("'Cy'", "'Di'", "rows of `"), ("varchar(9)", "varchar(8)", "pets.data"), ("<> ''", "<> 'x'", "ship_named")] {
            let edit = |sql: String| {
                let edited = sql.replacen(old, new, 1);
                let edited = if edited == sql { sql.replacen("character varying(9)", "character varying(8)", 1) } else { edited };
                assert_ne!(edited, sql, "{old} is in {sql}");
                edited
            };
            let error = squash_edited(&set, db.url(), &place(db), &options("0005"), edit).expect_err("differs");
            assert_eq!(error.code(), ErrorCode::SquashDiffers);
            assert!(error.to_string().contains(said), "{error}");
        }
        assert_eq!(names(&path), before);
    }

    fn an_edited_old_migration_is_seen_through_the_baseline(db: &mut TestDatabase) {
        let path = folder(db);
        migrate(db, &load(&path)).expect("applies");
        std::fs::write(path.join("0005_pets.sql"), "UPDATE pets SET name = 'Other' WHERE id = 9").expect("is written");
        write(&load(&path), db.url(), &place(db), &options("0005")).expect("is written");
        let now = status(&load(&path), &history(db));
        // As with any edited migration: what the database has is not what the files say.
        assert_eq!(now.overall, Overall::Diverged, "{now:?}");
    }

    fn a_baseline_can_be_folded_again(db: &mut TestDatabase) {
        let path = folder(db);
        migrate(db, &load(&path)).expect("applies");
        write(&load(&path), db.url(), &place(db), &options("0003")).expect("is written");
        let (mut between, _) = fresh(db.engine(), &load(&path));
        write(&load(&path), db.url(), &place(db), &options("0006")).expect("is written");
        let set = load(&path);
        assert_eq!(names(&path), ["0006_baseline.sql", "README.md"]);
        for db in [db, &mut between] {
            let now = status(&set, &history(db));
            assert_eq!(now.overall, Overall::Current, "{now:?}");
        }
    }
}

#[test]
fn a_folder_of_diesel_gets_a_folder_for_its_baseline() {
    let db = TestDatabase::new(Engine::Sqlite);
    let path = db.folder().join("migrations");
    for (name, sql) in
        [("2024-01-01-000000_a", "CREATE TABLE a (id int)"), ("2024-01-02-000000_b", "CREATE TABLE b (id int)")]
    {
        std::fs::create_dir_all(path.join(name)).expect("a folder");
        std::fs::write(path.join(name).join("up.sql"), sql).expect("is written");
        std::fs::write(path.join(name).join("down.sql"), "SELECT 1").expect("is written");
    }
    write(&load(&path), db.url(), &place(&db), &options("20240102000000")).expect("is written");
    assert_eq!(names(&path), ["2024-01-02-000000_baseline"]);
    assert_eq!(names(&path.join("2024-01-02-000000_baseline")), ["up.sql"]);
}

#[test]
fn what_cannot_be_folded_is_said() {
    let db = TestDatabase::new(Engine::Sqlite);
    let path = folder(&db);
    for to in ["0001", "0099"] {
        let error = squash(&load(&path), db.url(), &place(&db), &options(to)).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SquashRefused, "{error}");
    }
}

#[test]
fn the_command_proves_prints_and_writes() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let before = names(&harbour.root().join("migrations"));
    let last = load(&harbour.root().join("migrations")).newest().to_owned();
    let dry = harbour.run(&["migrate", "squash", "dev", "--to", &last, "--dry-run"]).exits(0);
    assert!(dry.stdout.contains("proven equal") && dry.stdout.contains("CREATE TABLE"), "{}", dry.text());
    assert_eq!(names(&harbour.root().join("migrations")), before);
    harbour.run(&["migrate", "squash", "dev", "--to", "nothing"]).exits(2).says(&["migrate::cannot_squash"]);
    let done = harbour.run(&["migrate", "squash", "dev", "--to", &last, "--name", "begin"]).exits(0);
    assert!(done.stdout.contains("3 migrations are folded"), "{}", done.text());
    assert_eq!(names(&harbour.root().join("migrations")).len(), 1);
    harbour.run(&["migrate", "status", "dev"]).exits(0);
    harbour.run(&["migrate", "drift", "dev"]).exits(0);
}
