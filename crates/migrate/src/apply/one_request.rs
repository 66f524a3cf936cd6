//! Sends a migration that only makes new things as one request: with hundreds of small ones, waiting for answers is most of
//! the time they take. Everything else is sent statement by statement, by `transactional` and `stepwise`.

use plimsoll_core::db::{Db, DbErrorKind, Engine};

use super::Work;
use super::fault::Fault;
use crate::journal;
use crate::operation::{CreateTable, Name, Operation, operations};
use crate::session;
use crate::split::Statement;

/// Up to this many bytes a migration counts as small. Of longer ones people want to see how far they are.
const SMALL: usize = 16 * 1024;

/// Sends the statements with their transaction and their entries as one request of PostgreSQL's. False when this migration is
/// not one for it, or when the request was refused: nothing of it is kept then, and sending the statements one by one tells
/// which of them it was.
pub(super) fn run(db: &mut dyn Db, work: &Work<'_>) -> Result<bool, Fault> {
    let engine = db.engine();
    let small = engine == Engine::Postgres && work.migration.sql.len() <= SMALL;
    if !small || session::may_change(engine, work.statements) || !makes_only_new_things(work.statements) {
        return Ok(false);
    }
    let Some(entries) = journal::finish_text(work.journal()) else { return Ok(false) };
    let statements: Vec<&str> = work.statements.iter().map(|statement| statement.text.as_str()).collect();
    let request = format!("BEGIN;\n{};\n{entries};\nCOMMIT", statements.join(";\n"));
    match db.batch(&request) {
        Ok(()) => Ok(true),
        Err(error) if error.kind == DbErrorKind::Lost => Err(error.into()),
        Err(_) => db.batch("ROLLBACK").map(|()| false).map_err(Fault::from),
    }
}

/// Whether nothing that was there before is read, locked or changed. Such statements are over at once and wait for nobody, so
/// that a refused request costs little to repeat; a backfill of an hour would take another hour to name its mistake.
fn makes_only_new_things(statements: &[Statement]) -> bool {
    let mut made: Vec<Name> = Vec::new();
    !statements.is_empty()
        && statements.iter().all(|statement| {
            operations(Engine::Postgres, statement).into_iter().all(|placed| match placed.operation {
                Operation::CreateTable(table) => {
                    made.push(table.name.clone());
                    is_new(&table, &made)
                }
                Operation::CreateIndex { table, index } => !index.concurrently && made.contains(&table),
                Operation::CreateEnum { .. } => true,
                _ => false,
            })
        })
}

fn is_new(table: &CreateTable, made: &[Name]) -> bool {
    let columns = table.columns.iter().filter_map(|column| column.references.as_ref());
    let constraints = table.constraints.iter().filter_map(|constraint| constraint.references.as_ref());
    // A foreign key waits for whoever works on the table that it refers to.
    let apart = columns.chain(constraints).all(|references| made.contains(&references.table));
    apart && !table.if_not_exists && !table.as_select && table.like.is_empty() && table.partition_of.is_none()
        // INHERITS and its like.
        && table.options.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn only_new(sql: &str) -> bool {
        makes_only_new_things(&split(Engine::Postgres, "m.sql".as_ref(), sql).expect("splits"))
    }

    #[test]
    fn what_touches_nothing_that_was_there_is_new() {
        assert!(only_new(
            "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE a (id INT PRIMARY KEY, b INT REFERENCES a (id))"
        ));
        assert!(only_new(
            "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (a INT REFERENCES a); CREATE INDEX i ON b (a)"
        ));
    }

    #[test]
    fn what_reads_locks_or_changes_something_is_not() {
        for sql in [
            "CREATE INDEX i ON there (a)",
            "CREATE TABLE b (a INT REFERENCES there)",
            "CREATE TABLE b (a INT, FOREIGN KEY (a) REFERENCES there (a))",
            "CREATE TABLE IF NOT EXISTS a (id INT); CREATE INDEX i ON a (id)",
            "CREATE TABLE a AS SELECT * FROM there",
            "CREATE TABLE a (LIKE there INCLUDING ALL)",
            "CREATE TABLE a PARTITION OF there DEFAULT",
            "CREATE TABLE a (id INT) INHERITS (there)",
            "CREATE TABLE a (id INT); INSERT INTO a SELECT id FROM there",
            "ALTER TABLE there ADD COLUMN a INT",
            "CREATE VIEW v AS SELECT * FROM there",
            "DO $$ BEGIN END $$",
            "",
        ] {
            assert!(!only_new(sql), "{sql}");
        }
    }
}
