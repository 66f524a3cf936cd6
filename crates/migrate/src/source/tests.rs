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
fn a_large_folder_is_read_in_its_order_with_all_its_problems() {
    let text = |number: usize| format!("SELECT {number}");
    let files: Vec<(String, String)> = (100..350)
        .flat_map(|number| {
            let (up, down) = (format!("0{number}_a.up.sql"), format!("0{number}_a.down.sql"));
            [(up, text(number)), (down, text(number + 1_000))]
        })
        .collect();
    let names = |files: &[(String, String)]| -> TempDir {
        folder(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
    };
    let set = MigrationSet::load(names(&files).path()).expect("loads");
    assert_eq!((set.layout, set.migrations.len()), (Layout::GolangMigrate, 250));
    for (migration, number) in set.migrations.iter().zip(100..) {
        assert_eq!((migration.version.as_str(), &migration.sql), (format!("0{number}").as_str(), &text(number)));
        assert_eq!(migration.down.as_ref().map(|down| down.sql.as_str()), Some(text(number + 1_000).as_str()));
    }

    let folders: Vec<(String, String)> =
        (100..350).map(|number| (format!("0{number}_a/up.sql"), text(number))).collect();
    let root = names(&folders);
    assert_eq!(versions(&root), (100..350).map(|number| format!("0{number}")).collect::<Vec<_>>());
    for number in [120, 200, 340] {
        fs::rename(root.path().join(format!("0{number}_a/up.sql")), root.path().join(format!("0{number}_a/odd.sql")))
            .expect("is renamed");
    }
    let error = MigrationSet::load(root.path()).expect_err("is refused");
    let told: Vec<String> = error.parts().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    for (told, number) in told.iter().zip([120, 200, 340]) {
        assert!(told.contains(&format!("0{number}_a` has no `up.sql`")), "{told}");
    }
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
fn flyways_layout_has_undo_scripts_settings_and_folders() {
    let root = folder(&[
        ("V1_10__ten.sql", "SELECT 10"),
        ("V1.9__nine.sql", "SELECT 9"),
        ("V1.9__nine.sql.conf", "# why\nexecuteInTransaction=false\n"),
        ("U1.09__nine.sql", "SELECT -9"),
        ("2/V2__two.sql", "SELECT 2"),
        ("R__b_view.sql", "SELECT 'b'"),
        ("R__a_view.sql", "SELECT 'a'"),
    ]);
    let set = MigrationSet::load(root.path()).expect("loads");
    let found: Vec<_> = set.migrations.iter().map(|each| (each.version.as_str(), each.name.as_str())).collect();
    assert_eq!(set.layout, Layout::Flyway);
    let expected = [("1.9", "V1.9__nine"), ("1.10", "V1_10__ten"), ("2", "V2__two")];
    assert_eq!(found, [expected.as_slice(), &[("R__a_view", "R__a_view"), ("R__b_view", "R__b_view")]].concat());
    assert_eq!((set.newest(), set.migrations[4].kind), ("2", MigrationKind::Repeatable));
    assert_eq!(set.migrations[0].declared_transaction, Some(false));
    assert_eq!(set.migrations[0].down.as_ref().map(|down| down.sql.as_str()), Some("SELECT -9"));
}

#[test]
fn flyways_versions_are_the_same_with_zeros_or_underscores() {
    let (code, text) = refused(&[("V1__a.sql", "SELECT 1"), ("V1.0__b.sql", "SELECT 1"), ("U3__c.sql", "SELECT 1")]);
    assert_eq!(code, ErrorCode::MigrationsLayout);
    assert!(text.contains("`U3__c.sql` takes back a migration that is not there"), "{text}");
    assert!(text.contains("have the same version"), "{text}");
    assert!(refused(&[("B1__a.sql", "SELECT 1")]).1.contains("`B1__a.sql` is a baseline"));
    assert!(refused(&[("V1__a.sql", "SELECT '${b}'")]).1.contains("is a placeholder of Flyway"));
    assert!(refused(&[("V1__a.sql", "SELECT 1"), ("V1__a.sql.conf", "shouldExecute=x")]).1.contains("`shouldExecute`"));
}

#[test]
fn repeatable_files_stand_among_flat_ones_and_not_among_folders() {
    let root = folder(&[("R__view.sql", "SELECT '${kept}'"), ("1_a.sql", "SELECT 1")]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert_eq!((set.layout, set.newest()), (Layout::Flat, "1"));
    assert_eq!(versions(&root), ["1", "R__view"]);
    let (_, text) = refused(&[("1_a/up.sql", "SELECT 1"), ("R__view.sql", "SELECT 1")]);
    assert!(text.starts_with("the folder mixes layouts: `1_a` is diesel's (`up.sql`), `R__view.sql`"), "{text}");
}

#[test]
fn pairs_and_comments_tell_the_numbered_layouts_apart() {
    let pairs = folder(&[("10_b.up.sql", "SELECT 1"), ("9_a.up.sql", "SELECT 1"), ("9_a.down.sql", "SELECT 0")]);
    let set = MigrationSet::load(pairs.path()).expect("loads");
    assert_eq!((set.layout, set.migrations[0].down.is_some()), (Layout::GolangMigrate, true));
    assert_eq!(versions(&pairs), ["9", "10"]);
    let sqlx = folder(&[
        ("20240101000000_a.sql", "\u{feff}-- no-transaction\nSELECT 1"),
        ("20240102000000_b.up.sql", "SELECT 1"),
        ("20240102000000_b.down.sql", "SELECT 0"),
    ]);
    let set = MigrationSet::load(sqlx.path()).expect("loads");
    assert_eq!((set.layout, set.migrations[0].declared_transaction), (Layout::Sqlx, Some(false)));
    assert_eq!(set.migrations[1].declared_transaction, None);
}

#[test]
fn dbmates_files_are_ordered_by_name_and_gooses_by_number() {
    let dbmate = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 0;";
    let root = folder(&[("9_a.sql", dbmate), ("10_b.sql", dbmate)]);
    assert_eq!(MigrationSet::load(root.path()).expect("loads").layout, Layout::Dbmate);
    assert_eq!(versions(&root), ["10", "9"]);
    let goose = "-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 0;";
    let root = folder(&[("00009_a.sql", goose), ("10_b.sql", goose)]);
    assert_eq!(MigrationSet::load(root.path()).expect("loads").layout, Layout::Goose);
    assert_eq!(versions(&root), ["00009", "10"]);
    let (_, text) = refused(&[("1_a.sql", goose), ("2_b.go", "package migrations"), ("3_c.sql", "SELECT 1")]);
    assert!(text.contains("`2_b.go` is a migration written in Go"), "{text}");
    assert!(text.contains("`1_a.sql` is goose's (`-- +goose Up`), `3_c.sql` is flat"), "{text}");
}

#[test]
fn a_sqitch_project_is_read_in_the_order_of_its_plan() {
    let plan = "%syntax-version=1.0.0\n%project=p\n\nzebra 2026-01-01T00:00:00Z A <a@b.c> # z\nant [zebra] 2026-01-01T00:00:00Z A <a@b.c> # a\n";
    let root = folder(&[
        ("sqitch.plan", plan),
        ("sqitch.conf", "[core]\n"),
        ("deploy/zebra.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n"),
        ("deploy/ant.sql", "SELECT 2;"),
        ("deploy/forgotten.sql", "SELECT 3;"),
        ("revert/ant.sql", "BEGIN;\nSELECT 0;\nCOMMIT;"),
        ("verify/ant.sql", "BEGIN;\nSELECT 1/1;\nROLLBACK;"),
    ]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert_eq!((set.layout, set.newest()), (Layout::Sqitch, "ant"));
    assert_eq!(versions(&root), ["zebra", "ant"]);
    assert_eq!(set.migrations[0].sql, "\nSELECT 1;\n\n");
    let ant = &set.migrations[1];
    assert_eq!(ant.down.as_ref().map(|down| down.sql.as_str()), Some("\nSELECT 0;\n"));
    assert_eq!(ant.verify.as_ref().map(|verify| verify.sql.as_str()), Some("\nSELECT 1/1;\n"));
    assert_eq!(set.strays, [root.path().join("deploy/forgotten.sql")]);
    let (_, text) = refused(&[("sqitch.plan", plan), ("deploy/ant.sql", "SELECT 2;")]);
    assert_eq!(text, "the change `zebra` has no script `deploy/zebra.sql`");
}

#[test]
fn prisma_folders_of_one_day_are_two_versions_in_the_order_of_their_names() {
    let long = format!("20251027_{}", "x".repeat(60));
    let root = folder(&[
        ("20251026_b/migration.sql", "SELECT 1"),
        ("20251026_a/migration.sql", "SELECT 1"),
        (&format!("{long}/migration.sql"), "SELECT 1"),
    ]);
    assert_eq!(versions(&root), ["20251026_a", "20251026_b", "20251027"]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert!(set.get("20251026").is_none(), "two folders could be meant");
    let root = folder(&[("20251026_b/migration.sql", "SELECT 1")]);
    let set = MigrationSet::load(root.path()).expect("loads");
    assert_eq!(set.get("20251026").map(|migration| migration.version.as_str()), Some("20251026_b"));
}

#[test]
fn embedded_migrations_may_be_repeatable_and_have_down_scripts() {
    let set = MigrationSet::from_embedded(&[
        ("R__view", "SELECT 3"),
        ("0001_a.down.sql", "SELECT 0"),
        ("0001_a.up.sql", "SELECT 1"),
    ])
    .expect("loads");
    assert_eq!((set.migrations[0].name.as_str(), set.newest()), ("0001_a", "0001"));
    assert!(set.migrations[0].down.is_some());
    assert_eq!(set.migrations[1].kind, MigrationKind::Repeatable);
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
