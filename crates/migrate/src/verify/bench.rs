//! A scratch database with the first migrations of a set applied, in which the next one goes up and down. What is looked at in
//! between is `prove`'s.

use plimsoll_core::db::scratch::Scratch;
use plimsoll_core::db::{DatabaseUrl, Db, DbError, DbErrorKind};
use plimsoll_core::ledger;

use crate::apply::{ApplyOptions, apply};
use crate::error::MigrateError;
use crate::history::History;
use crate::plan::{PlanOptions, plan};
use crate::replay::{self, ReplayError, ScratchPlace};
use crate::revert::{self, RevertOptions, RevertTarget};
use crate::schema::Schema;
use crate::source::MigrationSet;

/// Where benches are made, and for what.
#[derive(Clone, Copy)]
pub(super) struct Workshop<'a> {
    pub(super) set: &'a MigrationSet,
    pub(super) real: &'a DatabaseUrl,
    pub(super) place: &'a ScratchPlace,
}

/// The connection comes first, so that it is closed before the database is dropped.
pub(super) struct Bench<'a> {
    db: Box<dyn Db>,
    _scratch: Scratch,
    workshop: Workshop<'a>,
}

/// Why a migration does not go up or down.
pub(super) enum Stuck {
    /// The engine or the planner refuses it.
    Refused(String),
    /// The scratch database is gone, or cannot be used.
    Broken(MigrateError),
}

impl<'a> Workshop<'a> {
    /// A new database with the first so many migrations and no rows but theirs.
    pub(super) fn bench(self, migrations: usize) -> Result<Bench<'a>, Stuck> {
        let scratch = replay::make(self.real, self.place)?;
        let mut db = scratch.connect().map_err(ReplayError::Unusable).map_err(MigrateError::from)?;
        let prepared = ledger::ensure(db.as_mut()).and_then(|()| db.ensure_diesel_history());
        prepared.map_err(ReplayError::Unusable).map_err(MigrateError::from)?;
        let mut bench = Bench { db, _scratch: scratch, workshop: self };
        for index in 0..migrations {
            bench.up(index)?;
        }
        Ok(bench)
    }

    /// The names of databases that statements of this server could reach.
    pub(super) fn databases(self) -> Result<Vec<String>, MigrateError> {
        let scratch = replay::make(self.real, self.place)?;
        let mut db = scratch.connect().map_err(ReplayError::Unusable)?;
        Ok(replay::databases(db.as_mut()).map_err(ReplayError::Unusable)?)
    }

    fn first(self, count: usize) -> MigrationSet {
        MigrationSet { migrations: self.set.migrations[..count].to_vec(), ..self.set.clone() }
    }
}

impl Bench<'_> {
    pub(super) fn db(&mut self) -> &mut dyn Db {
        self.db.as_mut()
    }

    /// Applies the migration at this place; those before it are applied.
    pub(super) fn up(&mut self, index: usize) -> Result<(), Stuck> {
        let set = self.workshop.first(index + 1);
        let history = History::read(self.db())?;
        let plan = plan(&set, &history, &PlanOptions { allow_out_of_order: true })?;
        apply(self.db(), &set, &plan, &options(), &mut |_| {})?;
        Ok(())
    }

    /// Takes the migration at this place back, which is the last applied one.
    pub(super) fn down(&mut self, index: usize) -> Result<(), Stuck> {
        let set = self.workshop.first(index + 1);
        let history = History::read(self.db())?;
        let wanted = RevertOptions { target: RevertTarget::Steps(1), allow_lossy: true };
        let plan = revert::plan(&set, &history, &wanted)?;
        revert::apply(self.db(), &set, &plan, &options(), &mut |_| {})?;
        Ok(())
    }

    pub(super) fn schema(&mut self) -> Result<Schema, Stuck> {
        Ok(replay::read(self.db())?)
    }
}

impl From<MigrateError> for Stuck {
    fn from(error: MigrateError) -> Self {
        let lost = |cause: &DbError| cause.kind == DbErrorKind::Lost;
        let said = |what: &str, number: Option<usize>, cause: &DbError| match number {
            Some(number) => format!("{what} fails at statement {number}: {}", cause.message),
            None => format!("{what} fails: {}", cause.message),
        };
        match error {
            MigrateError::Failed(failure) if !lost(&failure.cause) => {
                Self::Refused(said("the migration", failure.statement_number, &failure.cause))
            }
            MigrateError::RevertFailed(failure) if !lost(&failure.cause) => {
                Self::Refused(said("the way back", failure.statement_number, &failure.cause))
            }
            MigrateError::Problem(problem) => Self::Refused(problem.to_string()),
            MigrateError::Problems(problems) => {
                Self::Refused(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
            other => Self::Broken(other),
        }
    }
}

impl From<DbError> for Stuck {
    fn from(error: DbError) -> Self {
        Self::Broken(ReplayError::Unusable(error).into())
    }
}

impl Stuck {
    /// What was said, unless nothing can be said.
    pub(super) fn said(self) -> Result<String, MigrateError> {
        match self {
            Self::Refused(said) => Ok(said),
            Self::Broken(error) => Err(error),
        }
    }
}

fn options() -> ApplyOptions {
    ApplyOptions { tool: "verify".to_owned(), ..ApplyOptions::default() }
}
