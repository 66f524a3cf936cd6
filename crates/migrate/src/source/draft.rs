//! Begins the next migration of a folder, in the layout that the folder has. What goes into it is its author's.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Layout, Migration, MigrationKind, MigrationSet, Position, name};
use crate::error::{MigrateError, Problem, ProblemKind};

/// Creates the files of the next migration and gives their paths, that of the script to apply first. A folder that is missing
/// or empty gets the layout that is asked for, or a flat one. `timestamp` is the time as `YYYYMMDDHHMMSS`, in UTC: folders
/// whose versions are timestamps get it, all others the next number.
///
/// # Errors
/// As [`MigrationSet::load`], except that the folder may be empty; [`ProblemKind::Layout`] for another layout than the
/// folder's, for a name that fits into no file name, and for Sqitch, whose plan wants to know who plans;
/// [`ProblemKind::Unreadable`] when a file cannot be written.
pub fn create_next(
    folder: &Path,
    layout: Option<Layout>,
    name: &str,
    timestamp: &str,
) -> Result<Vec<PathBuf>, MigrateError> {
    let set = match MigrationSet::load(folder) {
        Ok(set) => set,
        Err(MigrateError::Problem(problem)) if problem.kind == ProblemKind::Empty => {
            MigrationSet::new(layout.unwrap_or(Layout::Flat), folder)
        }
        Err(error) => return Err(error),
    };
    if let Some(asked) = layout.filter(|asked| *asked != set.layout && !set.migrations.is_empty()) {
        let message = format!("the layout of `{}` is {}, not {asked}", folder.display(), set.layout);
        return Err(Problem::new(ProblemKind::Layout, message).into());
    }
    let name = file_name(name)?;
    let drafts = drafts(&set, &name, timestamp)?;
    for (path, text) in &drafts {
        write(path, text)?;
    }
    Ok(drafts.into_iter().map(|(path, _)| path).collect())
}

