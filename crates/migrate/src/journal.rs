//! The ledger's rows about migrations and diesel's history table, as written while applying. Reading them is `history`'s.

use plimsoll_core::db::{Db, DbError, DbErrorKind, Stmt, Value, scalar};
use plimsoll_core::ledger::{self, LedgerTable};
use plimsoll_core::lock::{self, Fence};

use crate::history::RecordState;
use crate::plan::MigrateStep;
use crate::source::MigrationKind;

/// What all rows of one migration have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Journal<'a> {
    pub(crate) step: &'a MigrateStep,
    /// The lexical checksum after every number of statements, none to all.
    pub(crate) checksums: &'a [String],
    pub(crate) deployment: Option<i64>,
    pub(crate) tool: &'a str,
    /// Proof of the deployment lock.
    pub(crate) fence: Option<&'a Fence>,
    pub(crate) direction: Direction<'a>,
    /// The text, to be kept once all of it is applied.
    pub(crate) script: &'a str,
}

/// Which way a script goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction<'a> {
    /// It applies a migration.
    Up,
    /// It takes back one that is applied.
    Down(&'a Whole),
}

/// What the row of an applied migration says, to be said again when nothing of its down script was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Whether there is such a row: another tool may have applied the migration.
    pub(crate) recorded: bool,
    /// How many statements the migration has.
    pub(crate) statements: usize,
    /// Its lexical checksum.
    pub(crate) checksum: String,
}

/// Writes that a script begins, or begins again after some of its statements.
pub(crate) fn begin(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    match journal.direction {
        Direction::Up => write(db, journal, RecordState::Running, done, 0),
        Direction::Down(Whole { recorded: false, .. }) => write(db, journal, RecordState::Reverting, done, 0),
        Direction::Down(_) => {
            let progress = (journal.step.statements, done, journal.checksum(done));
            write_progress(db, journal, RecordState::Reverting, progress)
        }
    }
}

/// Writes that all of a script is done. Belongs into a transaction.
pub(crate) fn finish(db: &mut dyn Db, journal: Journal<'_>, duration_ms: u64) -> Result<(), DbError> {
    let version = journal.step.version.as_str();
    match journal.direction {
        Direction::Up => {
            // diesel's history says what is applied once and for all.
            if journal.step.kind == MigrationKind::Versioned {
                let history = Stmt::new("INSERT INTO __diesel_schema_migrations (version) VALUES (");
                db.execute(&history.bind(version).sql(")"))?;
            }
            write(db, journal, RecordState::Applied, journal.step.statements, duration_ms)?;
        }
        Direction::Down(_) => {
            db.execute(&Stmt::new("DELETE FROM __diesel_schema_migrations WHERE version = ").bind(version))?;
            remove(db, version)?;
        }
    }
    check_fence(db, journal)
}

/// Writes that the statement after those done was refused, and forgets that the script was begun when it was the first.
pub(crate) fn give_up(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    let version = journal.step.version.as_str();
    match (journal.direction, done) {
        (Direction::Up, 0) | (Direction::Down(Whole { recorded: false, .. }), 0) => remove(db, version),
        (Direction::Up, _) => write_state(db, version, RecordState::Failed),
        (Direction::Down(whole), 0) => {
            let progress = (whole.statements, whole.statements, whole.checksum.as_str().into());
            write_progress(db, journal, RecordState::Applied, progress)
        }
        (Direction::Down(_), _) => write_state(db, version, RecordState::RevertFailed),
    }
}

