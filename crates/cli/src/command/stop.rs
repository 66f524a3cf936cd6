//! `plimsoll stop`: ends what serves in an environment.

use plimsoll_core::Exit;

use super::Context;
use crate::args::{Format, Stop};
use crate::error::CliError;

pub(super) fn run(args: &Stop, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let releases = plimsoll_deploy::declared_releases(&project)?;
    let options = context.options(std::time::Duration::ZERO);
    let stopped = plimsoll_deploy::stop(&project, &releases, &options)?;
    match context.terminal.format {
        Format::Text if stopped.is_empty() => context.terminal.result("nothing was running any more\n"),
        Format::Text => stopped.iter().for_each(|what| context.terminal.result(&format!("stopped {what}\n"))),
        Format::Json => context.terminal.json(&serde_json::json!({ "stopped": stopped })),
    }
    Ok(Exit::Ok)
}
