//! Applies small migrations that only make new things together, in one request and one transaction: with hundreds of them, the
//! commits and the waiting for answers are most of the time. Everything else goes one by one, by `transactional` and `stepwise`.

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine};

use super::Work;
use super::fault::Fault;
use crate::journal;
use crate::operation::{CreateTable, Name, Operation, operations};
use crate::session;
use crate::split::Statement;

/// How many go together at most. Every object is locked until the commit, and people want to see how far it came.
pub(super) const MOST: usize = 25;

/// Up to this many bytes a migration counts as small.
const SMALL: usize = 16 * 1024;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    /// The first so many migrations are applied.
    Applied(usize),
    /// Nothing was sent: the first migration has to go alone.
    NotForIt,
    /// The request was refused, and nothing of it is kept: applying them one by one tells which of them it was, and keeps
    /// those before it.
    Refused,
}

/// Applies as many migrations from the beginning of the list as are for it, all of them or none. `made` are the tables that
/// this run has made so far: nobody else works on those.
pub(super) fn run(db: &mut dyn Db, works: &[Work<'_>], made: &mut Vec<Name>) -> Result<Together, Fault> {
    if db.engine() != Engine::Postgres {
        return Ok(Together::NotForIt);
    }
    let parts: Vec<String> = works.iter().map_while(|work| part(work, made)).collect();
    let fence = works.first().and_then(|work| journal::fence_text(work.journal()));
    let Some(fence) = fence.filter(|_| !parts.is_empty()) else { return Ok(Together::NotForIt) };
    match db.batch(&format!("BEGIN;\n{}{fence}COMMIT", parts.concat())) {
        Ok(()) => Ok(Together::Applied(parts.len())),
        Err(error) if error.kind == DbErrorKind::Lost => Err(lost(error, &works[..parts.len()]).into()),
        Err(_) => db.batch("ROLLBACK").map(|()| Together::Refused).map_err(Fault::from),
    }
}

/// Says that the failure, which names the first of the migrations, may be any of theirs.
fn lost(error: DbError, works: &[Work<'_>]) -> DbError {
    let [first, .., last] = works else { return error };
    let (first, last) = (&first.step.name, &last.step.name);
    let told = format!(
        "{} migrations, `{first}` to `{last}`, were sent together: it may have been in any of them, and all or none are applied",
        works.len()
    );
    let detail = error.detail.map_or_else(|| told.clone(), |detail| format!("{detail}; {told}"));
    DbError { detail: Some(detail), ..error }
}

/// A migration with its entries in the history. None when it is not for this.
fn part(work: &Work<'_>, made: &mut Vec<Name>) -> Option<String> {
    let untouched = work.step.transactional && work.step.resume_from.is_none();
    let small = work.migration.sql.len() <= SMALL;
    if !untouched
        || !small
        || session::may_change(Engine::Postgres, work.statements)
        || !makes_only_new_things(work.statements, made)
    {
        return None;
    }
    let entries = journal::applied_text(work.journal())?;
    let statements: String = work.statements.iter().map(|statement| format!("{};\n", statement.text)).collect();
    Some(format!("{statements}{entries};\n"))
}

/// Whether nothing that was there before is read, locked or changed: all of it is over at once and waits for nobody. `made`
/// gets the tables of a migration of which that is true, and nothing of any other.
fn makes_only_new_things(statements: &[Statement], made: &mut Vec<Name>) -> bool {
    let before = made.len();
    let only_new = !statements.is_empty()
        && statements.iter().all(|statement| {
            operations(Engine::Postgres, statement).into_iter().all(|placed| match placed.operation {
                Operation::CreateTable(table) if is_new(&table, made) => {
                    made.push(table.name);
                    true
                }
                Operation::CreateIndex { table, index } => !index.concurrently && made.contains(&table),
                Operation::CreateEnum { .. } => true,
                _ => false,
            })
        });
    if !only_new {
        made.truncate(before);
    }
    only_new
}

fn is_new(table: &CreateTable, made: &[Name]) -> bool {
    let columns = table.columns.iter().filter_map(|column| column.references.as_ref());
    let constraints = table.constraints.iter().filter_map(|constraint| constraint.references.as_ref());
    // A foreign key waits for whoever works on the table that it refers to.
    let is_made = |name: &Name| made.contains(name) || *name == table.name;
    let apart = columns.chain(constraints).all(|references| is_made(&references.table));
    apart && !table.if_not_exists && !table.as_select && table.like.is_empty() && table.partition_of.is_none()
        // INHERITS and its like.
        && table.options.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn only_new(sql: &str) -> bool {
        makes_only_new_things(&split(Engine::Postgres, "m.sql".as_ref(), sql).expect("splits"), &mut Vec::new())
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

    #[test]
    fn a_table_that_may_have_been_there_is_not_made_by_the_run() {
        let split = |sql: &str| split(Engine::Postgres, "m.sql".as_ref(), sql).expect("splits");
        let mut made = Vec::new();
        for sql in [
            "CREATE TABLE IF NOT EXISTS there (id INT)",
            "CREATE TABLE there (id INT) INHERITS (other)",
            "CREATE TABLE there (id INT); INSERT INTO there VALUES (1)",
        ] {
            assert!(!makes_only_new_things(&split(sql), &mut made), "{sql}");
            assert!(!makes_only_new_things(&split("CREATE INDEX i ON there (id)"), &mut made), "{sql}");
        }
        assert!(makes_only_new_things(&split("CREATE TABLE a (id INT)"), &mut made));
        assert!(makes_only_new_things(&split("CREATE INDEX i ON a (id)"), &mut made));
    }
}
