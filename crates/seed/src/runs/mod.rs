//! Runs: one row in the ledger for everything that wrote seeded rows. What each row was before is kept by `change`.

pub(crate) mod change;
pub(crate) mod image;
pub(crate) mod locate;

use plimsoll_core::db::{Db, DbError, DynRow, Stmt, Value, scalar};
use plimsoll_core::ledger::{self, LedgerTable};
use plimsoll_core::lock::Fence;
use serde::{Deserialize, Serialize};

use crate::error::SeedError;

/// Who writes, for the ledger.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// `user@host`.
    pub actor: String,
    /// The tool and its version.
    pub tool: String,
    /// The deployment's number, when it is part of one.
    pub deployment: Option<i64>,
    /// The lock that has to be held still when the transaction commits.
    pub fence: Option<Fence>,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Wrote what the files declare.
    Apply,
    /// Took another run back.
    Undo,
    /// Removed what datasets had created.
    Reset,
    /// Learned that edits in the database are in the files now.
    Pull,
    /// Moved a row through its life cycle.
    Transition,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The number, counted per database from 1.
    pub number: i64,
    /// What it did.
    pub kind: RunKind,
    /// When it began, ISO 8601 in UTC.
    pub started_at: String,
    /// When it was about to commit.
    pub finished_at: Option<String>,
    /// Who started it: `user@host`.
    pub actor: String,
    /// The tool and its version.
    pub tool: String,
    /// The digest of the plan that was applied.
    pub plan_digest: String,
    /// The deployment it was part of.
    pub deployment: Option<i64>,
    /// What it did, in a line.
    pub summary: Option<String>,
    /// The run that took it back.
    pub undone_by: Option<i64>,
}

impl RunKind {
    /// The word in the ledger and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Undo => "undo",
            Self::Reset => "reset",
            Self::Pull => "pull",
            Self::Transition => "transition",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "undo" => Self::Undo,
            "reset" => Self::Reset,
            "pull" => Self::Pull,
            "transition" => Self::Transition,
            _ => Self::Apply,
        }
    }
}

/// The last runs, newest first. None when the database has no ledger, or one from before there were runs.
///
/// # Errors
/// [`SeedError::Database`].
pub fn runs(db: &mut dyn Db, limit: u32) -> Result<Vec<Run>, SeedError> {
    let found = select(db, &format!(" ORDER BY number DESC LIMIT {limit}"))?;
    Ok(found)
}

/// One run.
pub(crate) fn one(db: &mut dyn Db, number: i64) -> Result<Option<Run>, DbError> {
    Ok(select(db, &format!(" WHERE number = {number}"))?.pop())
}

/// The last run that was not taken back and does not take another back itself. Runs that stepped rows through their life cycle or
/// wrote files are taken back in other ways.
pub(crate) fn last_undoable(db: &mut dyn Db) -> Result<Option<Run>, DbError> {
    Ok(select(db, " WHERE undone_by IS NULL AND kind IN ('apply', 'reset') ORDER BY number DESC LIMIT 1")?.pop())
}

/// Begins a run inside the transaction that does its work, so that it is there if and only if its work is.
pub(crate) fn start(db: &mut dyn Db, kind: RunKind, digest: &str, options: &RunOptions) -> Result<i64, DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRun);
    let number = scalar(db, &Stmt::new(format!("SELECT coalesce(max(number), 0) + 1 FROM {name}")))?;
    let number = number.as_int().unwrap_or(1);
    let mut stmt = Stmt::new(format!(
        "INSERT INTO {name} (number, kind, state, started_at, actor, tool, plan_digest, deployment) VALUES ("
    ))
    .bind(number);
    for text in [kind.as_str(), "done", &ledger::now(), &options.actor, &options.tool, digest] {
        stmt = stmt.sql(", ").bind(text);
    }
    db.execute(&stmt.sql(", ").bind(options.deployment.map_or(Value::Null, Value::Int)).sql(")"))?;
    Ok(number)
}

/// Ends a run: the last word of its transaction, and the place where the lock has to be held still.
pub(crate) fn finish(db: &mut dyn Db, number: i64, summary: &str, options: &RunOptions) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRun);
    let stmt = Stmt::new(format!("UPDATE {name} SET finished_at = "))
        .bind(ledger::now())
        .sql(", summary = ")
        .bind(summary)
        .sql(" WHERE number = ")
        .bind(number);
    db.execute(&stmt)?;
    match &options.fence {
        Some(fence) => plimsoll_core::lock::check_fence(db, fence),
        None => Ok(()),
    }
}

/// Notes by which run a run was taken back, or that it counts again.
pub(crate) fn mark_undone(db: &mut dyn Db, number: i64, by: Option<i64>) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedRun);
    let stmt = Stmt::new(format!("UPDATE {name} SET undone_by = ")).bind(by.map_or(Value::Null, Value::Int));
    db.execute(&stmt.sql(" WHERE number = ").bind(number)).map(drop)
}

/// The run that a run took back.
pub(crate) fn undone_by(db: &mut dyn Db, number: i64) -> Result<Option<i64>, DbError> {
    Ok(select(db, &format!(" WHERE undone_by = {number}"))?.first().map(|run| run.number))
}

fn select(db: &mut dyn Db, rest: &str) -> Result<Vec<Run>, DbError> {
    // Before the third format there were no runs; looking does not upgrade.
    let format = ledger::meta(db, "format")?.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    if format < 3 {
        return Ok(Vec::new());
    }
    let name = ledger::table(db.engine(), LedgerTable::SeedRun);
    let stmt = Stmt::new(format!(
        "SELECT number, kind, started_at, finished_at, actor, tool, plan_digest, deployment, summary, undone_by FROM {name}{rest}"
    ));
    let text = |row: &DynRow, index: usize| row.at(index).as_str().map(str::to_owned);
    let rows = db.rows(&stmt)?;
    let found = rows.iter().map(|row| Run {
        number: row.int(0),
        kind: RunKind::parse(row.text(1)),
        started_at: row.text(2).to_owned(),
        finished_at: text(row, 3),
        actor: row.text(4).to_owned(),
        tool: row.text(5).to_owned(),
        plan_digest: row.text(6).to_owned(),
        deployment: row.at(7).as_int(),
        summary: text(row, 8),
        undone_by: row.at(9).as_int(),
    });
    Ok(found.collect())
}
