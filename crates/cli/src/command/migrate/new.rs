//! `migrate new`: begins the next migration. How files are named and what they begin with is `plimsoll_migrate`'s.

use plimsoll_core::{Exit, ledger, project};
use plimsoll_migrate::{Layout, create_next};
use serde_json::json;

use crate::args::{Format, NewLayout, NewMigration};
use crate::command::Context;
use crate::error::CliError;

pub(super) fn run(new: &NewMigration, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let root = context.surroundings.current_dir.join(&context.global.project);
    let folder = match &new.folder {
        Some(folder) => context.surroundings.current_dir.join(folder),
        None => project::migrations_folder(&root)?
            .ok_or(CliError::Undeclared { what: "migrations", place: "`[migrations]` in `plimsoll.toml`" })?,
    };
    let timestamp: String = ledger::now().chars().filter(char::is_ascii_digit).take("YYYYMMDDHHMMSS".len()).collect();
    let created = create_next(&folder, new.layout.map(layout), &new.name, &timestamp)?;
    let shown: Vec<_> = created
        .iter()
        .map(|path| path.strip_prefix(&context.surroundings.current_dir).unwrap_or(path).display().to_string())
        .collect();
    match context.terminal.format {
        Format::Text => shown.iter().for_each(|path| context.terminal.result(&format!("{path}\n"))),
        Format::Json => context.terminal.json(&json!({ "created": shown })),
    }
    Ok(Exit::Ok)
}

fn layout(layout: NewLayout) -> Layout {
    match layout {
        NewLayout::Flat => Layout::Flat,
        NewLayout::Diesel => Layout::Diesel,
        NewLayout::Prisma => Layout::Prisma,
        NewLayout::Flyway => Layout::Flyway,
        NewLayout::Sqlx => Layout::Sqlx,
        NewLayout::Golangmigrate => Layout::GolangMigrate,
        NewLayout::Dbmate => Layout::Dbmate,
        NewLayout::Goose => Layout::Goose,
    }
}
