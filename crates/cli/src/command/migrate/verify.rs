//! `migrate verify`: proves ways back in a scratch database. How is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::DatabaseUrl;
use plimsoll_core::project::Project;
use plimsoll_migrate::ScratchPlace;
use plimsoll_migrate::verify::{VerifyOptions, VerifyOutcome, verify};

use super::{load, show};
use crate::args::MigrateVerify;
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(arguments: &MigrateVerify, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&arguments.environment)?;
    let (set, _) = load(&project)?;
    let place = scratch_place(&project, arguments.scratch.as_deref())?;
    let options = VerifyOptions { from: arguments.from.clone() };
    let report = verify(&set, &project.database, &place, &options)?;
    show(&report, context);
    Ok(match report.outcome(arguments.require_down) {
        VerifyOutcome::Proven => Exit::Ok,
        VerifyOutcome::Wrong => Exit::CheckFailed,
        VerifyOutcome::Unmeasured => Exit::CouldNotMeasure,
    })
}

/// Files of SQLite go beside what else is kept of the environment.
fn scratch_place(project: &Project, server: Option<&str>) -> Result<ScratchPlace, CliError> {
    let server = server.map(|text| DatabaseUrl::parse(text, &project.root)).transpose()?;
    if let Some(given) = server.as_ref().map(DatabaseUrl::engine).filter(|given| *given != project.engine()) {
        return Err(CliError::ScratchEngine { wanted: project.engine(), given });
    }
    Ok(ScratchPlace { folder: project.state_dir().join("scratch"), server })
}
