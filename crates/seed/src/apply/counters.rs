//! Counters behind ids: moved on after ids were written explicitly, never back. Which rows are written is decided elsewhere.

use plimsoll_core::db::{Column, Db, DbError, Engine, Stmt, dialect, quoted, scalar};

use crate::read::Seeds;
use crate::reconcile::diff::{Decision, Decisions};
use crate::reconcile::observe::Observation;
use crate::reconcile::plan::RowAction;

/// Moves every counter past the ids that were written to its column. Only PostgreSQL needs it: the other engines move
/// theirs with every id that is written.
pub(crate) fn advance(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    decisions: &Decisions,
) -> Result<(), DbError> {
    for (index, decided) in decisions.tables.iter().enumerate() {
        let Some(table) = &observation.tables[index].table else { continue };
        for column in table.columns.iter().filter(|column| writes(seeds, index, decided, column)) {
            keep_up(db, &seeds.tables[index].name, column)?;
        }
    }
    for (table, state) in seeds.bulk.iter().zip(&observation.bulk) {
        for column in state.written().iter().filter(|column| has_sequence(column)) {
            keep_up(db, &table.name, column)?;
        }
    }
    Ok(())
}

/// Whether the next value that a column's counter gives is one that a row has already, or had to pass to get there.
pub(crate) fn behind(db: &mut dyn Db, table: &str, column: &Column) -> Result<bool, DbError> {
    match standing(db.engine(), table, column, "count(*)") {
        Some(stmt) => Ok(scalar(db, &stmt)?.as_int().unwrap_or(0) > 0),
        None => Ok(false),
    }
}

/// Whether an explicit 0 would make MySQL count up instead of keeping it.
pub(crate) fn zero_counts_up(engine: Engine, column: &Column) -> bool {
    engine == Engine::Mysql && column.counter.is_some()
}

/// Does something while MySQL keeps a 0 that is written to a counted column, where there is one; then it counts up again as it
/// usually does.
pub(crate) fn keeping_zero<T, E: From<DbError>>(
    db: &mut dyn Db,
    is_there: bool,
    work: impl FnOnce(&mut dyn Db) -> Result<T, E>,
) -> Result<T, E> {
    if !is_there {
        return work(db);
    }
    db.batch("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")?;
    let done = work(db);
    db.batch("SET SESSION sql_mode = REPLACE(@@sql_mode, 'NO_AUTO_VALUE_ON_ZERO', '')")?;
    done
}

fn keep_up(db: &mut dyn Db, table: &str, column: &Column) -> Result<(), DbError> {
    if behind(db, table, column)? { move_on(db, table, column) } else { Ok(()) }
}

fn has_sequence(column: &Column) -> bool {
    column.counter.as_ref().is_some_and(|counter| counter.sequence.is_some())
}

fn writes(seeds: &Seeds, table: usize, decided: &[Decision], column: &Column) -> bool {
    has_sequence(column)
        && decided.iter().any(|decision| match decision.action {
            RowAction::Create => seeds.tables[table].rows[decision.row].cells().any(|(name, _)| **name == *column.name),
            _ => decision.columns.iter().any(|changed| *changed.name == *column.name),
        })
}

/// A counter never goes back, also not to what another session has just drawn from it: nobody inserts meanwhile.
fn move_on(db: &mut dyn Db, table: &str, column: &Column) -> Result<(), DbError> {
    let Some(sequence) = column.counter.as_ref().and_then(|counter| counter.sequence.as_deref()) else {
        return Ok(());
    };
    if let Some(lock) = dialect::lock_against_writers(db.engine(), table) {
        db.batch(&lock)?;
    }
    let set = format!("setval({}::regclass, x.furthest)", dialect::literal(db.engine(), sequence));
    match standing(db.engine(), table, column, &set) {
        Some(stmt) => db.rows(&stmt).map(drop),
        None => Ok(()),
    }
}

/// Selects something of a sequence that does not stand past the furthest id in its own direction; no row when it does.
fn standing(engine: Engine, table: &str, column: &Column, select: &str) -> Option<Stmt> {
    match engine {
        Engine::Sqlite | Engine::Mysql => None,
        Engine::Postgres => {
            let sequence = column.counter.as_ref()?.sequence.as_deref()?;
            let (table, name) = (quoted(engine, table), quoted(engine, &column.name));
            let named = dialect::literal(engine, sequence);
            Some(Stmt::new(format!(
                "SELECT {select} FROM pg_sequence p CROSS JOIN {sequence} s CROSS JOIN LATERAL (SELECT CASE \
                 WHEN p.seqincrement > 0 THEN (SELECT max({name}) FROM {table}) ELSE (SELECT min({name}) FROM {table}) END::bigint \
                 AS furthest) x WHERE p.seqrelid = {named}::regclass AND x.furthest BETWEEN p.seqmin AND p.seqmax \
                 AND CASE WHEN s.last_value = x.furthest THEN NOT s.is_called \
                 WHEN p.seqincrement > 0 THEN x.furthest > s.last_value ELSE x.furthest < s.last_value END"
            )))
        }
    }
}
