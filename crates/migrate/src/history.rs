//! What a database already has: diesel's history table and the ledger. Only reads; comparing with files is `status`'s.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::db::{Db, DynRow, Engine, Stmt, Value};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};

use crate::error::MigrateError;
use crate::extensions::{self, Extensions};
use crate::source::{MigrationKind, MigrationSet};

/// The migrations a database says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The engine that was asked: it decides how files are read.
    pub engine: Engine,
    /// The versions in diesel's history table. What is in here is applied, and nothing else is.
    pub applied: BTreeSet<String>,
    /// What the ledger knows besides, by version.
    pub records: BTreeMap<String, Record>,
    /// What the server says about extensions, where [`History::observe`] asked it: without an answer nothing is refused.
    pub extensions: Option<Extensions>,
}

/// The ledger's row for a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The version.
    pub version: String,
    /// The name it had.
    pub name: String,
    /// The SHA-256 of the file's bytes.
    pub checksum_raw: String,
    /// The lexical checksum; of the first `statements_done` statements only, until the migration is applied or taken back.
    pub checksum_lexical: String,
    /// How it ended.
    pub state: RecordState,
    /// How many statements it had; while it is taken back, how many its down script has.
    pub statements: usize,
    /// How many of them were run.
    pub statements_done: usize,
    /// When, in UTC.
    pub applied_at: String,
    /// What it is, in the ledger's word: `versioned` or `repeatable`. None in ledgers of the first format.
    pub kind: Option<String>,
    /// The text that was applied, with `\n` at the end of lines, as far as it was kept.
    pub script: Option<String>,
}

/// How far a migration came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordState {
    /// It is being applied, or the run was killed: the outcome of the statement after the last counted one is unknown.
    Running,
    /// All of it was applied.
    Applied,
    /// The statement after the last counted one was refused.
    Failed,
    /// It is being taken back, or that was killed: as `Running`, of the down script.
    Reverting,
    /// It was being taken back: as `Failed`, of the down script.
    RevertFailed,
}

impl History {
    /// An untouched database's.
    #[must_use]
    pub fn empty(engine: Engine) -> Self {
        Self { engine, applied: BTreeSet::new(), records: BTreeMap::new(), extensions: None }
    }

    /// Reads the history and creates nothing: a database without any of the tables has none.
    ///
    /// # Errors
    /// [`MigrateError::History`] when the database refuses.
    pub fn read(db: &mut dyn Db) -> Result<Self, MigrateError> {
        let engine = db.engine();
        let mut history = Self::empty(engine);
        let mut rows = |sql: String| db.rows(&Stmt::new(sql)).map_err(MigrateError::History);
        let found = rows(format!("SELECT ({}), ({})", has_diesel_table(engine), ledger::existence(engine)))?;
        let has = |which| found.first().is_some_and(|row| row.int(which) > 0);
        if has(0) {
            let versions = rows("SELECT version FROM __diesel_schema_migrations".to_owned())?;
            history.applied = versions.iter().map(|row| row.text(0).to_owned()).collect();
        }
        if has(1) {
            // Whoever only looks must not bring an older ledger up to date: what it lacks is not there by its name either.
            let table = ledger::table(engine, LedgerTable::Migration);
            let records = rows(format!("SELECT m.* FROM {table} m"))?;
            history.records = records.into_iter().map(record).map(|record| (record.version.clone(), record)).collect();
        }
        Ok(history)
    }

    /// As [`History::read`], and asks PostgreSQL about the extensions that pending migrations of the set create: what a plan
    /// needs, so that it refuses what cannot work before anything runs.
    ///
    /// # Errors
    /// [`MigrateError::History`] when the database refuses.
    pub fn observe(db: &mut dyn Db, set: &MigrationSet) -> Result<Self, MigrateError> {
        let mut history = Self::read(db)?;
        history.extensions = extensions::observe(db, set, &history).map_err(MigrateError::History)?;
        Ok(history)
    }

    /// The ledger's row for a version.
    #[must_use]
    pub fn record(&self, version: &str) -> Option<&Record> {
        self.records.get(version)
    }

    /// The row of a migration that was begun and not finished.
    #[must_use]
    pub fn interrupted(&self, version: &str) -> Option<&Record> {
        self.record(version).filter(|record| {
            matches!(record.state, RecordState::Running | RecordState::Failed) && !self.applied.contains(version)
        })
    }

    /// The row of a migration that is half taken back. Once it is gone from diesel's table, another tool has finished that.
    #[must_use]
    pub fn reverting(&self, version: &str) -> Option<&Record> {
        self.record(version).filter(|record| {
            matches!(record.state, RecordState::Reverting | RecordState::RevertFailed) && self.applied.contains(version)
        })
    }
}

impl Record {
    /// Whether it is run again whenever its text changes.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.kind.as_deref() == Some(MigrationKind::Repeatable.as_str())
    }
}

impl RecordState {
    /// The word in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Reverting => "reverting",
            Self::RevertFailed => "revert-failed",
        }
    }
}

fn record(mut row: DynRow) -> Record {
    let count = |column| row.get(column).as_int().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let (statements, statements_done) = (count("statements"), count("statements_done"));
    let mut kept = |column| match row.take(column) {
        Value::Text(text) => Some(text),
        _ => None,
    };
    let mut text = |column| kept(column).unwrap_or_default();
    Record {
        version: text("version"),
        name: text("name"),
        checksum_raw: text("checksum_raw"),
        checksum_lexical: text("checksum_lexical"),
        state: match text("state").as_str() {
            "applied" => RecordState::Applied,
            "failed" => RecordState::Failed,
            "reverting" => RecordState::Reverting,
            "revert-failed" => RecordState::RevertFailed,
            _ => RecordState::Running,
        },
        statements,
        statements_done,
        applied_at: text("applied_at"),
        kind: kept("kind"),
        script: kept("script"),
    }
}

/// Asked first, since diesel's own reading would create the table.
fn has_diesel_table(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
        Engine::Postgres => "SELECT count(to_regclass('__diesel_schema_migrations')::text)",
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '__diesel_schema_migrations'"
        }
    }
}
