//! `migrate status`: files and database, migration by migration. Comparing them is `plimsoll_migrate`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_migrate::{History, MigrationState, Overall, Status};

use super::load;
use crate::args::{Environment, Format};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    // The server and the folder are waited for at the same time.
    let url = project.database.clone();
    let reading = std::thread::spawn(move || -> Result<History, CliError> {
        let mut db = connect(&url, Access::Read)?;
        Ok(History::read(db.as_mut())?)
    });
    let (set, settings) = load(&project)?;
    let history = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let status = plimsoll_migrate::status(&set, &history);
    match context.terminal.format {
        Format::Json => context.terminal.json(&status),
        Format::Text => context.terminal.result(&(text(&status).join("\n") + "\n")),
    }
    Ok(exit(&status, settings.allow_out_of_order))
}

/// What a plan would be refused for is not the same as what waits to be applied.
fn exit(status: &Status, allow_out_of_order: bool) -> Exit {
    let stands_against = status.migrations.iter().any(|each| match each.state {
        MigrationState::Missing
        | MigrationState::Changed
        | MigrationState::Reverting
        | MigrationState::HalfReplaced => true,
        MigrationState::OutOfOrder => !allow_out_of_order,
        MigrationState::Applied | MigrationState::Pending | MigrationState::Interrupted | MigrationState::Outdated => {
            false
        }
    });
    match status.overall {
        Overall::Current => Exit::Ok,
        Overall::Untouched | Overall::Behind | Overall::Diverged if !stands_against => Exit::ChangesPending,
        Overall::Untouched | Overall::Behind | Overall::Diverged => Exit::GateRefused,
    }
}

fn text(status: &Status) -> Vec<String> {
    let mut lines = Vec::new();
    for each in &status.migrations {
        let when = each.applied_at.as_deref().unwrap_or("");
        let line = format!("{:<12}  {}  {}  {when}", word(each.state), each.version, each.name);
        lines.push(line.trim_end().to_owned());
        if let Some(edit) = &each.edit {
            lines.extend(edit.diff.lines().map(|line| format!("    {line}")));
        }
    }
    lines.extend(status.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(summary(status));
    lines
}

/// One line for each way in which folder and database can differ, none of which looks like another.
fn summary(status: &Status) -> Vec<String> {
    let count = |state| status.migrations.iter().filter(|each| each.state == state).count();
    let pending = count(MigrationState::Pending);
    let mut lines = Vec::new();
    match status.overall {
        Overall::Current => lines.push("the database has exactly what the folder says".to_owned()),
        Overall::Untouched => {
            lines.push(format!("the database has no history of migrations, none of the {pending} was applied"));
        }
        Overall::Behind | Overall::Diverged if pending > 0 => {
            lines.push(format!("{} in the folder and not yet in the database", are(pending)));
        }
        Overall::Behind | Overall::Diverged => {}
    }
    let others = [
        (MigrationState::Outdated, "repeatable and edited, to be applied again"),
        (MigrationState::Interrupted, "begun and not finished"),
        (MigrationState::OutOfOrder, "not in the database, and before some that are"),
        (MigrationState::Reverting, "half taken back: `migrate down` goes on"),
        (
            MigrationState::HalfReplaced,
            "a baseline of whose migrations only some are there: apply the others from the old sources",
        ),
        (MigrationState::Changed, "edited after having been applied"),
        (MigrationState::Missing, "in the database and not in the folder"),
    ];
    for (state, words) in others {
        let count = count(state);
        if count > 0 {
            lines.push(format!("{} {words}", are(count)));
        }
    }
    lines
}

fn are(count: usize) -> String {
    if count == 1 { "1 migration is".to_owned() } else { format!("{count} migrations are") }
}

fn word(state: MigrationState) -> &'static str {
    match state {
        MigrationState::Applied => "applied",
        MigrationState::Pending => "pending",
        MigrationState::Missing => "missing",
        MigrationState::Changed => "changed",
        MigrationState::OutOfOrder => "out of order",
        MigrationState::Interrupted => "interrupted",
        MigrationState::Reverting => "half back",
        MigrationState::HalfReplaced => "half there",
        MigrationState::Outdated => "run again",
    }
}
