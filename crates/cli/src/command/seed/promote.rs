//! `plimsoll seed promote`: one step of one row, shown and then made under the deployment lock. What a step is, and accepting
//! what happened without one, is `plimsoll_seed`'s.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, connect};
use plimsoll_seed::{StepRequest, StepTo, apply_step, plan_step};

use super::{Context, load, run_options};
use crate::args::{Apply, Format, Promote};
use crate::error::CliError;

pub(super) fn run(args: &Promote, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let to = StepTo::State(args.to.clone());
    let request = StepRequest { table: args.table.clone(), row: args.row.clone(), to };
    step(&args.apply, &request, args.note.as_deref(), context)
}

/// Shows a step, makes it under the lock, and says what was recorded.
pub(in crate::command) fn step(
    apply: &Apply,
    request: &StepRequest,
    note: Option<&str>,
    context: &mut Context<'_, '_>,
) -> Result<Exit, CliError> {
    let project = context.project(&apply.environment)?;
    let seeds = load(&project)?;
    let plan = {
        let mut db = connect(&project.database, Access::Read)?;
        plimsoll_deploy::check_environment(db.as_mut(), &project)?;
        plan_step(db.as_mut(), &seeds, request)?
    };
    match context.terminal.format {
        Format::Text => context.terminal.result(&plan.to_string()),
        Format::Json => context.terminal.json(&plan),
    }
    if plan.writes.is_none() && plan.steps.is_empty() {
        return Ok(Exit::Ok);
    }
    let (lock, mut db) = context.locked(&project, apply, "seed promote")?;
    // What was shown is what is done: a row that moved until the lock was held is refused.
    let entries = apply_step(db.as_mut(), &seeds, &plan, note, &run_options(&lock, context))?;
    match context.terminal.format {
        Format::Text => {
            let numbers: Vec<String> = entries.iter().map(|entry| entry.number.to_string()).collect();
            let entries = if numbers.len() == 1 { "entry" } else { "entries" };
            context.terminal.result(&match numbers.as_slice() {
                [] => "done, without an audit\n".to_owned(),
                numbers => format!("recorded as {entries} {}\n", numbers.join(", ")),
            });
        }
        Format::Json => context.terminal.json(&entries),
    }
    Ok(Exit::Ok)
}
