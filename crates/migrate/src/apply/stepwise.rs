//! Applies a migration statement by statement with a journal, and continues interrupted ones. What engines can undo by
//! themselves is `transactional`'s; whether a statement in flight happened is `reconcile`'s.

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, transaction};

use super::alone::{self, Known};
use super::fault::{self, Fault};
use super::manner::{self, Manner, Tracker, manner};
use super::reconcile::{self, Verdict};
use super::retry::Tries;
use super::{Work, millis};
use crate::classify;
use crate::error::Kept;
use crate::event::MigrateEvent;
use crate::journal;
use crate::session;

pub(super) fn run(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let engine = db.engine();
    // Such a script decides itself what belongs together; the journal's entries take part in its transactions.
    let own_transaction = manner::has_own_transaction(engine, work.statements);
    if let Some(index) = manner::left_open(engine, work.statements) {
        return Err(refused(
            work,
            engine,
            index,
            "the transaction that this begins is never ended: end it with `COMMIT`",
        ));
    }
    if let Some(index) = leaves_database(db, work.statements)? {
        let message = "`USE` leads to another database than the one with the journal: write that one's name before those of its tables instead";
        return Err(refused(work, engine, index, message));
    }
    let outcome = statements(db, work, on_event);
    if outcome.is_err() && own_transaction {
        // Ends what the script began, and with it the journal's entries inside; outside of one it does nothing but complain.
        drop(db.batch("ROLLBACK"));
    }
    let restored = session::restore_after(db, &work.in_run.session, work.statements);
    match outcome {
        Ok(()) => {
            let all = Kept::Statements(work.statements.len());
            restored.map_err(|cause| Fault::from(cause).kept(all))?;
            transaction(db, |db| journal::finish(db, work.journal(), millis(work.started.elapsed())))
                .map_err(|cause: DbError| Fault::from(cause).kept(all))
        }
        Err(fault) if fault.kept == Kept::Undecided => Err(fault),
        Err(fault) => Err(record_failure(db, work, fault)),
    }
}

fn statements(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let (version, total) = (work.step.version.as_str(), work.statements.len());
    let mut index = work.step.resume_from.unwrap_or(0).min(total);
    let mut tracker = Tracker::new(db.engine());
    let (mut intent, mut untold) = (None, false);
    if work.step.resume_from.is_some() {
        intent = journal::intent(db, version)?.filter(|intent| intent.statement == index);
        untold = journal::is_untold(db, version)?;
    }
    journal::begin(db, work.journal(), index)?;
    if work.step.resume_from.is_some() {
        on_event(&MigrateEvent::Resumed { version: version.to_owned(), done: index, total });
        repeat_settings(db, &work.statements[..index])?;
        tracker.resume(&work.statements[..index]);
    }
    let next = work.statements.get(index);
    if let Some(intent) = &intent {
        let number = index + 1;
        let mut tell = || on_event(&MigrateEvent::StillRunning { version: version.to_owned(), number });
        let settled = reconcile::settle(db, next, intent, &mut tell);
        let verdict = settled.map_err(|cause| Fault::at(index)(cause).undecided())?;
        if act(db, work, index, verdict, on_event)? {
            index += 1;
        }
    } else if untold
        && next.is_some_and(|next| matches!(manner(db.engine(), next), Manner::Catalogue | Manner::Unknown))
    {
        let why = "an older Plimsoll was killed in it or before it, and did not write down which".to_owned();
        if act(db, work, index, Verdict::Undecided(why), on_event)? {
            index += 1;
        }
    } else if index > 0 && next.is_some_and(|statement| ends_script_transaction(db, statement)) {
        // The entry before it was part of what it ends, and is there.
        let evidence = "what it ends is committed".to_owned();
        on_event(&MigrateEvent::AlreadyLanded { version: version.to_owned(), number: index + 1, evidence });
        count(db, work, index, index, on_event)?;
        index += 1;
    }
    let mut known = Known::default();
    let (mut furthest, mut tries) = (index, Tries::new(&work.options.retry, version));
    while index < total {
        match step(db, work, index, &mut tracker, &mut known, on_event) {
            Ok(()) => {
                tracker.follow(index, &work.statements[index]);
                on_event(&work.done_event(index));
                index += 1;
            }
            Err(fault) => {
                tries.again(fault, on_event)?;
                if tracker.began().is_some() {
                    // The engine may have ended it already; the script begins it again.
                    drop(db.batch("ROLLBACK"));
                    tracker.reset();
                    index = journal::statements_done(db, version)?;
                }
            }
        }
        if index > furthest {
            furthest = index;
            tries = Tries::new(&work.options.retry, version);
        }
    }
    Ok(())
}

