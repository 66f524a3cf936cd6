//! Reads layouts with a folder for each migration: diesel's and Prisma's. Which of them a project has is `detect`'s to say.

use std::path::Path;

use serde::Deserialize;

use super::files::{Listing, is_ignored, read_text, stray, text_name};
use super::{Down, Layout, Migration, MigrationSet, name, says_nothing};
use crate::error::{Problem, ProblemKind};

/// diesel's `metadata.toml`. As diesel reads it, a file that doesn't name the key means no transaction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    #[serde(default)]
    run_in_transaction: bool,
}

/// Reads the folder of one migration, and tells its layout when it has one.
pub(super) fn read(
    folder: &Path,
    listing: Listing,
    set: &mut MigrationSet,
    problems: &mut Vec<Problem>,
) -> Option<Layout> {
    let Listing { folders, files } = listing;
    let (up, prisma) = (folder.join("up.sql"), folder.join("migration.sql"));
    let (layout, file) = match (files.contains(&up), files.contains(&prisma)) {
        (true, false) => (Layout::Diesel, up),
        (false, true) => (Layout::Prisma, prisma),
        (true, true) => {
            let message = format!("`{}` has an `up.sql` and a `migration.sql`: keep one", folder.display());
            problems.push(Problem::new(ProblemKind::Layout, message));
            return None;
        }
        (false, false) => {
            let message = format!("`{}` has no `up.sql` and no `migration.sql`", folder.display());
            problems.push(Problem::new(ProblemKind::Layout, message));
            return None;
        }
    };
    let name = text_name(folder);
    let version = if layout == Layout::Prisma { name::prisma_version(&name) } else { name::version(&name) };
    let Some(version) = version else {
        problems.push(name::problem(folder));
        return Some(layout);
    };
    let Some((bytes, text)) = read_text(&file, problems) else { return Some(layout) };
    let mut migration = Migration::new(version, &name, file, &bytes, &text);
    for inner in files.into_iter().chain(folders) {
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
    // diesel reads one file for both directions.
    let declared = migration.declared_transaction;
    if let Some(down) = migration.down.as_mut().filter(|_| layout == Layout::Diesel) {
        down.declared_transaction = down.declared_transaction.or(declared);
    }
    set.migrations.push(migration);
    Some(layout)
}

/// Reads a script that takes back.
pub(super) fn read_down(file: &Path, problems: &mut Vec<Problem>) -> Option<Down> {
    let (_, text) = read_text(file, problems)?;
    Some(Down::new(file.to_owned(), &text)).filter(|down| !says_nothing(&down.sql))
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
