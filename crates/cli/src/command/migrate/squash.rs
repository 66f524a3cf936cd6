//! `migrate squash`: folds migrations into a baseline. Proving it and writing it is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_migrate::squash::{SquashOptions, squash, write};

use super::{load, scratch, show};
use crate::args::{Format, MigrateSquash};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(arguments: &MigrateSquash, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&arguments.environment)?;
    let (set, _) = load(&project)?;
    let place = scratch(&project, arguments.scratch.as_deref(), context)?;
    let options = SquashOptions { to: arguments.to.clone(), name: arguments.name.clone() };
    let done = match arguments.dry_run {
        true => squash(&set, &project.database, &place, &options)?,
        false => write(&set, &project.database, &place, &options)?,
    };
    show(&done, context);
    if context.terminal.format == Format::Text {
        let (count, file) = (done.replaces.len(), done.file.display());
        let text = match arguments.dry_run {
            true => format!("dry run, no file was changed; the baseline would be:\n\n{}", done.sql),
            false => format!("written: `{file}`; {count} migrations are folded and their files removed\n"),
        };
        context.terminal.result(&text);
    }
    Ok(Exit::Ok)
}
