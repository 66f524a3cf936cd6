//! What a database already has: diesel's history table and the ledger. Only reads; comparing with files is `status`'s.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::db::{Db, DynRow, Engine, Stmt, scalar};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};

use crate::error::MigrateError;
use crate::extensions::{self, Extensions};
use crate::source::{MigrationKind, MigrationSet};

/// The first format of the ledger that has the columns `kind` and `script`.
const KEEPS_SCRIPTS: i64 = 2;

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
        let found = scalar(db, &Stmt::new(has_diesel_table(engine))).map_err(MigrateError::History)?;
        if found.as_int().unwrap_or(0) > 0 {
            let rows =
                db.rows(&Stmt::new("SELECT version FROM __diesel_schema_migrations")).map_err(MigrateError::History)?;
            history.applied = rows.iter().map(|row| row.text(0).to_owned()).collect();
        }
        // Whoever only looks must not bring an older ledger up to date.
        if let Some(format) = ledger::format(db).map_err(MigrateError::History)? {
            let table = ledger::table(engine, LedgerTable::Migration);
            let added = if format >= KEEPS_SCRIPTS { "kind, script" } else { "NULL, NULL" };
            let stmt = Stmt::new(format!(
                "SELECT version, name, checksum_raw, checksum_lexical, state, statements, statements_done, applied_at, {added} FROM {table}"
            ));
            let rows = db.rows(&stmt).map_err(MigrateError::History)?;
            history.records = rows.iter().map(record).map(|record| (record.version.clone(), record)).collect();
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

fn record(row: &DynRow) -> Record {
    let count = |index| usize::try_from(row.int(index)).unwrap_or(0);
    Record {
        version: row.text(0).to_owned(),
        name: row.text(1).to_owned(),
        checksum_raw: row.text(2).to_owned(),
        checksum_lexical: row.text(3).to_owned(),
        state: match row.text(4) {
            "applied" => RecordState::Applied,
            "failed" => RecordState::Failed,
            "reverting" => RecordState::Reverting,
            "revert-failed" => RecordState::RevertFailed,
            _ => RecordState::Running,
        },
        statements: count(5),
        statements_done: count(6),
        applied_at: row.text(7).to_owned(),
        kind: row.at(8).as_str().map(str::to_owned),
        script: row.at(9).as_str().map(str::to_owned),
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
