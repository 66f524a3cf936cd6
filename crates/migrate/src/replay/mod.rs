//! Scratch databases in which migrations are tried, and what may not be tried there. What is found out by that is the callers'.

mod outside;

use std::path::PathBuf;

use plimsoll_core::db::scratch::{self, Scratch};
use plimsoll_core::db::{DatabaseUrl, Db, DbError, Engine, Stmt};
use plimsoll_core::{Coded, ErrorCode};

use crate::error::{MigrateError, Problem, ProblemKind};
use crate::schema::{ReadOptions, Schema};

pub(crate) use outside::reaches;

/// Where scratch databases are made.
#[derive(Debug, Clone)]
pub struct ScratchPlace {
    /// The folder for those of SQLite.
    pub folder: PathBuf,
    /// The server for those of the other engines; the real database's own when none is given.
    pub server: Option<DatabaseUrl>,
}

/// Replaying came to no end.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no scratch database to replay in.
    #[error("cannot make a scratch database")]
    Scratch(#[source] DbError),
    /// The scratch database could not be read or prepared.
    #[error("cannot use the scratch database")]
    Unusable(#[source] DbError),
}

/// Makes an empty database.
pub(crate) fn make(real: &DatabaseUrl, place: &ScratchPlace) -> Result<Scratch, MigrateError> {
    let beside = place.server.as_ref().filter(|_| real.engine() != Engine::Sqlite).unwrap_or(real);
    Ok(scratch::create(beside, &place.folder).map_err(ReplayError::Scratch)?)
}

/// Reads a schema as it is compared with that of a scratch database: without what other tools keep. The privileges of MySQL
/// name databases, so those cannot be compared.
pub(crate) fn read(db: &mut dyn Db) -> Result<Schema, DbError> {
    let grants = db.engine() == Engine::Postgres;
    Schema::read_with(db, ReadOptions { without_other_tools: true, grants })
}

pub(crate) fn unreplayable(message: String) -> Problem {
    Problem::new(ProblemKind::Unreplayable, message)
}

/// The databases of the server whose names a statement could use; the empty list where there are none.
pub(crate) fn databases(db: &mut dyn Db) -> Result<Vec<String>, DbError> {
    match db.engine() {
        Engine::Mysql => {
            let sql = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME <> 'information_schema'";
            Ok(db.rows(&Stmt::new(sql))?.iter().map(|row| row.text(0).to_lowercase()).collect())
        }
        // Neither can name a table of another database.
        Engine::Postgres | Engine::Sqlite => Ok(Vec::new()),
    }
}

impl From<ReplayError> for MigrateError {
    fn from(error: ReplayError) -> Self {
        Self::Replay(Box::new(error))
    }
}

impl Coded for ReplayError {
    fn code(&self) -> ErrorCode {
        ErrorCode::CannotReplay
    }
}
