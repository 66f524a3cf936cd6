//! `migrate drift`: what somebody changed without a migration, and the SQL for it. Finding it is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_migrate::drift::{Direction, drift};

use super::{load, scratch, show};
use crate::args::{DriftSql, Format, MigrateDrift};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(arguments: &MigrateDrift, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&arguments.environment)?;
    let (set, _) = load(&project)?;
    let place = scratch(&project, arguments.scratch.as_deref(), context)?;
    plimsoll_deploy::check_environment(connect(&project.database, Access::Read)?.as_mut(), &project)?;
    let report = drift(&set, &project.database, &place)?;
    let direction = arguments.sql.map(|sql| match sql {
        DriftSql::Adopt => Direction::Adopt,
        DriftSql::Revert => Direction::Revert,
    });
    match (context.terminal.format, direction) {
        (Format::Text, Some(direction)) => context.terminal.result(&report.script(direction)),
        (Format::Text, None) | (Format::Json, _) => show(&report, context),
    }
    if report.is_clean() {
        return Ok(Exit::Ok);
    }
    if direction.is_some_and(|direction| !report.remedy(direction).is_proven()) {
        return Err(CliError::DriftUnproven);
    }
    Err(CliError::Drift { environment: project.environment.clone(), count: report.differences.len() })
}