/// Writes the row of a migration: begun, begun again, or applied.
fn write(
    db: &mut dyn Db,
    journal: Journal<'_>,
    state: RecordState,
    done: usize,
    duration_ms: u64,
) -> Result<(), DbError> {
    let Journal { step, deployment, tool, .. } = journal;
    let script = (state == RecordState::Applied).then(|| journal.script.replace("\r\n", "\n"));
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let values: [(&str, Value); 12] = [
        ("name", step.name.as_str().into()),
        ("checksum_raw", step.checksum.as_str().into()),
        ("checksum_lexical", journal.checksum(done)),
        ("state", state.as_str().into()),
        ("statements", count(step.statements)),
        ("statements_done", count(done)),
        ("duration_ms", i64::try_from(duration_ms).unwrap_or(i64::MAX).into()),
        ("applied_at", ledger::now().into()),
        ("deployment", deployment.into()),
        ("tool", tool.into()),
        ("kind", step.kind.as_str().into()),
        ("script", script.into()),
    ];
    let exists = Stmt::new(format!("SELECT count(*) FROM {table} WHERE version = ")).bind(step.version.as_str());
    // Outside of a transaction, a kill between a deletion and an insertion would lose the row: it is updated in place.
    let stmt = if scalar(db, &exists)?.as_int().unwrap_or(0) > 0 {
        let mut stmt = Stmt::new(format!("UPDATE {table} SET "));
        for (index, (column, value)) in values.into_iter().enumerate() {
            stmt.push(if index == 0 { format!("{column} = ") } else { format!(", {column} = ") });
            stmt.push_bind(value);
        }
        stmt.sql(" WHERE version = ").bind(step.version.as_str())
    } else {
        let columns: Vec<_> = values.iter().map(|(column, _)| *column).collect();
        let mut stmt = Stmt::new(format!("INSERT INTO {table} (version, {}) VALUES (", columns.join(", ")));
        stmt.push_bind(step.version.as_str());
        for (_, value) in values {
            stmt.push(", ");
            stmt.push_bind(value);
        }
        stmt.sql(")")
    };
    db.execute(&stmt).map(drop)
}

/// Counts one more statement as done. In a transaction this waits for a killed run whose server process still works, and is
/// refused when that one had counted the statement in the end.
pub(crate) fn advance(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    let engine = db.engine();
    let table = ledger::table(engine, LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET statements_done = "))
        .bind(count(done + 1))
        .sql(", checksum_lexical = ")
        .bind(journal.checksum(done + 1))
        .sql(", applied_at = ")
        .bind(ledger::now())
        .sql(" WHERE version = ")
        .bind(journal.step.version.as_str())
        .sql(" AND statements_done = ")
        .bind(count(done))
        .cached();
    match db.execute(&stmt)? {
        1 => Ok(()),
        _ => Err(DbError::new(engine, DbErrorKind::Refused, "another process is applying the same migration")),
    }
}

/// Refuses to record progress under a lock that somebody else has by now. Comes last in a transaction, since the lease is kept
/// from being renewed until its end.
pub(crate) fn check_fence(db: &mut dyn Db, journal: Journal<'_>) -> Result<(), DbError> {
    journal.fence.map_or(Ok(()), |fence| lock::check_fence(db, fence))
}

/// How many statements the ledger says are done.
pub(crate) fn statements_done(db: &mut dyn Db, version: &str) -> Result<usize, DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("SELECT statements_done FROM {table} WHERE version = ")).bind(version);
    Ok(scalar(db, &stmt)?.as_int().and_then(|done| usize::try_from(done).ok()).unwrap_or(0))
}

/// Writes how far a script came that takes a migration back: what the row says about the migration itself stays.
fn write_progress(
    db: &mut dyn Db,
    journal: Journal<'_>,
    state: RecordState,
    (statements, done, checksum): (usize, usize, Value),
) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET state = "))
        .bind(state.as_str())
        .sql(", statements = ")
        .bind(count(statements))
        .sql(", statements_done = ")
        .bind(count(done))
        .sql(", checksum_lexical = ")
        .bind(checksum)
        .sql(" WHERE version = ")
        .bind(journal.step.version.as_str());
    db.execute(&stmt).map(drop)
}

fn write_state(db: &mut dyn Db, version: &str, state: RecordState) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET state = ")).bind(state.as_str());
    db.execute(&stmt.sql(" WHERE version = ").bind(version)).map(drop)
}

/// Forgets a migration of which nothing is there.
fn remove(db: &mut dyn Db, version: &str) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    db.execute(&Stmt::new(format!("DELETE FROM {table} WHERE version = ")).bind(version)).map(drop)
}

impl Journal<'_> {
    /// Until all is applied, the checksum is of what was: it proves that nobody edits that before continuing.
    fn checksum(&self, done: usize) -> Value {
        self.checksums.get(done).map(String::as_str).into()
    }
}

fn count(number: usize) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}
