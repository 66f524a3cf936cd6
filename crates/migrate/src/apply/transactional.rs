//! Applies a migration as a whole or not at all. Those that cannot be are `stepwise`'s.

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, transaction};

use super::fault::Fault;
use super::{Work, millis};
use crate::event::MigrateEvent;
use crate::journal;
use crate::session;

/// Rows that refer to nothing, counted by table and the table referred to.
type Orphans = BTreeMap<(String, String), usize>;

pub(super) fn run(db: &mut dyn Db, work: &Work<'_>, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
    let session = session::capture(db)?;
    let outcome = prepare(db).map_err(Fault::from).and_then(|orphans| {
        transaction(db, |db| {
            if let Some(timeout) = work.options.lock_timeout {
                session::limit_lock_wait(db, timeout, true)?;
            }
            for (index, statement) in work.statements.iter().enumerate() {
                db.batch(&statement.text).map_err(Fault::at(index))?;
                on_event(&work.done_event(index));
            }
            check_references(db, &orphans)?;
            if db.engine() != Engine::Sqlite {
                // The history belongs to the schema and the role that the script was started with.
                session::restore(db, &session)?;
            }
            journal::finish(db, work.journal(), millis(work.started.elapsed()))?;
            Ok(())
        })
    });
    // Whatever happened, the next user of the connection gets it as it was; the first error is the one that counts.
    let restored = session::restore(db, &session);
    outcome?;
    // The migration is committed; a connection that fails now fails the next statement as well, and says so there.
    drop(restored);
    Ok(())
}

/// SQLite obeys this pragma outside of transactions only, and would empty child tables when a rebuilt table is dropped.
fn prepare(db: &mut dyn Db) -> Result<Orphans, DbError> {
    if db.engine() != Engine::Sqlite {
        return Ok(Orphans::new());
    }
    db.batch("PRAGMA foreign_keys = OFF")?;
    orphans(db)
}

/// With the references unchecked during the migration, they are checked after it; only new violations are its fault.
fn check_references(db: &mut dyn Db, before: &Orphans) -> Result<(), DbError> {
    if db.engine() != Engine::Sqlite {
        return Ok(());
    }
    let after = orphans(db)?;
    let worse = after.iter().find(|(tables, count)| before.get(*tables).is_none_or(|before| before < *count));
    match worse {
        None => Ok(()),
        Some(((table, parent), count)) => {
            let message =
                format!("rows of `{table}` refer to rows missing from `{parent}`: {count} after the migration");
            Err(DbError::new(Engine::Sqlite, DbErrorKind::ForeignKey, message))
        }
    }
}

fn orphans(db: &mut dyn Db) -> Result<Orphans, DbError> {
    let stmt = Stmt::new("SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2");
    let rows = db.rows(&stmt)?;
    Ok(rows
        .iter()
        .map(|row| ((row.text(0).to_owned(), row.text(1).to_owned()), usize::try_from(row.int(2)).unwrap_or(0)))
        .collect())
}
