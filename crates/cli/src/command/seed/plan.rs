//! `plimsoll seed plan`: what would be written. Writing is `apply`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};

use super::{Context, load, make, show};
use crate::args::Environment;
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let seeds = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let plan = make(db.as_mut(), &seeds)?;
    show(&plan, context);
    Ok(Exit::Ok)
}
