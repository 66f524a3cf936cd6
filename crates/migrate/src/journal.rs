//! The ledger's rows about migrations and diesel's history table, as written while applying. Reading histories is
//! `history`'s, and what an intent means after a kill is decided in `apply`.

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, Value, scalar, transaction};
use plimsoll_core::ledger::{self, LedgerTable};
use plimsoll_core::lock::{self, Fence};
use serde::{Deserialize, Serialize};

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
    /// Whether prepared statements may be kept: a script of the run may throw them away.
    pub(crate) cached: bool,
    pub(crate) direction: Direction<'a>,
    /// The text, to be kept once all of it is applied.
    pub(crate) script: &'a str,
}

/// When the entry before was written, as a setting of the transaction.
const LAST: &str = "plimsoll.last_entry";

/// How long a script took.
#[derive(Debug, Clone, Copy)]
enum Took {
    Millis(u64),
    /// By PostgreSQL's clock, since the entry before it in the same transaction, or since its beginning.
    SinceTheLast,
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

/// What is written down before a statement that no transaction holds together with its entry. While it is there, the
/// statement may have happened; where it is missing, the one after the last counted statement has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// The statement, from 0.
    pub(crate) statement: usize,
    /// Its text: the file may say something else after the kill.
    pub(crate) sql: String,
    /// The server's session that runs it, where there are any.
    pub(crate) session: Option<String>,
    /// What the catalogue said about the things that the statement names, by thing.
    pub(crate) before: BTreeMap<String, String>,
    /// Whether this was written inside of the statement's own transaction: to be seen later, something must have committed.
    /// None for a statement without one.
    pub(crate) transaction: Option<bool>,
}

/// Writes that a script begins, or begins again after some of its statements.
pub(crate) fn begin(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    fenced(db, journal, |db| match journal.direction {
        Direction::Up => write(db, journal, RecordState::Running, done, 0),
        Direction::Down(Whole { recorded: false, .. }) => write(db, journal, RecordState::Reverting, done, 0),
        Direction::Down(_) => {
            let progress = (journal.step.statements, done, journal.checksum(done));
            write_progress(db, journal, RecordState::Reverting, progress)
        }
    })
}

/// Writes that all of a script is done. Belongs into a transaction.
pub(crate) fn finish(db: &mut dyn Db, journal: Journal<'_>, duration_ms: u64) -> Result<(), DbError> {
    let version = journal.step.version.as_str();
    match journal.direction {
        Direction::Up => write_applied(db, journal, duration_ms)?,
        Direction::Down(_) => {
            db.execute(&Stmt::new("DELETE FROM __diesel_schema_migrations WHERE version = ").bind(version))?;
            remove(db, version)?;
        }
    }
    check_fence(db, journal)
}

/// The entries of an applied migration as text, for a request of PostgreSQL's that holds all of it. None for what is not
/// recorded so.
pub(crate) fn applied_text(journal: Journal<'_>) -> Option<String> {
    let versioned = matches!(journal.direction, Direction::Up) && journal.step.kind == MigrationKind::Versioned;
    let entry = applied_on_postgres(journal, Took::SinceTheLast);
    // The next one's time begins here.
    let entry = entry.sql(format!(" RETURNING set_config('{LAST}', clock_timestamp()::text, true)"));
    versioned.then(|| entry.with_literals(Engine::Postgres))
}

/// [`check_fence`] as text, which fails where that would; with a semicolon, and empty without a fence. None where it takes a
/// statement of its own to find out.
pub(crate) fn fence_text(journal: Journal<'_>) -> Option<String> {
    match journal.fence {
        Some(fence) => Some(format!("{};\n", lock::fence_text(Engine::Postgres, fence)?)),
        None => Some(String::new()),
    }
}

/// Writes that the statement after those done was refused, and forgets that the script was begun when it was the first.
pub(crate) fn give_up(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    let version = journal.step.version.as_str();
    fenced(db, journal, |db| match (journal.direction, done) {
        (Direction::Up, 0) | (Direction::Down(Whole { recorded: false, .. }), 0) => remove(db, version),
        (Direction::Up, _) => write_state(db, version, RecordState::Failed),
        (Direction::Down(whole), 0) => {
            let progress = (whole.statements, whole.statements, whole.checksum.as_str().into());
            write_progress(db, journal, RecordState::Applied, progress)
        }
        (Direction::Down(_), _) => write_state(db, version, RecordState::RevertFailed),
    })
}

/// Counts one more statement as done. In a transaction this waits for a killed run whose server process still works, and is
/// refused when that one had counted the statement in the end.
pub(crate) fn advance(db: &mut dyn Db, journal: Journal<'_>, done: usize) -> Result<(), DbError> {
    advance_from(db, journal, done, done + 1)
}

