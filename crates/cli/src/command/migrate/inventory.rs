//! `migrate inventory`: what migrations are made of, without a database. Reading them is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::Engine;
use plimsoll_migrate::MigrationSet;
use plimsoll_migrate::inventory::inventory;

use super::{load, show};
use crate::args::{EngineName, Environment, MigrateInventory};
use crate::command::Context;
use crate::error::CliError;
use crate::inputs::git_files;

pub(super) fn run(arguments: &MigrateInventory, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let (set, engine) = match (&arguments.path, arguments.engine) {
        (Some(path), Some(engine)) => {
            let path = context.surroundings.current_dir.join(path);
            (MigrationSet::load(&path)?, engine_of(engine))
        }
        _ => {
            let environment = arguments.environment.clone().unwrap_or_default();
            let project =
                context.project(&Environment { environment, with: Vec::new(), profile: None, commit: None })?;
            (load(&project)?.0, project.engine())
        }
    };
    show(&inventory(&set, engine, &git_files(&set.path)), context);
    Ok(Exit::Ok)
}

fn engine_of(name: EngineName) -> Engine {
    match name {
        EngineName::Sqlite => Engine::Sqlite,
        EngineName::Postgres => Engine::Postgres,
        EngineName::Mysql => Engine::Mysql,
    }
}
