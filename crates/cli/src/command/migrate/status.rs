//! `migrate status`: files and database, migration by migration. Comparing them is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_migrate::{History, MigrationState};

use super::load;
use crate::args::{Environment, Format};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let (set, _) = load(&project)?;
    let mut db = connect(&project.database, Access::Read)?;
    let status = plimsoll_migrate::status(&set, &History::read(db.as_mut())?);
    if context.terminal.format == Format::Json {
        context.terminal.json(&status);
    } else {
        for each in &status.migrations {
            let state = match each.state {
                MigrationState::Applied => "applied",
                MigrationState::Pending => "pending",
                MigrationState::Missing => "missing",
                MigrationState::Changed => "changed",
                MigrationState::OutOfOrder => "out of order",
                MigrationState::Interrupted => "interrupted",
                MigrationState::Reverting => "half back",
            };
            let when = each.applied_at.as_deref().unwrap_or("");
            let line = format!("{state:<12}  {}  {}  {when}", each.version, each.name);
            context.terminal.result(&format!("{}\n", line.trim_end()));
        }
        for note in &status.notes {
            context.terminal.result(&format!("note: {note}\n"));
        }
    }
    let open = status.migrations.iter().any(|each| each.state != MigrationState::Applied);
    Ok(if open { Exit::ChangesPending } else { Exit::Ok })
}
