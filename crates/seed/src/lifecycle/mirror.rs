//! The service's own audit table: every entry is written there as well, by a mapping of columns. The audit that counts is the
//! ledger's; this one is for the service to show.

use std::sync::Arc;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, Stmt, Value, dialect, quoted};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::Lifecycles;
use crate::lifecycle::audit::AuditEntry;
use crate::lifecycle::content::Image;
use crate::lifecycle::declare::AuditTableBlock;
use crate::map::explain::explain;
use crate::map::expression::{self, Expr, Scope, to_json};
use crate::read::source::SourceFile;
use crate::value::to_db;

/// Rows per statement.
const CHUNK: usize = 200;

/// Where entries are written besides, and how.
#[derive(Debug, Clone)]
pub(crate) struct Mirror {
    pub(crate) table: String,
    /// Columns with their expressions and the places of those.
    columns: Vec<(String, Source, usize)>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
}

#[derive(Debug, Clone)]
enum Source {
    Expression(String),
    Literal(Json),
}

impl Mirror {
    /// Checks a block; what is wrong with it becomes a problem.
    pub(crate) fn declare(
        block: AuditTableBlock,
        file: &Arc<SourceFile>,
        user_data: &[String],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let table = block.name.get_ref().clone();
        let offset = block.name.span().start;
        let mut wrong = |code, offset: usize, message: String| {
            problems.push(Problem::new(code, Some(file.location(offset)), message));
        };
        if user_data.contains(&table) {
            wrong(ErrorCode::UserDataTarget, offset, format!("`{table}` holds user data and takes no audit entries"));
        }
        if block.columns.0.is_empty() {
            wrong(ErrorCode::InvalidValue, offset, format!("`{table}` gets no columns"));
        }
        let env = expression::environment();
        let mut columns = Vec::new();
        for (name, value) in block.columns.0 {
            let at = value.span().start;
            let source = match value.into_inner() {
                toml::Value::String(text) => {
                    if let Err(error) = Expr::compile(&env, &text) {
                        let message = format!("`{text}` is not an expression: {}", explain(&error, &text));
                        wrong(ErrorCode::Template, at, message);
                    }
                    Source::Expression(text)
                }
                toml::Value::Integer(number) => Source::Literal(Json::from(number)),
                toml::Value::Float(number) => Source::Literal(Json::from(number)),
                toml::Value::Boolean(flag) => Source::Literal(Json::Bool(flag)),
                other => {
                    wrong(ErrorCode::InvalidValue, at, format!("`{other}` is neither an expression nor a plain value"));
                    continue;
                }
            };
            columns.push((name, source, at));
        }
        Self { table, columns, file: Arc::clone(file), offset }
    }

    /// Writes entries, each with the row that it is about: as it was, where it is gone.
    ///
    /// # Errors
    /// [`SeedError::Problems`] for a table or column that is not there, an expression that fails and a value that does not fit;
    /// [`SeedError::Write`] for what the database refuses.
    fn write(&self, db: &mut dyn Db, catalog: &Catalog, entries: &[(&AuditEntry, &Image)]) -> Result<(), SeedError> {
        let problem = |code, offset: usize, message: String| SeedError::Problems {
            problems: vec![Problem::new(code, Some(self.file.location(offset)), message)],
        };
        let engine = db.engine();
        let table = catalog.tables.get(&self.table).ok_or_else(|| {
            problem(ErrorCode::SeedTarget, self.offset, format!("there is no table `{}`", self.table))
        })?;
        let env = expression::environment();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (name, source, offset) in &self.columns {
            let column = table.column(name).ok_or_else(|| {
                problem(ErrorCode::SeedTarget, *offset, format!("`{}` has no column `{name}`", self.table))
            })?;
            let expr = match source {
                Source::Literal(json) => Expr::Literal(json.clone()),
                Source::Expression(text) => Expr::compile(&env, text)
                    .map_err(|error| problem(ErrorCode::Template, *offset, explain(&error, text)))?,
            };
            columns.push((column, expr, *offset));
        }
        let names: Vec<String> = columns.iter().map(|(column, ..)| quoted(engine, &column.name)).collect();
        for chunk in entries.chunks(CHUNK.min(dialect::max_binds(engine) / columns.len().max(1))) {
            let mut stmt =
                Stmt::new(format!("INSERT INTO {} ({}) VALUES ", quoted(engine, &self.table), names.join(", ")));
            for (index, (entry, image)) in chunk.iter().enumerate() {
                stmt.push(if index == 0 { "(" } else { ", (" });
                let scope = Scope::new(names_of(entry, image));
                for (position, (column, expr, offset)) in columns.iter().enumerate() {
                    let value = expr
                        .eval(&scope)
                        .and_then(|value| to_json(&value))
                        .map_err(|error| problem(ErrorCode::SeedExpression, *offset, explain(&error, expr.source())))?;
                    let value: Value = to_db(column, &value)
                        .map_err(|misfit| problem(ErrorCode::SeedValue, *offset, misfit.to_string()))?;
                    if position > 0 {
                        stmt.push(", ");
                    }
                    stmt.push_bind(value);
                    stmt.push(dialect::write_cast(engine, column));
                }
                stmt.push(")");
            }
            db.execute(&stmt).map_err(|source| SeedError::Write {
                what: format!("audit entries into `{}`", self.table),
                at: Some(self.file.location(self.offset)),
                source: Box::new(source),
            })?;
        }
        Ok(())
    }
}

/// Writes entries into the tables that their life cycles name, if they name one.
///
/// # Errors
/// As [`Mirror::write`].
pub(crate) fn write(
    db: &mut dyn Db,
    catalog: &Catalog,
    lifecycles: &Lifecycles,
    entries: &[(&AuditEntry, &Image)],
) -> Result<(), SeedError> {
    for lifecycle in lifecycles.iter() {
        let Some(mirror) = &lifecycle.mirror else { continue };
        let own = entries.iter().filter(|(entry, _)| entry.table == lifecycle.table).copied();
        mirror.write(db, catalog, &own.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn names_of(entry: &AuditEntry, image: &Image) -> minijinja::Value {
    minijinja::context! {
        number => entry.number,
        at => entry.at.as_str(),
        actor => entry.actor.as_str(),
        table => entry.table.as_str(),
        key => minijinja::value::Serde(&entry.key),
        row => minijinja::value::Serde(&image.values),
        from_state => entry.from.as_deref(),
        to_state => entry.to.as_str(),
        note => entry.note.as_deref(),
        run => entry.run,
        content => entry.content.as_str(),
        hash => entry.hash.as_str(),
    }
}