/// As [`advance`], for a script that took its own transaction back, and with it the entries inside.
pub(crate) fn advance_from(db: &mut dyn Db, journal: Journal<'_>, from: usize, to: usize) -> Result<(), DbError> {
    let engine = db.engine();
    let table = ledger::table(engine, LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET statements_done = "))
        .bind(count(to))
        .sql(", checksum_lexical = ")
        .bind(journal.checksum(to))
        .sql(", intent = '', applied_at = ")
        .bind(ledger::now())
        .sql(" WHERE version = ")
        .bind(journal.step.version.as_str())
        .sql(" AND statements_done = ")
        .bind(count(from));
    match db.execute(&kept(stmt, journal))? {
        1 => Ok(()),
        // Whoever that is, the entries are theirs from here on.
        _ => Err(DbError::new(engine, DbErrorKind::LeaseLost, "another process is applying the same migration")),
    }
}

/// Refuses to record progress under a lock that somebody else has by now. Comes last in a transaction, since the lease is kept
/// from being renewed until its end.
pub(crate) fn check_fence(db: &mut dyn Db, journal: Journal<'_>) -> Result<(), DbError> {
    match journal.fence {
        None => Ok(()),
        Some(fence) if journal.cached => lock::check_fence_prepared(db, fence),
        Some(fence) => lock::check_fence(db, fence),
    }
}

/// Writes what is about to be done, before it is done.
pub(crate) fn intend(db: &mut dyn Db, journal: Journal<'_>, intent: &Intent) -> Result<(), DbError> {
    fenced(db, journal, |db| intend_inside(db, journal, intent))
}

/// As [`intend`], inside of a transaction that is open already.
pub(crate) fn intend_inside(db: &mut dyn Db, journal: Journal<'_>, intent: &Intent) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let text = serde_json::to_string(intent).expect("texts and numbers are always JSON");
    let stmt = Stmt::new(format!("UPDATE {table} SET intent = "))
        .bind(text)
        .sql(" WHERE version = ")
        .bind(journal.step.version.as_str());
    db.execute(&kept(stmt, journal)).map(drop)
}

/// What a run had written down before it ended, when it ended in the middle of it.
pub(crate) fn intent(db: &mut dyn Db, version: &str) -> Result<Option<Intent>, DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("SELECT intent FROM {table} WHERE version = ")).bind(version);
    let found = scalar(db, &stmt)?;
    let Some(text) = found.as_str().filter(|text| !text.is_empty()) else { return Ok(None) };
    // To take it for none would be to run a statement again that may have happened.
    let unreadable = |_| {
        let message = format!(
            "the column `intent` of `{version}` in {table} cannot be read: a newer Plimsoll may have written it"
        );
        DbError::new(db.engine(), DbErrorKind::Refused, message)
    };
    serde_json::from_str(text).map(Some).map_err(unreadable)
}

/// Whether the run before was one of a release that wrote no intents, and ended in the middle: nothing tells where.
pub(crate) fn is_untold(db: &mut dyn Db, version: &str) -> Result<bool, DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!(
        "SELECT count(*) FROM {table} WHERE intent IS NULL AND state IN ('running', 'reverting') AND version = "
    ));
    Ok(scalar(db, &stmt.bind(version))?.as_int().unwrap_or(0) > 0)
}

/// How many statements the ledger says are done.
pub(crate) fn statements_done(db: &mut dyn Db, version: &str) -> Result<usize, DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("SELECT statements_done FROM {table} WHERE version = ")).bind(version);
    Ok(scalar(db, &stmt)?.as_int().and_then(|done| usize::try_from(done).ok()).unwrap_or(0))
}

impl Journal<'_> {
    /// Until all is applied, the checksum is of what was: it proves that nobody edits that before continuing.
    fn checksum(&self, done: usize) -> Value {
        self.checksums.get(done).map(String::as_str).into()
    }
}

/// Writes in a transaction of its own that ends with a look at the lock: whoever was held up for long must not write over
/// what somebody else has written since.
fn fenced(
    db: &mut dyn Db,
    journal: Journal<'_>,
    write: impl FnOnce(&mut dyn Db) -> Result<(), DbError>,
) -> Result<(), DbError> {
    if journal.fence.is_none() {
        return write(db);
    }
    transaction(db, |db| {
        write(db)?;
        check_fence(db, journal)
    })
}

/// Writes the row of a migration: begun, begun again, or applied.
fn write(
    db: &mut dyn Db,
    journal: Journal<'_>,
    state: RecordState,
    done: usize,
    duration_ms: u64,
) -> Result<(), DbError> {
    let mut stmt = Stmt::default();
    push_row(&mut stmt, db.engine(), journal, state, done, Took::Millis(duration_ms));
    db.execute(&kept(stmt, journal)).map(drop)
}

/// Writes that a migration is applied, in diesel's history and in the ledger. Belongs into a transaction.
fn write_applied(db: &mut dyn Db, journal: Journal<'_>, duration_ms: u64) -> Result<(), DbError> {
    let engine = db.engine();
    let (state, all) = (RecordState::Applied, journal.step.statements);
    let history =
        Stmt::new("INSERT INTO __diesel_schema_migrations (version) VALUES (").bind(journal.step.version.as_str());
    // diesel's history says what is applied once and for all.
    if journal.step.kind == MigrationKind::Repeatable {
        return write(db, journal, state, all, duration_ms);
    }
    match engine {
        // One round trip for both: with hundreds of small migrations, this is what they take.
        Engine::Postgres => {
            let both = applied_on_postgres(journal, Took::Millis(duration_ms));
            db.execute(&kept(both, journal)).map(drop)
        }
        Engine::Sqlite | Engine::Mysql => {
            db.execute(&kept(history.sql(")"), journal))?;
            write(db, journal, state, all, duration_ms)
        }
    }
}

