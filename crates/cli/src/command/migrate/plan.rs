//! `migrate plan`: what `migrate up` would apply. Nothing is written.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_migrate::MigratePlan;
use serde::Serialize;

use super::hazards::{Hazards, hazards};
use super::{load, make};
use crate::args::{Environment, Format};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let (set, settings) = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let plan = make(db.as_mut(), &set, settings)?;
    let hazards = hazards(db.as_mut(), &set, settings, &plan)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{plan}{hazards}")),
        Format::Json => context.terminal.json(&WithHazards { plan: &plan, hazards: &hazards }),
    }
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct WithHazards<'a> {
    #[serde(flatten)]
    plan: &'a MigratePlan,
    hazards: &'a Hazards,
}
