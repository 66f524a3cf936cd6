//! Tests of loading folders. What is inside of the files is tested in `split`.

use std::fs;

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().expect("a temporary folder");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("has a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    root
}

fn versions(root: &TempDir) -> Vec<String> {
    let set = MigrationSet::load(root.path()).expect("loads");
    set.migrations.into_iter().map(|migration| migration.version).collect()
}

fn refused(files: &[(&str, &str)]) -> (ErrorCode, String) {
    let root = folder(files);
    let error = MigrationSet::load(root.path()).expect_err("is refused");
    let parts: Vec<String> = error.parts().iter().map(ToString::to_string).collect();
    let text = if parts.is_empty() { error.to_string() } else { parts.join("\n") };
    (error.code(), text.replace(&format!("{}/", root.path().display()), ""))
}

#[test]
fn the_diesel_layout_brings_down_scripts_and_metadata() {
    let root = folder(&[
        ("2024-01-02-000000_second/up.sql", "SELECT 2"),
        ("2024-01-02-000000_second/metadata.toml", "run_in_transaction = false"),
        ("2024-01-01-000000_first/up.sql", "\u{feff}SELECT 1"),
        ("2024-01-01-000000_first/down.sql", "SELECT 0"),
        (".gitkeep", ""),
    ]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert_eq!(set.layout, Layout::Diesel);
    assert_eq!(set.newest(), "20240102000000");
    let first = set.get("20240101000000").expect("is there");
    assert_eq!((first.sql.as_str(), first.down.is_some(), first.declared_transaction), ("SELECT 1", true, None));
    assert_eq!(set.migrations[1].declared_transaction, Some(false));
    assert_eq!(set.strays.len(), 1);
}

#[test]
fn the_prisma_layout_is_checked_against_the_engine() {
    let root = folder(&[
        ("20240101000000_init/migration.sql", "SELECT 1"),
        ("migration_lock.toml", "provider = \"postgresql\"\n"),
    ]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert_eq!((set.layout, set.migrations[0].name.as_str()), (Layout::Prisma, "20240101000000_init"));
    assert!(check_prisma_provider(&set, Engine::Postgres).is_ok());
    let problem = check_prisma_provider(&set, Engine::Mysql).expect_err("is refused");
    assert_eq!(problem.to_string(), "the migrations are written for postgresql, the database is MySQL");
}

#[test]
fn flat_files_are_ordered_by_number() {
    let root = folder(&[
        ("10_ten.sql", "SELECT 1"),
        ("9_nine.up.sql", "SELECT 1"),
        ("9_nine.down.sql", "SELECT 1"),
        ("README.md", ""),
    ]);
    assert_eq!(versions(&root), ["9", "10"]);
}

#[test]
fn embedded_migrations_are_ordered_by_version() {
    let set = MigrationSet::from_embedded(&[("0002_b", "SELECT 2"), ("0001_a.sql", "SELECT 1")]).expect("loads");
    assert_eq!(set.migrations.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["0001_a", "0002_b"]);
    let error = MigrationSet::from_embedded(&[]).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::MigrationsEmpty);
}

#[test]
fn missing_and_empty_folders_are_errors() {
    let error = MigrationSet::load(Path::new("/nowhere/at/all")).expect_err("is refused");
    assert_eq!(error.to_string(), "the migrations folder `/nowhere/at/all` does not exist");
    assert_eq!(refused(&[(".gitkeep", "")]).0, ErrorCode::MigrationsEmpty);
}

#[test]
fn every_problem_of_a_folder_is_told_at_once() {
    let (code, text) = refused(&[
        ("0001_a/up.sql", "SELECT 1"),
        ("0001_b/up.sql", " \n"),
        ("0002_c/migration.sql", "SELECT 1"),
        ("0003_d/notes.txt", ""),
        ("seed.py", ""),
        ("0004_e.sql", "SELECT 1"),
    ]);
    assert_eq!(code, ErrorCode::MigrationsLayout);
    insta::assert_snapshot!(text, @r"
    `0003_d` has no `up.sql` and no `migration.sql`
    `seed.py` is not part of any migration: move it out of the folder
    the folder mixes layouts: `0001_a` is diesel's (`up.sql`), `0002_c` is Prisma's (`migration.sql`)
    `0001_a/up.sql` and `0001_b/up.sql` have the same version 0001
    `0001_b/up.sql` is empty
    ");
}

#[test]
fn versions_that_diesel_could_not_store_are_refused() {
    let name = format!("{}_x.sql", "1".repeat(51));
    let (code, text) = refused(&[(name.as_str(), "SELECT 1")]);
    assert_eq!(code, ErrorCode::MigrationsLayout);
    assert!(text.contains("longer than the 50 characters"), "{text}");
}
