//! `plimsoll counts`: the rows of every table, beside those that the seeds declare. How they are counted is the library's.

use std::collections::BTreeMap;

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, connect};
use plimsoll_core::inspect::{Counting, TableCount, counts};
use plimsoll_core::project::Project;
use plimsoll_core::toml_file::nearest;
use serde_json::json;

use super::Context;
use crate::args::{Counts, Format};
use crate::error::CliError;
use crate::reporter::table::table;

pub(super) fn run(args: &Counts, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let mut db = connect(&project.database, Access::Read)?;
    let catalog = Catalog::read(db.as_mut())?;
    let mut tables: Vec<String> = catalog.tables.keys().cloned().collect();
    if let Some(unknown) = args.tables.iter().find(|table| !catalog.tables.contains_key(*table)) {
        let near = nearest(unknown, tables.iter().map(String::as_str)).map(str::to_owned);
        return Err(CliError::UnknownTable { table: unknown.clone(), near });
    }
    if !args.tables.is_empty() {
        tables.clone_from(&args.tables);
    }
    let counting = if args.estimate { Counting::Estimate } else { Counting::Exact };
    let counted = counts(db.as_mut(), &tables, counting)?;
    let declared = declared(&project, context);
    let user_data: &[String] = project.seed.as_ref().map_or(&[], |seed| &seed.user_data);
    match context.terminal.format {
        Format::Text => context.terminal.result(&text(&counted, &declared, user_data)),
        Format::Json => {
            let one = |count: &TableCount| {
                json!({
                    "table": count.table,
                    "rows": count.rows,
                    "estimated": count.estimated,
                    "declared": declared.get(&count.table),
                    "user_data": user_data.contains(&count.table),
                })
            };
            context.terminal.json(&json!({ "tables": counted.iter().map(one).collect::<Vec<_>>() }));
        }
    }
    Ok(Exit::Ok)
}

/// The rows that the seeds declare for each table, without a number where a file would have to be read to its end. Seeds that are wrong keep nobody from counting.
fn declared(project: &Project, context: &mut Context<'_, '_>) -> BTreeMap<String, Option<u64>> {
    match plimsoll_deploy::load_seeds(project) {
        Ok(Some(seeds)) => {
            let streamed = seeds.streamed_rows().map(|(table, rows)| (table.to_owned(), rows));
            seeds.tables().map(|(table, rows)| (table.to_owned(), Some(rows as u64))).chain(streamed).collect()
        }
        Ok(None) => BTreeMap::new(),
        Err(_) => {
            context.terminal.say("what the seeds declare is not shown: they cannot be read, see `seed plan`");
            BTreeMap::new()
        }
    }
}

fn text(counted: &[TableCount], declared: &BTreeMap<String, Option<u64>>, user_data: &[String]) -> String {
    if counted.is_empty() {
        return "no tables\n".to_owned();
    }
    let columns = ["table", "rows", "declared", ""].map(str::to_owned);
    let row = |count: &TableCount| {
        let sign = if count.estimated { "~" } else { "" };
        let (declared, streamed) = match declared.get(&count.table) {
            Some(Some(rows)) => (rows.to_string(), ""),
            Some(None) => (String::new(), "streamed from a file"),
            None => (String::new(), ""),
        };
        let note = if user_data.contains(&count.table) { "user data" } else { streamed };
        vec![count.table.clone(), format!("{sign}{}", count.rows), declared, note.to_owned()]
    };
    let mut text = table(&columns, &counted.iter().map(row).collect::<Vec<_>>(), &[false, true, true, false]);
    if counted.iter().any(|count| count.estimated) {
        text.push_str("~ is an estimate from the statistics of the database\n");
    }
    text
}
