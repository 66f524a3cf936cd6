//! Replays migrations in a database of their own, to know what they make. Comparing that with a real one is `drift`'s.

mod outside;

use std::collections::HashMap;
use std::path::PathBuf;

use plimsoll_core::db::scratch::{self, Scratch};
use plimsoll_core::db::{DatabaseUrl, Db, DbError, Engine, Stmt, quoted, scalar};
use plimsoll_core::{Coded, ErrorCode, Location, ledger};

use crate::apply::{ApplyOptions, apply};
use crate::error::{Failure, MigrateError, Problem, ProblemKind};
use crate::history::History;
use crate::plan::{PlanOptions, plan};
use crate::schema::{ReadOptions, Schema};
use crate::source::{Migration, MigrationSet};

pub(crate) use outside::reaches;

/// Where scratch databases are made.
#[derive(Debug, Clone)]
pub struct ScratchPlace {
    /// The folder for those of SQLite.
    pub folder: PathBuf,
    /// The server for those of the other engines; the real database's own when none is given.
    pub server: Option<DatabaseUrl>,
}

/// What replaying made.
#[derive(Debug)]
pub struct Replayed {
    /// The database, which is dropped with this.
    pub scratch: Scratch,
    /// Its schema.
    pub schema: Schema,
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
    /// A migration failed there.
    #[error("migration `{name}` fails in a scratch database{}", number.map(|number| format!(" at statement {number}")).unwrap_or_default())]
    Failed {
        /// The migration's name.
        name: String,
        /// The failing statement, from 1.
        number: Option<usize>,
        /// Its place.
        location: Option<Location>,
        /// What the engine said.
        #[source]
        cause: DbError,
    },
}

/// Applies migrations, by their own versions and in the order of `versions`, to a new and empty database of the same engine.
///
/// What would reach outside of that database is refused before anything runs: other databases, accounts, files of the server.
///
/// # Errors
/// [`ProblemKind::Unreplayable`] for such statements and for versions without a file, all at once; [`MigrateError::Replay`]
/// when the server does not have what it takes. Both mean that nothing can be said, not that something is wrong.
pub fn replay(
    set: &MigrationSet,
    versions: &[String],
    real: &DatabaseUrl,
    place: &ScratchPlace,
) -> Result<Replayed, MigrateError> {
    let scratch = make(real, place)?;
    let mut db = scratch.connect().map_err(ReplayError::Unusable)?;
    let databases = databases(db.as_mut()).map_err(ReplayError::Unusable)?;
    let by_version: HashMap<&str, &Migration> =
        set.migrations.iter().map(|migration| (migration.version.as_str(), migration)).collect();
    let mut problems = Vec::new();
    let mut chosen = Vec::new();
    for version in versions {
        match by_version.get(version.as_str()) {
            Some(migration) => {
                problems.extend(reaches(real.engine(), migration, &databases));
                chosen.push((*migration).clone());
            }
            None => {
                problems.push(unreplayable(format!("migration `{version}` has no file, so nobody knows what it did")))
            }
        }
    }
    if !problems.is_empty() {
        return Err(MigrateError::of(problems));
    }
    if !chosen.is_empty() {
        let set = MigrationSet { migrations: chosen, ..set.clone() };
        run(db.as_mut(), &set)?;
    }
    let schema = read(db.as_mut()).map_err(ReplayError::Unusable)?;
    Ok(Replayed { scratch, schema })
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
    let mut schema = Schema::read_with(db, ReadOptions { without_other_tools: true, grants })?;
    if db.engine() == Engine::Mysql {
        // A default that asks a sequence names the database that it is in.
        let name = scalar(db, &Stmt::new("SELECT DATABASE()"))?;
        let here = format!("{}.", quoted(Engine::Mysql, name.as_str().unwrap_or_default()));
        for object in schema.objects.values_mut() {
            if let Some(default) = object.attributes.get_mut("default") {
                *default = default.replace(&here, "");
            }
        }
    }
    Ok(schema)
}

pub(crate) fn unreplayable(message: String) -> Problem {
    Problem::new(ProblemKind::Unreplayable, message)
}

/// Applies the migrations of a set in the order in which they are in it, which need not be that of their versions.
fn run(db: &mut dyn Db, set: &MigrationSet) -> Result<(), MigrateError> {
    ledger::ensure(db).map_err(ReplayError::Unusable)?;
    db.ensure_diesel_history().map_err(ReplayError::Unusable)?;
    let history = History::read(db)?;
    let mut plan = plan(set, &history, &PlanOptions { allow_out_of_order: true })?;
    let order: HashMap<&str, usize> =
        set.migrations.iter().enumerate().map(|(index, migration)| (migration.version.as_str(), index)).collect();
    plan.steps.sort_by_key(|step| order.get(step.version.as_str()).copied());
    let options = ApplyOptions { tool: "replay".to_owned(), ..ApplyOptions::default() };
    match apply(db, set, &plan, &options, &mut |_| {}) {
        Ok(_) => Ok(()),
        Err(MigrateError::Failed(failure)) => {
            let Failure { name, statement_number: number, location, cause, .. } = *failure;
            Err(ReplayError::Failed { name, number, location, cause }.into())
        }
        Err(other) => Err(other),
    }
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

    fn location(&self) -> Option<&Location> {
        match self {
            Self::Failed { location, .. } => location.as_ref(),
            Self::Scratch(_) | Self::Unusable(_) => None,
        }
    }
}
