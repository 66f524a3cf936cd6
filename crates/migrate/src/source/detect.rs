//! Reads a folder of migrations and finds out which layout it has. Order and versions as a set are checked by `MigrationSet`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Down, Layout, Migration, MigrationSet, name, prisma};
use crate::error::{Problem, ProblemKind};

/// diesel's `metadata.toml`. As diesel reads it, a file that doesn't name the key means no transaction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    #[serde(default)]
    run_in_transaction: bool,
}

/// What a folder holds, sorted by name.
struct Listing {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

pub(super) fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<MigrationSet> {
    if !path.is_dir() {
        let message = format!("the migrations folder `{}` does not exist", path.display());
        problems.push(Problem::new(ProblemKind::Empty, message));
        return None;
    }
    let listing = list(path, problems)?;
    let mut set = MigrationSet::new(Layout::Flat, path);
    let mut layouts: Vec<(Layout, PathBuf)> = Vec::new();
    for folder in &listing.folders {
        read_folder(folder, &mut set, &mut layouts, problems);
    }
    let mut downs = Vec::new();
    for file in &listing.files {
        let file_name = text_name(file);
        if let Some(stem) = file_name.strip_suffix(".down.sql") {
            downs.push((stem.to_owned(), file.clone()));
        } else if let Some(stem) = file_name.strip_suffix(".sql") {
            layouts.push((Layout::Flat, file.clone()));
            read_flat(file, stem.strip_suffix(".up").unwrap_or(stem), &mut set, problems);
        } else if file_name == prisma::LOCK {
            set.provider = prisma::provider(file, problems);
        } else if is_ignored(&file_name) {
            set.strays.push(file.clone());
        } else {
            problems.push(stray(file));
        }
    }
    for (stem, file) in downs {
        match set.migrations.iter_mut().find(|migration| migration.name == stem) {
            Some(migration) => migration.down = read_down(&file, problems),
            None => {
                let message = format!("`{}` takes back a migration that is not there", file.display());
                problems.push(Problem::new(ProblemKind::Layout, message));
            }
        }
    }
    if let Some((first, one)) = layouts.first() {
        set.layout = *first;
        if let Some((second, other)) = layouts.iter().find(|(layout, _)| layout != first) {
            let message = format!(
                "the folder mixes layouts: `{}` is {}, `{}` is {}",
                one.display(),
                described(*first),
                other.display(),
                described(*second)
            );
            problems.push(Problem::new(ProblemKind::Layout, message));
        }
    }
    Some(set)
}

fn read_folder(
    folder: &Path,
    set: &mut MigrationSet,
    layouts: &mut Vec<(Layout, PathBuf)>,
    problems: &mut Vec<Problem>,
) {
    if text_name(folder).starts_with('.') {
        set.strays.push(folder.to_owned());
        return;
    }
    let (up, prisma) = (folder.join("up.sql"), folder.join("migration.sql"));
    let (layout, file) = match (up.is_file(), prisma.is_file()) {
        (true, false) => (Layout::Diesel, up),
        (false, true) => (Layout::Prisma, prisma),
        (true, true) => {
            let message = format!("`{}` has an `up.sql` and a `migration.sql`: keep one", folder.display());
            problems.push(Problem::new(ProblemKind::Layout, message));
            return;
        }
        (false, false) => {
            let message = format!("`{}` has no `up.sql` and no `migration.sql`", folder.display());
            problems.push(Problem::new(ProblemKind::Layout, message));
            return;
        }
    };
    layouts.push((layout, folder.to_owned()));
    let name = text_name(folder);
    let Some(version) = name::version(&name) else {
        problems.push(name::problem(folder));
        return;
    };
    let Some(mut migration) = read_migration(&file, version, &name, problems) else { return };
    for inner in list(folder, problems).into_iter().flat_map(|listing| listing.files.into_iter().chain(listing.folders))
    {
        match text_name(&inner).as_str() {
            "down.sql" => migration.down = read_down(&inner, problems),
            "metadata.toml" if layout == Layout::Diesel => {
                // What a comment in the file itself says stands; diesel would not know the comment.
                let declared = read_metadata(&inner, problems);
                migration.declared_transaction = migration.declared_transaction.or(declared);
            }
            "up.sql" | "migration.sql" => {}
            other if is_ignored(other) => set.strays.push(inner),
            _ => problems.push(stray(&inner)),
        }
    }
    set.migrations.push(migration);
}

fn read_flat(file: &Path, stem: &str, set: &mut MigrationSet, problems: &mut Vec<Problem>) {
    match name::flat_version(stem) {
        Some(version) => set.migrations.extend(read_migration(file, version, stem, problems)),
        None => problems.push(name::problem(file)),
    }
}

fn read_migration(file: &Path, version: String, name: &str, problems: &mut Vec<Problem>) -> Option<Migration> {
    let (bytes, text) = read_text(file, problems)?;
    Some(Migration::new(version, name, file.to_owned(), &bytes, &text))
}

fn read_down(file: &Path, problems: &mut Vec<Problem>) -> Option<Down> {
    let (_, text) = read_text(file, problems)?;
    let sql = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    // diesel's generator leaves a down.sql that says only that something should be written there.
    (!sql.trim().is_empty()).then(|| Down { file: file.to_owned(), sql })
}

fn read_metadata(file: &Path, problems: &mut Vec<Problem>) -> Option<bool> {
    let (_, text) = read_text(file, problems)?;
    match toml::from_str::<Metadata>(&text) {
        Ok(metadata) => Some(metadata.run_in_transaction),
        Err(error) => {
            // diesel would silently take its default.
            let location = plimsoll_core::Location::of_offset(file, &text, error.span().map_or(0, |span| span.start));
            let message = format!("`{}` is no metadata that diesel understands: {}", file.display(), error.message());
            problems.push(Problem::new(ProblemKind::Layout, message).at(location));
            None
        }
    }
}

pub(super) fn read_text(file: &Path, problems: &mut Vec<Problem>) -> Option<(Vec<u8>, String)> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(Problem::unreadable(file, error));
            return None;
        }
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let text = text.to_owned();
            Some((bytes, text))
        }
        Err(error) => {
            let message = format!("`{}` is not UTF-8 text, from byte {} on", file.display(), error.valid_up_to() + 1);
            problems.push(Problem::new(ProblemKind::Unreadable, message));
            None
        }
    }
}

fn list(path: &Path, problems: &mut Vec<Problem>) -> Option<Listing> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match entries {
        Ok(entries) => {
            let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
            paths.sort();
            // Links count as what they point to.
            let (folders, files) = paths.into_iter().partition(|path| path.is_dir());
            Some(Listing { folders, files })
        }
        Err(error) => {
            problems.push(Problem::unreadable(path, error));
            None
        }
    }
}

fn text_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Files people and systems leave in any folder.
fn is_ignored(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with('.') || lower.ends_with(".md") || lower == "thumbs.db"
}

fn stray(path: &Path) -> Problem {
    let message = format!("`{}` is not part of any migration: move it out of the folder", path.display());
    Problem::new(ProblemKind::Layout, message)
}

fn described(layout: Layout) -> &'static str {
    match layout {
        Layout::Diesel => "diesel's (`up.sql`)",
        Layout::Prisma => "Prisma's (`migration.sql`)",
        Layout::Flat => "flat (`0001_name.sql`)",
        Layout::Embedded => "embedded",
    }
}
