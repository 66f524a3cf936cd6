//! Runs statements that no transaction holds together with their entries: the intent first, then the statement. Counting
//! them as done is `stepwise`'s.

use std::collections::BTreeSet;

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, transaction};

use super::Work;
use super::build;
use super::fault::{self, Fault};
use super::inflight;
use super::manner::{Manner, manner};
use super::observe::{self, Things};
use crate::event::MigrateEvent;
use crate::journal::{self, Intent};
use crate::split::Statement;

/// What is found out once and holds until the schema changes.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Tables of engines that cannot undo, in lower case.
    cannot_undo: Option<BTreeSet<String>>,
}

impl Known {
    /// Whether a statement names a table whose engine knows no transactions, such as MyISAM.
    pub(super) fn holds_no_transaction(&mut self, db: &mut dyn Db, statement: &Statement) -> Result<bool, DbError> {
        if db.engine() != Engine::Mysql {
            return Ok(false);
        }
        if self.cannot_undo.is_none() {
            self.cannot_undo = Some(tables_without_transactions(db)?);
        }
        let tables = self.cannot_undo.iter().flatten().collect::<BTreeSet<_>>();
        Ok(!tables.is_empty() && observe::names(statement).iter().any(|name| tables.contains(&name.to_lowercase())))
    }

    /// The schema changes.
    pub(super) fn forget(&mut self) {
        self.cannot_undo = None;
    }
}

/// Runs a statement that the engine would not undo. `inside` of a transaction of the script's own, it ends that.
pub(super) fn run(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    inside: bool,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let statement = &work.statements[index];
    clear_way(db, work, statement, on_event).map_err(Fault::at(index))?;
    let before = observe::observe(db, statement).map_err(Fault::at(index))?;
    match inside {
        true => {
            intend_inside(db, work, index, before.clone(), None)?;
            journal::check_fence(db, work.journal()).map_err(Fault::at(index))?;
        }
        false => intend(db, work, index, before.clone(), None)?,
    }
    match db.batch(&statement.text) {
        Err(error) if error.kind == DbErrorKind::Lost => Err(Fault::at(index)(error)),
        Err(error) => {
            let left = left_by_failure(db, work, statement, &before, on_event);
            let fault = Fault::at(index)(error);
            Err(if left { fault.undecided() } else { fault })
        }
        Ok(()) => match build_of(db.engine(), statement) {
            Some(build) => build::unfinished_twins(db, &build)
                .and_then(|twins| drop_indexes(db, work, twins, on_event))
                .map_err(|cause| Fault::at(index)(cause).undecided()),
            None => Ok(()),
        },
    }
}

