//! `plimsoll locks`: who deploys, who keeps whom waiting, and ending one of them. What the servers tell is the library's to read.

use std::time::Duration;

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Engine, connect};
use plimsoll_core::inspect::{Ended, Session, end, sessions};
use plimsoll_core::lock::{self, LockMode, LockState};
use plimsoll_core::project::Project;
use serde_json::json;

use super::Context;
use crate::args::{Environment, Format, Locks, Release};
use crate::error::CliError;

/// How long a session is given to end before that is reported as it is.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn run(args: &Locks, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Locks::List(environment) => list(environment, context),
        Locks::Release(args) => release(args, context),
    }
}

fn list(environment: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(environment)?;
    let state = lock::state(&project.database)?;
    let mut db = connect(&project.database, Access::Read)?;
    let found = sessions(db.as_mut(), &project.database)?;
    match context.terminal.format {
        Format::Json => context.terminal.json(&json!({
            "deployment": state, "sessions": found.sessions, "notes": found.notes, "culprits": found.culprits(),
        })),
        Format::Text => {
            let shown = if project.engine() == Engine::Sqlite {
                processes(&found.sessions, &found.notes)
            } else {
                found.to_string()
            };
            context.terminal.result(&format!("{}\n{shown}", deployment(state.as_ref())));
            let program = &context.global.program;
            let name = &project.environment;
            for id in found.culprits().iter().filter(|id| **id != 0) {
                context
                    .terminal
                    .say(&format!("`{program} locks release {name} {id}` ends the session that others wait for"));
            }
            if state.is_some_and(|state| state.mode == LockMode::LeaseOnly) {
                context
                    .terminal
                    .say(&format!("`{program} locks release {name} lease` takes the lease, if its holder is gone"));
            }
        }
    }
    Ok(Exit::Ok)
}

fn release(args: &Release, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    if args.id == "lease" {
        return lease(&project, args, context);
    }
    let unknown = || CliError::UnknownSession { id: args.id.clone() };
    let id: i64 = args.id.parse().map_err(|_| unknown())?;
    let mut db = connect(&project.database, Access::Write)?;
    let found = sessions(db.as_mut(), &project.database)?;
    let session = found.get(id).ok_or_else(unknown)?;
    context.terminal.say(&session.to_string());
    if project.engine() == Engine::Sqlite {
        return Err(CliError::Process { pid: id });
    }
    confirm(args, context)?;
    let ended = end(db.as_mut(), session, PATIENCE)?;
    told(session, ended, context);
    match ended {
        Ended::Gone | Ended::WasGone => Ok(Exit::Ok),
        Ended::Ending => Err(CliError::SessionEnding { id }),
    }
}

fn lease(project: &Project, args: &Release, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let state = lock::state(&project.database)?;
    let epoch = state.as_ref().filter(|state| state.mode == LockMode::LeaseOnly).and_then(|state| state.epoch);
    let Some(epoch) = epoch else { return Err(CliError::UnknownSession { id: args.id.clone() }) };
    context.terminal.say(&deployment(state.as_ref()));
    confirm(args, context)?;
    let taken = lock::take_lease_away(&project.database, epoch)?;
    let text =
        if taken { "the lease was taken, the lock is free\n" } else { "the lease was not that one's any more\n" };
    match context.terminal.format {
        Format::Text => context.terminal.result(text),
        Format::Json => context.terminal.json(&json!({ "released": "lease", "taken": taken })),
    }
    Ok(Exit::Ok)
}

/// Whoever is ended loses what they have not committed.
fn confirm(args: &Release, context: &mut Context<'_, '_>) -> Result<(), CliError> {
    if args.yes {
        return Ok(());
    }
    if context.terminal.interactive {
        let question = format!("What it has not committed is lost. Type {} to end it:", args.id);
        if context.terminal.ask(&question).as_deref() == Some(args.id.as_str()) {
            return Ok(());
        }
    }
    Err(CliError::SessionKept { id: args.id.clone() })
}

fn told(session: &Session, ended: Ended, context: &mut Context<'_, '_>) {
    let text = match ended {
        Ended::Gone => "is gone",
        Ended::WasGone => "was gone already",
        Ended::Ending => "was told to end and takes back what it had done",
    };
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("session {} {text}\n", session.id)),
        Format::Json => context.terminal.json(&json!({ "released": session, "ended": ended })),
    }
}

fn deployment(state: Option<&LockState>) -> String {
    let Some(state) = state else { return "nobody deploys".to_owned() };
    let holder = state.holder.as_ref().map_or_else(|| "somebody who did not say who".to_owned(), ToString::to_string);
    let mut text = format!("the deployment lock is held: {holder}");
    if let Some(session) = state.session {
        text.push_str(&format!(", session {session}"));
    }
    match (&state.lease_until, state.mode) {
        (Some(until), LockMode::LeaseOnly) => {
            text.push_str(&format!(", by a lease until {until} unless it is renewed"))
        }
        (Some(until), LockMode::Session) => text.push_str(&format!(", lease until {until}")),
        (None, _) => {}
    }
    text
}

/// SQLite has no sessions: processes have its file open.
fn processes(sessions: &[Session], notes: &[String]) -> String {
    let mut text: String = sessions.iter().map(|session| format!("process {session}\n")).collect();
    if text.is_empty() {
        text.push_str("no other process has the database open\n");
    }
    notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
    text
}