/// The files and their texts.
fn drafts(set: &MigrationSet, name: &str, timestamp: &str) -> Result<Vec<(PathBuf, String)>, Problem> {
    let version = next_version(set, timestamp);
    let stem = format!("{version}_{name}");
    let up = format!("-- {name}: what is to be done\n");
    let down = format!("-- {name}: how it is taken back\n");
    // One more file for the way back only where such files are kept, or where nothing is kept yet.
    let both = set.migrations.is_empty() || set.migrations.iter().any(|migration| migration.down.is_some());
    let pair = |up_name: String, down_name: String| {
        let mut files = vec![(set.path.join(up_name), up.clone())];
        files.extend(both.then(|| (set.path.join(down_name), down.clone())));
        files
    };
    Ok(match set.layout {
        Layout::Diesel => {
            vec![(set.path.join(&stem).join("up.sql"), up), (set.path.join(&stem).join("down.sql"), down)]
        }
        Layout::Prisma => vec![(set.path.join(&stem).join("migration.sql"), up)],
        Layout::GolangMigrate => {
            vec![(set.path.join(format!("{stem}.up.sql")), up), (set.path.join(format!("{stem}.down.sql")), down)]
        }
        Layout::Flat | Layout::Sqlx if both => pair(format!("{stem}.up.sql"), format!("{stem}.down.sql")),
        Layout::Flat | Layout::Sqlx => pair(format!("{stem}.sql"), String::new()),
        Layout::Flyway => pair(format!("V{version}__{name}.sql"), format!("U{version}__{name}.sql")),
        Layout::Dbmate => {
            vec![(set.path.join(format!("{stem}.sql")), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"))]
        }
        Layout::Goose => {
            vec![(set.path.join(format!("{stem}.sql")), format!("-- +goose Up\n{up}\n-- +goose Down\n{down}"))]
        }
        Layout::Sqitch => {
            let message = format!("Sqitch's plan names who plans a change: run `sqitch add {name}`");
            return Err(Problem::new(ProblemKind::Layout, message));
        }
        Layout::Embedded => {
            let message = "embedded migrations are no files: add one to the list in the program".to_owned();
            return Err(Problem::new(ProblemKind::Layout, message));
        }
    })
}

/// The time, or the number after the newest one, written as the others are. It always comes after the newest.
fn next_version(set: &MigrationSet, timestamp: &str) -> String {
    let newest = set.migrations.iter().rfind(|migration| migration.kind == MigrationKind::Versioned);
    let of_time = match newest {
        None => set.layout != Layout::Flyway,
        Some(newest) => number_of(set.layout, newest).is_none_or(|number| number.len() >= timestamp.len()),
    };
    let Some(newest) = newest else {
        return if of_time { timestamp.to_owned() } else { "1".to_owned() };
    };
    // diesel's own generator writes dashes.
    let dashed = set.layout == Layout::Diesel && newest.name.split('_').next().is_some_and(|text| text.contains('-'));
    if of_time && Position::of_version(set.layout, timestamp) > Position::of_version(set.layout, &newest.version) {
        return match (dashed, timestamp.len()) {
            (true, 14) => {
                let (date, time) = timestamp.split_at(8);
                format!("{}-{}-{}-{time}", &date[..4], &date[4..6], &date[6..])
            }
            _ => timestamp.to_owned(),
        };
    }
    let (before, number) = newest.version.rsplit_once('.').map_or(("", newest.version.as_str()), |(a, b)| (a, b));
    let number = name::leading_digits(number).unwrap_or_default();
    let next = successor(&number);
    if before.is_empty() { next } else { format!("{before}.{next}") }
}

/// The number that tells a migration's version, without what follows it.
fn number_of(layout: Layout, migration: &Migration) -> Option<String> {
    match layout {
        Layout::Flyway => migration.version.rsplit('.').next().map(str::to_owned),
        _ => name::leading_digits(&migration.version),
    }
}

/// The next number, with as many digits at least.
fn successor(digits: &str) -> String {
    let nines = digits.len() - digits.trim_end_matches('9').len();
    let (kept, turned) = digits.split_at(digits.len() - nines);
    let zeros = "0".repeat(turned.len());
    match kept.char_indices().next_back() {
        Some((at, last)) => {
            let next = char::from_digit(last.to_digit(10).unwrap_or(0) + 1, 10).unwrap_or('1');
            format!("{}{next}{zeros}", &kept[..at])
        }
        None => format!("1{zeros}"),
    }
}

fn file_name(name: &str) -> Result<String, Problem> {
    let name = name.trim().replace([' ', '-'], "_");
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = "a migration's name is made of letters, digits and `_`: `add_email_to_users`";
        return Err(Problem::new(ProblemKind::Layout, message));
    }
    Ok(name)
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        // What is there already is never written over.
        .and_then(|()| fs::OpenOptions::new().write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| {
        let mut problem = Problem::new(ProblemKind::Unreadable, format!("cannot write `{}`", path.display()));
        problem.source = Some(source);
        problem
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const NOW: &str = "20260102030405";

    fn created(files: &[&str], layout: Option<Layout>) -> Vec<String> {
        let root = TempDir::new().expect("a temporary folder");
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("a folder");
            let text = match layout {
                Some(Layout::Dbmate) => "-- migrate:up\nSELECT 1;",
                Some(Layout::Goose) => "-- +goose Up\nSELECT 1;",
                _ => "SELECT 1;",
            };
            fs::write(path, text).expect("a file");
        }
        let created = create_next(root.path(), layout, "add x", NOW).expect("is created");
        let set = MigrationSet::load(root.path()).expect("still loads");
        assert_eq!(set.migrations.last().expect("is there").file, created[0], "the new one is the last");
        let relative = |path: PathBuf| path.strip_prefix(root.path()).expect("is inside").display().to_string();
        created.into_iter().map(relative).collect()
    }

    #[test]
    fn the_next_migration_is_written_as_those_before_it() {
        assert_eq!(created(&["0009_a.sql"], None), ["0010_add_x.sql"]);
        assert_eq!(created(&["9_a.up.sql", "9_a.down.sql"], None), ["10_add_x.up.sql", "10_add_x.down.sql"]);
        assert_eq!(created(&["V1.9__a.sql"], None), ["V1.10__add_x.sql"]);
        assert_eq!(created(&["V2__a.sql", "U2__a.sql"], None), ["V3__add_x.sql", "U3__add_x.sql"]);
        assert_eq!(created(&["20250101000000_a/migration.sql"], None), ["20260102030405_add_x/migration.sql"]);
        let diesel = ["2026-01-02-030405_add_x/up.sql", "2026-01-02-030405_add_x/down.sql"];
        assert_eq!(created(&["2025-01-01-000000_a/up.sql"], None), diesel);
        assert_eq!(created(&["20250101000000_a.sql"], Some(Layout::Dbmate)), ["20260102030405_add_x.sql"]);
        assert_eq!(created(&["00001_a.sql"], Some(Layout::Goose)), ["00002_add_x.sql"]);
    }

    #[test]
    fn a_version_of_the_future_is_followed_by_the_next_one() {
        assert_eq!(created(&["20991231235959_a.sql"], None), ["20991231235960_add_x.sql"]);
    }

    #[test]
    fn an_empty_folder_gets_the_layout_that_is_asked_for() {
        assert_eq!(created(&[], None), ["20260102030405_add_x.up.sql", "20260102030405_add_x.down.sql"]);
        assert_eq!(created(&[], Some(Layout::Flyway)), ["V1__add_x.sql", "U1__add_x.sql"]);
        assert_eq!(created(&[], Some(Layout::Goose)), ["20260102030405_add_x.sql"]);
    }

    #[test]
    fn another_layout_and_names_of_other_folders_are_refused() {
        let root = TempDir::new().expect("a temporary folder");
        fs::write(root.path().join("1_a.sql"), "SELECT 1").expect("a file");
        let refused = |layout, name| create_next(root.path(), layout, name, NOW).expect_err("is refused").to_string();
        assert!(refused(Some(Layout::Goose), "x").contains("is flat (`0001_name.sql`), not goose's"));
        assert!(refused(None, "../x").starts_with("a migration's name is made of letters"));
    }

    #[test]
    fn numbers_grow_when_their_digits_do_not_suffice() {
        assert_eq!((successor("0009"), successor("99"), successor("1")), ("0010".into(), "100".into(), "2".into()));
    }
}