/// Runs one statement with its entry, in its manner.
fn step(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    tracker: &mut Tracker,
    known: &mut Known,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let statement = &work.statements[index];
    let manner = manner(db.engine(), statement);
    if let Some(began) = tracker.began() {
        return in_own_transaction(db, work, index, manner, began, on_event);
    }
    match manner {
        Manner::Together if known.holds_no_transaction(db, statement).map_err(Fault::at(index))? => {
            alone::run(db, work, index, false, on_event)?;
            count(db, work, index, index, on_event)
        }
        Manner::Together => together(db, work, index),
        Manner::Catalogue => {
            known.forget();
            alone::run(db, work, index, false, on_event)?;
            count(db, work, index, index, on_event)
        }
        Manner::Repeatable => {
            // Doing it again is the same only until somebody else has gone on.
            journal::check_fence(db, work.journal()).map_err(Fault::at(index))?;
            alone::clear_way(db, work, statement, on_event).map_err(Fault::at(index))?;
            db.batch(&statement.text).map_err(Fault::at(index))?;
            count(db, work, index, index, on_event)
        }
        Manner::Unknown => {
            known.forget();
            alone::unknown(db, work, index)
        }
        Manner::Control => {
            db.batch(&statement.text).map_err(Fault::at(index))?;
            // The entry goes into the transaction that has just begun, and ends with it.
            journal::advance(db, work.journal(), index).map_err(|cause| Fault::from(cause).undecided())
        }
    }
}

/// Runs a statement inside of a transaction that the script began, and its entry with it.
fn in_own_transaction(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    manner: Manner,
    began: usize,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let statement = &work.statements[index];
    match manner {
        // Ends the transaction, with the intent in it.
        Manner::Catalogue => {
            alone::run(db, work, index, true, on_event)?;
            count(db, work, index, index, on_event)
        }
        Manner::Control => {
            let back = manner::rolls_back(statement);
            if !back {
                journal::check_fence(db, work.journal()).map_err(Fault::at(index))?;
            }
            db.batch(&statement.text).map_err(Fault::at(index))?;
            let from = if back { began } else { index };
            count(db, work, from, index, on_event)
        }
        Manner::Unknown => alone::inside(db, work, index),
        Manner::Together | Manner::Repeatable => {
            db.batch(&statement.text).map_err(Fault::at(index))?;
            Ok(journal::advance(db, work.journal(), index)?)
        }
    }
}

