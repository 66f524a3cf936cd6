//! `migrate plan`: what `migrate up` would apply. Nothing is written.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};

use super::{lint, load, make, show};
use crate::args::{Environment, Format};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let (set, settings) = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let plan = make(db.as_mut(), &set, settings)?;
    show(&plan, context);
    if context.terminal.format == Format::Text {
        let hazards = lint::hazards(db.as_mut(), &set, settings, &plan)?;
        context.terminal.result(&hazards);
    }
    Ok(Exit::Ok)
}
