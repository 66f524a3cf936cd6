//! Applies a migration as a whole or not at all. Those that cannot be are `stepwise`'s.

use plimsoll_core::db::{Db, Engine, transaction};

use super::fault::Fault;
use super::rebuild::{self, Rebuilt};
use super::retry::Tries;
use super::{Work, millis};
use crate::event::MigrateEvent;
use crate::journal;
use crate::session;

pub(super) fn run(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let mut tries = Tries::new(&work.options.retry, &work.step.version);
    loop {
        // A statement that did not get its lock has ended the transaction: all of it is tried again.
        match once(db, work, on_event) {
            Ok(()) => return Ok(()),
            Err(fault) => tries.again(fault, on_event)?,
        }
    }
}

fn once(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let outcome = rebuild::prepare(db, work.statements).map_err(Fault::from).and_then(|before| {
        transaction(db, |db| {
            let mut rebuilt = Rebuilt::default();
            for (index, statement) in work.statements.iter().enumerate() {
                rebuilt.run(db, statement).map_err(Fault::at(index))?;
                on_event(&work.done_event(index));
            }
            rebuild::check(db, &before)?;
            if db.engine() != Engine::Sqlite {
                // The history belongs to the schema and the role that the script was started with.
                session::restore_inside(db, &work.in_run.session, work.statements)?;
            }
            journal::finish(db, work.journal(), millis(work.started.elapsed()))?;
            Ok(())
        })
    });
    // Whatever happened, the next script finds the session as this one did; the first error is the one that counts.
    let restored = match rebuild::is_prepared(db.engine(), work.statements) {
        true => session::tidy(db, &work.in_run.session, work.statements),
        false => session::restore_after(db, &work.in_run.session, work.statements),
    };
    outcome?;
    // The migration is committed; a connection that fails now fails the next statement as well, and says so there.
    drop(restored);
    Ok(())
}