fn applied_on_postgres(journal: Journal<'_>, took: Took) -> Stmt {
    let mut both = Stmt::new("WITH history AS (INSERT INTO __diesel_schema_migrations (version) VALUES (")
        .bind(journal.step.version.as_str())
        .sql(")) ");
    push_row(&mut both, Engine::Postgres, journal, RecordState::Applied, journal.step.statements, took);
    both
}

/// Writes how far a script came that takes a migration back: what the row says about the migration itself stays.
fn write_progress(
    db: &mut dyn Db,
    journal: Journal<'_>,
    state: RecordState,
    (statements, done, checksum): (usize, usize, Value),
) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET {}, state = ", intent_then(db.engine(), state)))
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

/// What becomes of the intent of a row that gets a state. What is known of a statement in flight stays for the next run of the
/// same script; in any other row nothing is in flight, also where an older release has written that row without an intent. For
/// the beginning of an update: MySQL's later parts see what the earlier ones have set.
fn intent_then(engine: Engine, state: RecordState) -> String {
    let table = ledger::table(engine, LedgerTable::Migration);
    match state {
        RecordState::Running | RecordState::Reverting => {
            let state = state.as_str();
            format!("intent = CASE WHEN {table}.state = '{state}' THEN {table}.intent ELSE '' END")
        }
        RecordState::Applied | RecordState::Failed | RecordState::RevertFailed => "intent = ''".to_owned(),
    }
}

fn write_state(db: &mut dyn Db, version: &str, state: RecordState) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    let stmt = Stmt::new(format!("UPDATE {table} SET intent = '', state = ")).bind(state.as_str());
    db.execute(&stmt.sql(" WHERE version = ").bind(version)).map(drop)
}

/// Forgets a migration of which nothing was applied.
fn remove(db: &mut dyn Db, version: &str) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    db.execute(&Stmt::new(format!("DELETE FROM {table} WHERE version = ")).bind(version)).map(drop)
}

/// One statement that inserts or updates: a kill between a deletion and an insertion would lose the row.
fn push_row(stmt: &mut Stmt, engine: Engine, journal: Journal<'_>, state: RecordState, done: usize, took: Took) {
    let millis = match took {
        Took::Millis(millis) => i64::try_from(millis).unwrap_or(i64::MAX),
        Took::SinceTheLast => 0,
    };
    let Journal { step, deployment, tool, .. } = journal;
    let script = (state == RecordState::Applied).then(|| journal.script.replace("\r\n", "\n"));
    let table = ledger::table(engine, LedgerTable::Migration);
    let values: [(&str, Value); 14] = [
        ("version", step.version.as_str().into()),
        ("name", step.name.as_str().into()),
        ("checksum_raw", step.checksum.as_str().into()),
        ("checksum_lexical", journal.checksum(done)),
        ("state", state.as_str().into()),
        ("statements", count(step.statements)),
        ("statements_done", count(done)),
        ("duration_ms", millis.into()),
        ("applied_at", ledger::now().into()),
        ("deployment", deployment.into()),
        ("tool", tool.into()),
        ("kind", step.kind.as_str().into()),
        ("script", script.into()),
        ("intent", "".into()),
    ];
    let columns: Vec<_> = values.iter().map(|(column, _)| *column).collect();
    stmt.push(format!("INSERT INTO {table} ({}) VALUES (", columns.join(", ")));
    for (index, (column, value)) in values.into_iter().enumerate() {
        stmt.push(if index == 0 { "" } else { ", " });
        match took {
            Took::SinceTheLast if column == "duration_ms" => stmt.push(format!(
                "(extract(epoch FROM clock_timestamp() - \
                 coalesce(nullif(current_setting('{LAST}', true), '')::timestamptz, now())) * 1000)::bigint"
            )),
            Took::SinceTheLast | Took::Millis(_) => stmt.push_bind(value),
        }
    }
    let (there_already, new) = match engine {
        Engine::Postgres | Engine::Sqlite => (") ON CONFLICT (version) DO UPDATE SET ", "excluded."),
        Engine::Mysql => (") ON DUPLICATE KEY UPDATE ", "VALUES("),
    };
    let end = if engine == Engine::Mysql { ")" } else { "" };
    let taken = columns.iter().filter(|column| !matches!(**column, "version" | "intent"));
    let updates: Vec<_> = taken.map(|column| format!("{column} = {new}{column}{end}")).collect();
    stmt.push(format!("{there_already}{}, {}", intent_then(engine, state), updates.join(", ")));
}

fn kept(stmt: Stmt, journal: Journal<'_>) -> Stmt {
    if journal.cached { stmt.cached() } else { stmt }
}

fn count(number: usize) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}
