//! `migrate verify`: proves ways back in a scratch database. How is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_migrate::verify::{VerifyOptions, VerifyOutcome, verify};

use super::{load, scratch, show};
use crate::args::MigrateVerify;
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(arguments: &MigrateVerify, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&arguments.environment)?;
    let (set, _) = load(&project)?;
    let place = scratch(&project, arguments.scratch.as_deref(), context)?;
    let options = VerifyOptions { from: arguments.from.clone() };
    let report = verify(&set, &project.database, &place, &options)?;
    show(&report, context);
    Ok(match report.outcome(arguments.require_down) {
        VerifyOutcome::Proven => Exit::Ok,
        VerifyOutcome::Wrong => Exit::CheckFailed,
        VerifyOutcome::Unmeasured => Exit::CouldNotMeasure,
    })
}
