//! diesel's stock harness and this crate, side by side on one database. What diesel does by itself is diesel's.

use std::fs;
use std::path::Path;

use diesel::sqlite::Sqlite;
use diesel::{Connection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, FileBasedMigrations, MigrationHarness, embed_migrations};
use plimsoll_migrate::{Migration, MigrationSet, Note};
use tempfile::TempDir;

use crate::database::{database, set};

#[test]
fn diesels_harness_agrees_about_what_is_applied_and_pending() {
    let mut test = database();
    let all = set(&[("0001_a", "CREATE TABLE a (x);"), ("0002_b", "CREATE TABLE b (x);")]);
    test.apply(&set(&[("0001_a", "CREATE TABLE a (x);")])).expect("applies");
    let mut conn = SqliteConnection::establish(&test.path()).expect("connects");
    let applied: Vec<_> = conn.applied_migrations().expect("readable").iter().map(ToString::to_string).collect();
    assert_eq!(applied, ["0001"]);
    let pending: Vec<_> =
        conn.pending_migrations(all.clone()).expect("readable").iter().map(|m| m.name().to_string()).collect();
    assert_eq!(pending, ["0002_b"]);
    conn.run_pending_migrations(all.clone()).expect("diesel applies it");
    let plan = test.plan(&all);
    assert!(plan.steps.is_empty());
    assert_eq!(plan.notes, [Note::NoChecksum { version: "0002".to_owned() }]);
}

#[test]
fn a_diesel_folder_means_the_same_to_both() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, sql) in [("2024-02-01-000000_b", "CREATE TABLE b (x);"), ("2024-01-01-000000_a", "CREATE TABLE a (x);")]
    {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        fs::write(folder.path().join(name).join("up.sql"), sql).expect("a file");
        fs::write(folder.path().join(name).join("down.sql"), "SELECT 1;").expect("a file");
    }
    let ours = MigrationSet::load(folder.path()).expect("loads");
    let stock = FileBasedMigrations::from_path(folder.path()).expect("loads");
    let mut conn = SqliteConnection::establish(":memory:").expect("connects");
    let names = |list: Vec<Box<dyn diesel::migration::Migration<diesel::sqlite::Sqlite>>>| {
        list.iter().map(|m| (m.name().to_string(), m.name().version().to_string())).collect::<Vec<_>>()
    };
    assert_eq!(
        names(conn.pending_migrations(ours).expect("readable")),
        names(conn.pending_migrations(stock).expect("readable"))
    );
}

const EMBEDDED: EmbeddedMigrations = embed_migrations!("tests/embedded");

#[test]
fn what_diesel_embeds_is_applied_as_its_folder_would_be() {
    let embedded = MigrationSet::from_diesel::<Sqlite>(&EMBEDDED).expect("is taken over");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/embedded");
    let loaded = MigrationSet::load(&folder).expect("loads");
    let told = |set: &MigrationSet| {
        let each = |one: &Migration| {
            let down = one.down.as_ref().map(|down| (down.sql.clone(), down.declared_transaction));
            (
                one.version.clone(),
                one.name.clone(),
                one.sql.clone(),
                one.checksum.clone(),
                one.declared_transaction,
                down,
            )
        };
        set.migrations.iter().map(each).collect::<Vec<_>>()
    };
    assert_eq!(told(&embedded), told(&loaded));
    let mut test = database();
    assert_eq!(test.apply(&embedded).expect("applies").applied.len(), 2);
    assert!(test.plan(&loaded).steps.is_empty());
}