/// Whether a refused statement left something all the same, after tidying up what can be.
fn left_by_failure(
    db: &mut dyn Db,
    work: &Work<'_>,
    statement: &Statement,
    before: &Things,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> bool {
    if let Some(build) = build_of(db.engine(), statement) {
        // What a failed build left may be in use by others for now; the next run tries again.
        let unfinished = build::unfinished_since(db, &build, before);
        return unfinished.and_then(|unfinished| drop_indexes(db, work, unfinished, on_event)).is_err();
    }
    match manner(db.engine(), statement) {
        // Some of the rows may be there, and nothing takes them back.
        Manner::Together => true,
        _ => observe::observe(db, statement).is_ok_and(|now| now != *before),
    }
}

/// Runs a statement that may do anything, and counts it. It gets a transaction; what it does to that is found out.
pub(super) fn unknown(db: &mut dyn Db, work: &Work<'_>, index: usize) -> Result<(), Fault> {
    let engine = db.engine();
    intend(db, work, index, Things::new(), Some(false))?;
    let mut refused = false;
    let whole: Result<(), Fault> = transaction(db, |db| {
        intend_inside(db, work, index, Things::new(), Some(true))?;
        let outcome = db.batch(&work.statements[index].text);
        refused = outcome.is_err();
        outcome.map_err(Fault::at(index))?;
        journal::advance(db, work.journal(), index).map_err(Fault::at(index))?;
        journal::check_fence(db, work.journal()).map_err(Fault::at(index))
    });
    let Err(fault) = whole else { return Ok(()) };
    if fault::tells_nothing(&fault.cause) {
        return Err(fault);
    }
    if engine != Engine::Postgres {
        let left = journal::intent(db, &work.step.version).map_err(Fault::from)?;
        let committed = left.is_none_or(|intent| intent.transaction != Some(false));
        return Err(if committed { fault.undecided() } else { fault });
    }
    // PostgreSQL has undone all of it. Only what refused the transaction itself may do better without one.
    if !refused || fault.cause.kind == DbErrorKind::Busy {
        return Err(fault);
    }
    // A procedure that commits by itself is refused in a transaction, and runs without.
    intend(db, work, index, Things::new(), None)?;
    if let Err(error) = db.batch(&work.statements[index].text) {
        let same = error.message == fault.cause.message;
        let fault = Fault::at(index)(error);
        return Err(if same { fault } else { fault.undecided() });
    }
    transaction(db, |db| {
        journal::advance(db, work.journal(), index)?;
        journal::check_fence(db, work.journal())
    })
    .map_err(|cause: DbError| cause.into())
}

/// Runs a statement that may do anything inside of the script's own transaction. The intent is only ever seen if the
/// statement commits that.
pub(super) fn inside(db: &mut dyn Db, work: &Work<'_>, index: usize) -> Result<(), Fault> {
    intend_inside(db, work, index, Things::new(), Some(true))?;
    db.batch(&work.statements[index].text).map_err(Fault::at(index))?;
    Ok(journal::advance(db, work.journal(), index)?)
}

/// Drops what is unfinished and in the way of a concurrent build: it is never used, and `IF NOT EXISTS` is content with it.
pub(super) fn clear_way(
    db: &mut dyn Db,
    work: &Work<'_>,
    statement: &Statement,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), DbError> {
    if db.engine() != Engine::Postgres {
        return Ok(());
    }
    let unfinished = match build::concurrent(statement) {
        Some(build) => build::unfinished_of(db, &build)?,
        None => build::unfinished_copies(db, statement)?,
    };
    drop_indexes(db, work, unfinished, on_event)
}

/// Drops unfinished indexes and tells so.
pub(super) fn drop_indexes(
    db: &mut dyn Db,
    work: &Work<'_>,
    indexes: Vec<String>,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), DbError> {
    build::drop_all(db, indexes, |index| {
        on_event(&MigrateEvent::InvalidIndexDropped { version: work.step.version.clone(), index });
    })
}

fn build_of(engine: Engine, statement: &Statement) -> Option<build::Build> {
    if engine == Engine::Postgres { build::concurrent(statement) } else { None }
}

fn intend(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    before: Things,
    transaction: Option<bool>,
) -> Result<(), Fault> {
    let intent = intent(db, work, index, before, transaction)?;
    // A refusal here is known to have left the statement undone.
    journal::intend(db, work.journal(), &intent).map_err(Fault::at(index))
}

fn intend_inside(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    before: Things,
    transaction: Option<bool>,
) -> Result<(), Fault> {
    let intent = intent(db, work, index, before, transaction)?;
    journal::intend_inside(db, work.journal(), &intent).map_err(Fault::at(index))
}

fn intent(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    before: Things,
    transaction: Option<bool>,
) -> Result<Intent, DbError> {
    let sql = work.statements[index].text.clone();
    Ok(Intent { statement: index, sql, session: inflight::session(db)?, before, transaction })
}

fn tables_without_transactions(db: &mut dyn Db) -> Result<BTreeSet<String>, DbError> {
    let stmt = Stmt::new(
        "SELECT LOWER(t.TABLE_NAME) FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = DATABASE() \
         AND t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE IN \
         (SELECT e.ENGINE FROM information_schema.ENGINES e WHERE e.TRANSACTIONS = 'NO' OR e.TRANSACTIONS IS NULL)",
    );
    Ok(db.rows(&stmt)?.iter().map(|row| row.text(0).to_owned()).collect())
}
