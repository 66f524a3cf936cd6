//! Prisma's `migration_lock.toml`: which database its migrations are written for. Prisma's own history is left alone.

use std::path::Path;

use plimsoll_core::Location;
use plimsoll_core::db::Engine;
use serde::Deserialize;

use super::{MigrationSet, files};
use crate::error::{Problem, ProblemKind};

/// The file's name.
pub(super) const LOCK: &str = "migration_lock.toml";

#[derive(Debug, Deserialize)]
struct Lock {
    provider: String,
}

/// Checks that migrations written by Prisma are meant for the engine they are to be applied to.
///
/// # Errors
/// [`ProblemKind::Layout`] when `migration_lock.toml` names another provider.
pub fn check_prisma_provider(set: &MigrationSet, engine: Engine) -> Result<(), Problem> {
    let Some(provider) = &set.provider else { return Ok(()) };
    let fits = match engine {
        Engine::Postgres => matches!(provider.as_str(), "postgresql" | "postgres" | "cockroachdb"),
        Engine::Mysql => provider == "mysql",
        Engine::Sqlite => provider == "sqlite",
    };
    if fits {
        return Ok(());
    }
    let file = set.path.join(LOCK);
    let message = format!("the migrations are written for {provider}, the database is {engine}");
    Err(Problem::new(ProblemKind::Layout, message).at(Location::start_of(&file)))
}

pub(super) fn provider(file: &Path, problems: &mut Vec<Problem>) -> Option<String> {
    let (_, text) = files::read_text(file, problems)?;
    match toml::from_str::<Lock>(&text) {
        Ok(lock) => Some(lock.provider),
        Err(error) => {
            let location = Location::of_offset(file, &text, error.span().map_or(0, |span| span.start));
            let message = format!("`{}` names no provider: {}", file.display(), error.message());
            problems.push(Problem::new(ProblemKind::Layout, message).at(location));
            None
        }
    }
}
