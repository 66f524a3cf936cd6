//! Applies a migration statement by statement with a journal, and continues interrupted ones. What engines can undo by
//! themselves is `transactional`'s.

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, scalar, transaction};

use super::fault::{self, Fault};
use super::{Work, millis};
use crate::classify::{self, ConcurrentIndex};
use crate::error::Kept;
use crate::event::MigrateEvent;
use crate::history::RecordState;
use crate::journal;
use crate::session;

pub(super) fn run(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let engine = db.engine();
    // Such a script decides itself what belongs together; the journal's entries take part in its transactions.
    let own_transaction = work.statements.iter().any(|statement| classify::controls_transaction(engine, statement));
    let session = session::capture(db)?;
    let outcome = statements(db, work, own_transaction, on_event);
    if outcome.is_err() && own_transaction {
        // Ends what the script began, and with it the journal's entries inside; outside of one it does nothing but complain.
        drop(db.batch("ROLLBACK"));
    }
    let restored = session::restore(db, &session);
    match outcome {
        Ok(()) => {
            restored?;
            transaction(db, |db| journal::finish(db, work.journal(), millis(work.started.elapsed())))
                .map_err(|cause: DbError| Fault::from(cause).kept(Kept::Statements(work.statements.len())))
        }
        Err(fault) => Err(record_failure(db, work, fault)),
    }
}

fn statements(
    db: &mut dyn Db,
    work: &Work<'_>,
    own_transaction: bool,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let engine = db.engine();
    let (version, total) = (work.step.version.clone(), work.statements.len());
    let done = work.step.resume_from.unwrap_or(0).min(total);
    journal::begin(db, work.journal(), done)?;
    if work.step.resume_from.is_some() {
        on_event(&MigrateEvent::Resumed { version, done, total });
    }
    if let Some(timeout) = work.options.lock_timeout {
        session::limit_lock_wait(db, timeout, false)?;
    }
    for statement in &work.statements[..done] {
        // What the earlier run had set in its session, the rest of the script still counts on.
        if classify::sets_session(engine, statement) {
            // Not this statement's fault in the journal: what is known about the next one stays as it is.
            db.batch(&statement.text)?;
        }
    }
    for index in done..total {
        if !own_transaction && classify::can_share_transaction(engine, &work.statements[index]) {
            together(db, work, index)?;
        } else {
            // Only after a kill, and only of the first statement, it is unknown whether it was applied.
            let unknown = index == done && work.left.is_some_and(RecordState::is_open);
            alone(db, work, index, unknown, on_event)?;
            if own_transaction {
                journal::advance(db, work.journal(), index)?;
            } else {
                // Beginning a transaction also ends MySQL's LOCK TABLES, which would keep the ledger from being written.
                transaction(db, |db| {
                    journal::advance(db, work.journal(), index)?;
                    journal::check_fence(db, work.journal())
                })?;
            }
        }
        on_event(&work.done_event(index));
    }
    Ok(())
}

/// Runs a statement together with its entry, so that both are there or neither is: a commit that a deferred constraint refuses
/// undoes both.
fn together(db: &mut dyn Db, work: &Work<'_>, index: usize) -> Result<(), Fault> {
    transaction(db, |db| {
        journal::advance(db, work.journal(), index)?;
        db.batch(&work.statements[index].text)?;
        journal::check_fence(db, work.journal())
    })
    .map_err(Fault::at(index))
}

/// Runs a statement that the engine would not undo.
fn alone(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    unknown: bool,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let (engine, statement) = (db.engine(), &work.statements[index]);
    let built = classify::concurrent_index(engine, statement);
    if let Some(built) = &built {
        drop_invalid_index(db, work, built, on_event).map_err(Fault::at(index))?;
    }
    let Err(error) = db.batch(&statement.text) else { return Ok(()) };
    if error.kind == DbErrorKind::Lost {
        return Err(Fault::at(index)(error));
    }
    if unknown && classify::has_landed(engine, &statement.words(), &error.message) {
        let version = work.step.version.clone();
        on_event(&MigrateEvent::AlreadyLanded { version, number: index + 1, answer: error.message });
        return Ok(());
    }
    // What a failed build left may be in use by others for now; the next run tries again.
    let left_over = built.is_some_and(|built| drop_invalid_index(db, work, &built, on_event).is_err());
    let fault = Fault::at(index)(error);
    Err(if unknown || left_over { fault.undecided() } else { fault })
}

/// A concurrent build that fails or is killed leaves an index that is never used, and that `IF NOT EXISTS` is content with.
fn drop_invalid_index(
    db: &mut dyn Db,
    work: &Work<'_>,
    built: &ConcurrentIndex,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), DbError> {
    debug_assert_eq!(db.engine(), Engine::Postgres);
    let invalid = Stmt::new(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE NOT i.indisvalid AND i.indrelid = to_regclass(",
    )
    .bind(built.table.as_str())
    .sql(") AND c.relname = ")
    .bind(built.name.as_str());
    if let Some(index) = scalar(db, &invalid)?.as_str() {
        db.batch(&format!("DROP INDEX CONCURRENTLY {index}"))?;
        on_event(&MigrateEvent::InvalidIndexDropped { version: work.step.version.clone(), index: index.to_owned() });
    }
    Ok(())
}

/// Writes down how far it came, unless that cannot be known: then `running` stays, and the next run finds out.
fn record_failure(db: &mut dyn Db, work: &Work<'_>, fault: Fault) -> Fault {
    if fault::tells_nothing(&fault.cause) {
        return fault.kept(Kept::Unknown);
    }
    let version = work.step.version.as_str();
    // A refused statement is known not to be there. When the bookkeeping was refused, nothing is known.
    let decided = fault.statement.is_some() && !fault.undecided;
    let recorded = journal::statements_done(db, version).and_then(|done| {
        if decided {
            journal::give_up(db, work.journal(), done)?;
        }
        Ok(done)
    });
    match recorded {
        Ok(0) if decided => fault.kept(Kept::Nothing),
        Ok(0) | Err(_) => fault.kept(Kept::Unknown),
        Ok(done) => fault.kept(Kept::Statements(done)),
    }
}
