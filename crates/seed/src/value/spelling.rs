//! Types that only the database can spell: intervals, ranges, addresses, vectors, arrays, domains. It is asked how it would
//! write a declared value, so that `1 day` is not taken for a change of `24:00:00`. Comparing is `diff`'s.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, DbErrorKind, Engine, Stmt, dialect};
use serde_json::Value as Json;

use super::{array, canonical, number};

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
            Ok(answers) => spelled.extend(chunk.iter().cloned().zip(answers)),
            Err(_) => {
                for text in chunk {
                    let answer = match attempt(db, column, std::slice::from_ref(text))? {
                        Ok(answers) => answers.into_iter().next().unwrap_or_else(|| Spelled::As(String::new())),
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
fn attempt(db: &mut dyn Db, column: &Column, texts: &[String]) -> Result<Result<Vec<Spelled>, DbError>, DbError> {
    const SAVEPOINT: &str = "plimsoll_spelling";
    // A type with a size that is named cuts, fills up and rounds without a word: what it makes is compared with the whole.
    let size = Size::of(column);
    let whole = size.as_ref().map(|size| format!(", v.t::{}::text", size.without)).unwrap_or_default();
    let mut stmt = Stmt::new(format!("SELECT v.t::{}::text{whole} FROM (VALUES ", column.declared));
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
            let answers = rows.iter().map(|row| match &size {
                Some(size) if !size.keeps(row.text(0), row.text(1)) => {
                    Spelled::Not(format!("{} would hold it as {}", size.within, row.text(0)))
                }
                _ => Spelled::As(row.text(0).to_owned()),
            });
            Ok(Ok(answers.collect()))
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

/// A type with a size, and what it is without.
struct Size<'c> {
    within: &'c str,
    without: String,
}

impl<'c> Size<'c> {
    fn of(column: &'c Column) -> Option<Self> {
        let within = column.base.as_ref().unwrap_or(&column.declared);
        let decimal = || Some(format!("numeric{}", within.strip_prefix("numeric(")?.split_once(')')?.1));
        let without = dialect::without_length(within).or_else(decimal)?;
        Some(Self { within, without })
    }

    /// Whether what the type made of a value is the value still.
    fn keeps(&self, made: &str, whole: &str) -> bool {
        made == whole
            || match self.list(made).zip(self.list(whole)) {
                Some((made, whole)) => self.keeps_all(&made, &whole),
                None => self.keeps_one(made, whole),
            }
    }

    fn list(&self, text: &str) -> Option<Json> {
        let items = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
        self.within.ends_with("[]").then(|| array::read(items))?
    }

    fn keeps_all(&self, made: &Json, whole: &Json) -> bool {
        match (made, whole) {
            (Json::Array(made), Json::Array(whole)) => {
                made.len() == whole.len() && made.iter().zip(whole).all(|(made, whole)| self.keeps_all(made, whole))
            }
            (Json::String(made), Json::String(whole)) => self.keeps_one(made, whole),
            (made, whole) => made == whole,
        }
    }

    fn keeps_one(&self, made: &str, whole: &str) -> bool {
        match self.within.split('(').next() {
            // Blanks at its end are none of its letters.
            Some("character") => made.trim_end_matches(' ') == whole.trim_end_matches(' '),
            Some("numeric") => {
                made == whole || number::plain(made).is_some_and(|made| number::plain(whole) == Some(made))
            }
            _ => made == whole,
        }
    }
}
