//! The journal of one deployment: an entry before each step and one after. Where it is kept is the ledger's.

use plimsoll_core::db::{Db, DbError};
use plimsoll_core::ledger::{self, Step, StepState};

/// Writes the steps of one deployment.
#[derive(Debug)]
pub(crate) struct Journal {
    deployment: i64,
    ordinal: i64,
}

impl Journal {
    pub(crate) fn new(deployment: i64) -> Self {
        Self { deployment, ordinal: 0 }
    }

    pub(crate) fn deployment(&self) -> i64 {
        self.deployment
    }

    /// A step is about to be done.
    pub(crate) fn intend(&mut self, db: &mut dyn Db, name: &str) -> Result<(), DbError> {
        self.ordinal += 1;
        self.write(db, name, StepState::Intent, None)
    }

    /// The last step is done.
    pub(crate) fn done(&self, db: &mut dyn Db, name: &str, detail: &str) -> Result<(), DbError> {
        self.write(db, name, StepState::Done, Some(detail))
    }

    /// The last step failed.
    pub(crate) fn failed(&self, db: &mut dyn Db, name: &str, detail: &str) -> Result<(), DbError> {
        self.write(db, name, StepState::Failed, Some(detail))
    }

    fn write(&self, db: &mut dyn Db, name: &str, state: StepState, detail: Option<&str>) -> Result<(), DbError> {
        let step = Step { ordinal: self.ordinal, name: name.to_owned(), state, detail: detail.map(str::to_owned) };
        ledger::note_step(db, self.deployment, &step)
    }
}
