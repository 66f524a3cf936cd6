//! Types that only the database can spell: intervals, ranges, addresses, vectors, arrays, domains. It is asked how it would
//! write a declared value, so that `1 day` is not taken for a change of `24:00:00`. Comparing is `diff`'s.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, DbErrorKind, Engine, Stmt};
use serde_json::Value as Json;

use super::canonical;

/// Values in one question.
const CHUNK: usize = 1_000;

/// How the database spells declared values, by column and canonical text.
pub(crate) type Spellings = HashMap<String, HashMap<String, Spelled>>;

/// What the database makes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spelled {
    /// It writes it like this.
    As(String),
    /// It is none, for this reason.
    Not(String),
}

/// Whether the spelling of a column's values is the database's own.
pub(crate) fn is_needed(engine: Engine, column: &Column) -> bool {
    let own =
        ["uuid", "date", "time without time zone"].contains(&column.declared.split('(').next().unwrap_or_default());
    engine == Engine::Postgres && column.kind == ColumnKind::Other && column.choices.is_empty() && !own
}

/// Asks how the database spells the declared values of a column.
pub(crate) fn ask<'v>(
    db: &mut dyn Db,
    column: &Column,
    values: impl Iterator<Item = &'v Json>,
) -> Result<HashMap<String, Spelled>, DbError> {
    let texts: BTreeSet<String> = values
        .filter_map(|value| match canonical(column, value) {
            Ok(Json::String(text)) => Some(text),
            _ => None,
        })
        .collect();
    let texts: Vec<String> = texts.into_iter().collect();
    let mut spelled = HashMap::with_capacity(texts.len());
    for chunk in texts.chunks(CHUNK) {
        match attempt(db, column, chunk)? {
            Ok(answers) => spelled.extend(chunk.iter().cloned().zip(answers.into_iter().map(Spelled::As))),
            Err(_) => {
                for text in chunk {
                    let answer = match attempt(db, column, std::slice::from_ref(text))? {
                        Ok(answers) => Spelled::As(answers.into_iter().next().unwrap_or_default()),
                        Err(refusal) => Spelled::Not(refusal.message),
                    };
                    spelled.insert(text.clone(), answer);
                }
            }
        }
    }
    Ok(spelled)
}

/// One question; the inner error is the database's word against a value.
fn attempt(db: &mut dyn Db, column: &Column, texts: &[String]) -> Result<Result<Vec<String>, DbError>, DbError> {
    const SAVEPOINT: &str = "plimsoll_spelling";
    let mut stmt = Stmt::new(format!("SELECT v.t::{}::text FROM (VALUES ", column.declared));
    for (position, text) in texts.iter().enumerate() {
        let before = if position > 0 { ", (" } else { "(" };
        stmt = stmt.sql(format!("{before}{position}, ")).bind(text.as_str()).sql("::text)");
    }
    let stmt = stmt.sql(") AS v (n, t) ORDER BY v.n");
    // Inside of a transaction a wrong value would end it; outside there is none, and the savepoint is refused.
    let inside = db.batch(&format!("SAVEPOINT {SAVEPOINT}")).is_ok();
    match db.rows(&stmt) {
        Ok(rows) => {
            if inside {
                // Behind a pooler the savepoint may have been in a transaction of its own.
                drop(db.batch(&format!("RELEASE SAVEPOINT {SAVEPOINT}")));
            }
            Ok(Ok(rows.iter().map(|row| row.text(0).to_owned()).collect()))
        }
        Err(error) if matches!(error.kind, DbErrorKind::Unfit | DbErrorKind::Check | DbErrorKind::Refused) => {
            if inside {
                drop(db.batch(&format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}")));
            }
            Ok(Err(error))
        }
        Err(error) => Err(error),
    }
}
