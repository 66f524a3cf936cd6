//! `plimsoll seed verify`: whether the database holds what it should. Writes nothing.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};

use super::Context;
use crate::args::{Environment, Format};
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let expectations = plimsoll_deploy::expectations(&project);
    let mut db = connect(&project.database, Access::Read)?;
    plimsoll_seed::verify(db.as_mut(), &expectations).map_err(CliError::Unmet)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&hold(expectations.len())),
        Format::Json => context.terminal.json(&serde_json::json!({ "expectations": expectations.len(), "hold": true })),
    }
    Ok(Exit::Ok)
}

fn hold(expectations: usize) -> String {
    if expectations == 1 { "1 expectation holds\n".to_owned() } else { format!("{expectations} expectations hold\n") }
}
