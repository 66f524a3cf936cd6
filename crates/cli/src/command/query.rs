//! `plimsoll query`: one statement that reads, and its answer. That it cannot write is seen to by the library and the database.

use std::path::Path;

use plimsoll_core::Exit;
use plimsoll_core::db::Stmt;
use plimsoll_core::inspect::{Query, query};

use super::Context;
use crate::args::{self, Format};
use crate::error::CliError;
use crate::reporter::table;

pub(super) fn run(args: &args::Query, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let mut statements = plimsoll_migrate::split(project.engine(), Path::new("the query"), &args.sql)
        .map_err(plimsoll_migrate::MigrateError::from)?;
    if statements.len() != 1 {
        return Err(CliError::NotOneStatement { count: statements.len() });
    }
    let asked = Query { sql: Stmt::new(statements.remove(0).text), limit: args.limit, timeout: args.timeout };
    let answer = query(&project.database, &asked)?;
    match context.terminal.format {
        Format::Json => context.terminal.json(&answer),
        Format::Text if args.csv => context.terminal.result(&table::csv(&answer)),
        Format::Text => context.terminal.result(&table::answer(&answer)),
    }
    if answer.more {
        context.terminal.say(&format!("only the first {} rows are shown: `--limit` shows more", args.limit));
    }
    Ok(Exit::Ok)
}