/// Does what the verdict about a statement in flight asks for. Gives whether the statement is done.
fn act(
    db: &mut dyn Db,
    work: &Work<'_>,
    index: usize,
    verdict: Verdict,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<bool, Fault> {
    let undecided = |cause| Fault::at(index)(cause).undecided();
    let evidence = match (verdict, work.options.statement_happened) {
        (Verdict::Landed(evidence), _) => evidence,
        (Verdict::Run, _) => return Ok(false),
        (Verdict::Finish(rest), _) => {
            db.batch(&rest).map_err(undecided)?;
            format!("`{rest}` did the rest")
        }
        (Verdict::Rebuild(unfinished), _) => {
            alone::drop_indexes(db, work, unfinished, on_event).map_err(undecided)?;
            return Ok(false);
        }
        (Verdict::Undecided(_), Some(true)) if index < work.statements.len() => "so it was said".to_owned(),
        (Verdict::Undecided(_), Some(false)) => return Ok(false),
        (Verdict::Undecided(why), _) => {
            let cause = DbError::new(db.engine(), DbErrorKind::Refused, why);
            return Err(Fault::at(index)(cause).undecided().kept(Kept::Undecided));
        }
    };
    let version = work.step.version.clone();
    on_event(&MigrateEvent::AlreadyLanded { version, number: index + 1, evidence });
    count(db, work, index, index, on_event)?;
    on_event(&work.done_event(index));
    Ok(true)
}

/// What the earlier run had set in its session, the rest of the script still counts on.
fn repeat_settings(db: &mut dyn Db, done: &[crate::split::Statement]) -> Result<(), DbError> {
    let engine = db.engine();
    let mut settings = done.iter().filter(|statement| {
        let words = statement.words();
        classify::sets_session(engine, statement)
            || words.first().is_some_and(|word| word == "PREPARE" || word == "DEALLOCATE")
    });
    settings.try_for_each(|statement| db.batch(&statement.text))
}

/// A script that is not run at all in this run.
fn refused(work: &Work<'_>, engine: Engine, index: usize, message: &str) -> Fault {
    let fault = Fault::at(index)(DbError::new(engine, DbErrorKind::Refused, message));
    match work.step.resume_from {
        None | Some(0) => fault,
        Some(done) => fault.kept(Kept::Statements(done)),
    }
}

/// The statement after which the entries would go into the ledger of another database, if that has one.
fn leaves_database(db: &mut dyn Db, statements: &[crate::split::Statement]) -> Result<Option<usize>, DbError> {
    let engine = db.engine();
    let used = |statement| classify::used_database(engine, statement);
    if engine != Engine::Mysql || !statements.iter().any(|statement| used(statement).is_some()) {
        return Ok(None);
    }
    let rows = db.rows(&Stmt::new("SELECT DATABASE(), @@lower_case_table_names"))?;
    let here = rows.first().and_then(|row| row.at(0).as_str());
    // Where names are kept as they are written, those that differ in case are of two databases.
    let exact = rows.first().is_none_or(|row| row.int(1) == 0);
    let is_here = |here: &str, name: &str| if exact { here == name } else { here.eq_ignore_ascii_case(name) };
    let elsewhere = |name: String| here.is_none_or(|here| !is_here(here, &name));
    Ok(statements.iter().position(|statement| used(statement).is_some_and(elsewhere)))
}

/// Whether the statement commits what the statements before it began.
fn ends_script_transaction(db: &dyn Db, statement: &crate::split::Statement) -> bool {
    let commits = matches!(statement.words().first().map(String::as_str), Some("COMMIT" | "END"));
    commits && manner(db.engine(), statement) == Manner::Control
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

/// Counts a statement that was run. When the entry has to wait for a lock, only the entry is tried again.
fn count(
    db: &mut dyn Db,
    work: &Work<'_>,
    from: usize,
    index: usize,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<(), Fault> {
    let mut tries = Tries::new(&work.options.retry, &work.step.version);
    loop {
        let counted = match db.engine() {
            // Beginning a transaction also ends LOCK TABLES, which would keep the ledger from being written.
            // And the lease is kept from being renewed until the transaction ends, so that it is looked at last.
            Engine::Mysql => transaction(db, |db| counted(db, work, from, index)),
            Engine::Sqlite | Engine::Postgres if work.options.fence.is_some() => {
                transaction(db, |db| counted(db, work, from, index))
            }
            Engine::Sqlite | Engine::Postgres => counted(db, work, from, index),
        };
        let Err(cause) = counted else { return Ok(()) };
        tries.again(Fault::from(cause), on_event).map_err(Fault::undecided)?;
    }
}

fn counted(db: &mut dyn Db, work: &Work<'_>, from: usize, index: usize) -> Result<(), DbError> {
    journal::advance_from(db, work.journal(), from, index + 1)?;
    journal::check_fence(db, work.journal())
}

/// Writes down how far it came, unless that cannot be known: then the intent stays, and the next run finds out.
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
        // That somebody else goes on with it says more than what was refused here.
        Err(lost) if fault::tells_nothing(&lost) => Fault::from(lost).kept(Kept::Unknown),
        Ok(0) | Err(_) => fault.kept(Kept::Unknown),
        Ok(done) => fault.kept(Kept::Statements(done)),
    }
}
