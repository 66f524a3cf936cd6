//! Asks a database, in a transaction that cannot write. The statement is run by the core, what it found is judged by
//! `expect/probe.rs`.

use std::path::Path;
use std::time::Instant;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{DatabaseUrl, DbError, DbErrorKind, Engine, Value as Bind, named};
use plimsoll_core::inspect::{self, Answer, Query, QueryError};
use serde_json::{Map, Value};

use super::{Context, Observation, in_time, unmeasured};
use crate::model::SqlProbe;
use crate::report::{Unmeasured, UnmeasuredKind};

/// Most rows that are taken: checks look for something, they do not copy.
const MOST_ROWS: usize = 1_000;

/// What one look finds. What the database refuses is an error that may be expected.
pub(super) fn measure(probe: &SqlProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let began = Instant::now();
    let timeout = context.limit(probe.timeout_ms);
    let url = database(probe, context)?;
    if url.file().is_some_and(|file| !file.exists()) {
        // It would be seen as an empty database.
        return Err(unmeasured(UnmeasuredKind::NotThere, format!("the database {url}")));
    }
    let binds = probe.binds.iter().map(|(name, value)| Ok((name.as_str(), bind(name, value)?)));
    let binds = binds.collect::<Result<Vec<_>, Unmeasured>>()?;
    let sql = named::bound(&probe.query, &binds)
        .map_err(|error| unmeasured(UnmeasuredKind::NotPrepared, error.to_string()))?;
    let asked = inspect::query(&url, &Query { sql, limit: MOST_ROWS, timeout });
    let elapsed = began.elapsed();
    let answer = match asked {
        Ok(answer) => answer,
        Err(error) => {
            let found = refused(error)?;
            return Ok(Observation { elapsed, ..found });
        }
    };
    if answer.more {
        let detail = format!("more than {MOST_ROWS} rows: ask for fewer, or for their number");
        return Err(unmeasured(UnmeasuredKind::TooLarge, detail));
    }
    let rows = u64::try_from(answer.rows.len()).unwrap_or(u64::MAX);
    let json = objects(answer)?;
    let text = json.to_string();
    Ok(Observation { json: Some(json), text, rows: Some(rows), elapsed, ..Observation::default() })
}

/// Which database is asked.
fn database(probe: &SqlProbe, context: &Context<'_>) -> Result<DatabaseUrl, Unmeasured> {
    match (&probe.url, context.database) {
        (Some(url), _) => {
            let base = context.root.unwrap_or(Path::new(""));
            DatabaseUrl::parse(url, base).map_err(|error| unmeasured(UnmeasuredKind::NotPrepared, error.to_string()))
        }
        (None, Some(url)) => Ok(url.clone()),
        (None, None) => {
            Err(unmeasured(UnmeasuredKind::NotPrepared, "the environment has no database, and the check has no `url`"))
        }
    }
}

fn bind(name: &str, value: &Value) -> Result<Bind, Unmeasured> {
    let wrong =
        || unmeasured(UnmeasuredKind::NotPrepared, format!("`{name}` is neither a text nor a number nor a truth"));
    Ok(match value {
        Value::Null => Bind::Null,
        Value::Bool(flag) => Bind::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Bind::Int(whole),
            (None, Some(float)) => Bind::Float(float),
            (None, None) => return Err(wrong()),
        },
        Value::String(text) => Bind::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => return Err(wrong()),
    })
}

/// What is known after a refusal: the database said something about the query, or it could not be asked at all.
fn refused(error: QueryError) -> Result<Observation, Unmeasured> {
    match error {
        QueryError::Database(error) => match error.kind {
            DbErrorKind::Unreachable => Err(unmeasured(UnmeasuredKind::Refused, error.to_string())),
            DbErrorKind::Lost => Err(unmeasured(UnmeasuredKind::Reset, error.to_string())),
            DbErrorKind::Busy => Err(unmeasured(UnmeasuredKind::TimedOut, error.to_string())),
            DbErrorKind::BackendMissing => Err(unmeasured(UnmeasuredKind::Unusable, missing(&error))),
            _ => {
                // What is forbidden is an answer. A table that is not there leaves open what would be in it.
                let unanswerable = error.symptom() != Some(ErrorCode::PermissionDenied);
                Ok(Observation { error: Some(error.to_string()), unanswerable, ..Observation::default() })
            }
        },
        QueryError::Timeout { after } => Err(unmeasured(UnmeasuredKind::TimedOut, in_time(after))),
        wrong => Err(unmeasured(UnmeasuredKind::NotPrepared, wrong.to_string())),
    }
}

fn missing(error: &DbError) -> String {
    let feature = match error.engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::Mysql => "mysql",
    };
    format!("{error}: build it with `--features {feature}`")
}

/// Each row as an object of its columns.
fn objects(answer: Answer) -> Result<Value, Unmeasured> {
    let unusable = |error: serde_json::Error| unmeasured(UnmeasuredKind::Unusable, error.to_string());
    let mut rows = Vec::new();
    for cells in answer.rows {
        let mut row = Map::new();
        for (name, cell) in answer.columns.iter().zip(cells) {
            if row.insert(name.clone(), serde_json::to_value(&cell).map_err(unusable)?).is_some() {
                let detail = format!("two columns are called `{name}`: give one of them another name with AS");
                return Err(unmeasured(UnmeasuredKind::NotPrepared, detail));
            }
        }
        rows.push(Value::Object(row));
    }
    Ok(Value::Array(rows))
}
