//! `plimsoll env`: the variables of an environment, where they come from, and whether they satisfy the contract.

use plimsoll_core::Exit;
use serde::Serialize;

use super::Context;
use crate::args::{Env, EnvShow, Format};
use crate::error::CliError;

/// A variable as it is shown.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    value: Option<&'a str>,
    origin: Option<&'a str>,
    shadowed: &'a [String],
}

pub(super) fn run(args: &Env, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Env::Show(args) => show(args, context),
        Env::Check(environment) => {
            // Loading a project checks the whole contract.
            let project = context.project(environment)?;
            let set = project.variables.iter().filter(|variable| variable.value.is_some()).count();
            let all = project.variables.len();
            match context.terminal.format {
                Format::Text => {
                    context.terminal.result(&format!("{set} of {all} variables are set, all of them valid\n"))
                }
                Format::Json => context.terminal.json(&serde_json::json!({ "set": set, "declared": all })),
            }
            Ok(Exit::Ok)
        }
    }
}

fn show(args: &EnvShow, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let rows: Vec<Row<'_>> = project
        .variables
        .iter()
        .map(|variable| Row {
            name: &variable.name,
            value: variable.shown(),
            origin: variable.origin.as_deref(),
            shadowed: &variable.shadowed,
        })
        .collect();
    if context.terminal.format == Format::Json {
        context.terminal.json(&rows);
        return Ok(Exit::Ok);
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for row in rows {
        context.terminal.result(&format!("{:<width$}  {}\n", row.name, row.value.unwrap_or("(not set)")));
        if args.explain {
            let origin = row.origin.unwrap_or("no layer has a value");
            context.terminal.result(&format!("{:<width$}    from {origin}\n", ""));
            for shadowed in row.shadowed {
                context.terminal.result(&format!("{:<width$}    shadows {shadowed}\n", ""));
            }
        }
    }
    Ok(Exit::Ok)
}
