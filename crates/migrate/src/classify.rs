//! What statements do to transactions and sessions, told from their operations. Where statements begin and end is `split`'s.

use plimsoll_core::Location;
use plimsoll_core::db::Engine;
use plimsoll_core::db::dialect::transactional_ddl;

use crate::error::{Problem, ProblemKind};
use crate::lexer::Token;
use crate::operation::{AlterAction, Object, Operation, Transaction, operations};
use crate::source::Migration;
use crate::split::{Statement, split};

/// The comment at the head of a file that asks for no transaction.
const NO_TRANSACTION: &str = "plimsoll: no-transaction";

/// Whether the comments before the first statement ask for no transaction.
pub(crate) fn asks_for_no_transaction(sql: &str) -> bool {
    sql.lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("--") || line.starts_with('#'))
        .any(|line| line.trim_start_matches(['-', '#']).trim() == NO_TRANSACTION)
}

/// Whether a migration is applied as a whole or not at all.
pub(crate) fn transactional(engine: Engine, migration: &Migration, statements: &[Statement]) -> bool {
    transactional_ddl(engine)
        && migration.declared_transaction.unwrap_or(true)
        && !statements.iter().any(|statement| refuses_transaction(engine, statement))
}

/// The same without knowing the engine, for diesel's harness. The statements that refuse are PostgreSQL's and SQLite's own.
pub(crate) fn transactional_anywhere(migration: &Migration) -> bool {
    let refuses = |engine| {
        split(engine, &migration.file, &migration.sql)
            .is_ok_and(|statements| !transactional(engine, migration, &statements))
    };
    migration.declared_transaction.unwrap_or(true) && !refuses(Engine::Postgres) && !refuses(Engine::Sqlite)
}

/// Refuses BEGIN, COMMIT and ROLLBACK in a file that runs in a transaction anyway: they would end it half way.
pub(crate) fn check_no_own_transaction(
    engine: Engine,
    migration: &Migration,
    statements: &[Statement],
) -> Result<(), Problem> {
    let Some(own) = statements.iter().find(|statement| controls_transaction(engine, statement)) else {
        return Ok(());
    };
    let word = own.words().into_iter().next().unwrap_or_default();
    let message = format!(
        "`{word}` in a migration that runs in a transaction already: take it out, or begin the file with `-- {NO_TRANSACTION}`"
    );
    Err(Problem::new(ProblemKind::Sql, message).at(Location::of_offset(&migration.file, &migration.sql, own.offset)))
}

/// Whether a statement begins or ends a transaction. Savepoints do neither.
pub(crate) fn controls_transaction(engine: Engine, statement: &Statement) -> bool {
    operations(engine, statement).iter().any(|placed| match &placed.operation {
        Operation::Transaction(found) => match found {
            Transaction::Begin | Transaction::Commit | Transaction::Rollback | Transaction::Prepare => true,
            Transaction::Savepoint | Transaction::ReleaseSavepoint | Transaction::RollbackToSavepoint => false,
        },
        _ => false,
    })
}

/// Whether the engine refuses the statement inside of a transaction.
pub(crate) fn refuses_transaction(engine: Engine, statement: &Statement) -> bool {
    let refuses = |operation: &Operation| match engine {
        Engine::Postgres => refused_by_postgres(operation),
        Engine::Sqlite => matches!(operation, Operation::Vacuum { .. } | Operation::Attach | Operation::Detach),
        Engine::Mysql => false,
    };
    operations(engine, statement).iter().any(|placed| refuses(&placed.operation))
}

/// Whether a statement only changes the session, so that continuing later has to repeat it.
pub(crate) fn sets_session(engine: Engine, statement: &Statement) -> bool {
    operations(engine, statement).iter().any(|placed| match &placed.operation {
        Operation::Set { .. } | Operation::Pragma { .. } | Operation::Use { .. } | Operation::Attach => true,
        Operation::Select { sets_session, .. } => *sets_session,
        _ => false,
    })
}

/// The database that a statement of MySQL makes the current one.
pub(crate) fn used_database(engine: Engine, statement: &Statement) -> Option<String> {
    operations(engine, statement).into_iter().find_map(|placed| match placed.operation {
        Operation::Use { database } => Some(database),
        _ => None,
    })
}

/// An index built by `CREATE INDEX CONCURRENTLY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConcurrentIndex {
    /// The name as the catalogue has it.
    pub(crate) name: String,
    /// The table as the statement writes it, with a schema and quotes if it has them.
    pub(crate) table: String,
}

/// The index that a `CREATE INDEX CONCURRENTLY` builds; none when the engine is left to choose its name.
pub(crate) fn concurrent_index(engine: Engine, statement: &Statement) -> Option<ConcurrentIndex> {
    operations(engine, statement).into_iter().find_map(|placed| match placed.operation {
        Operation::CreateIndex { table, index } if engine == Engine::Postgres && index.concurrently => {
            let within = |token: &&Token| token.start >= table.span.start && token.end <= table.span.end;
            let written = statement.tokens.iter().filter(within).map(|token| statement.text_of(token)).collect();
            Some(ConcurrentIndex { name: index.name?.name, table: written })
        }
        _ => None,
    })
}

fn refused_by_postgres(operation: &Operation) -> bool {
    match operation {
        Operation::CreateIndex { index, .. } => index.concurrently,
        Operation::DropIndex { concurrently, .. }
        | Operation::AlterTable { action: AlterAction::DetachPartition { concurrently, .. }, .. } => *concurrently,
        Operation::Reindex { target, concurrently, .. } => {
            *concurrently || matches!(target.as_deref(), Some("SCHEMA" | "DATABASE" | "SYSTEM"))
        }
        Operation::Create { object, .. } | Operation::Drop { object, .. } => {
            matches!(object, Object::Database | Object::Tablespace)
        }
        Operation::Vacuum { .. } | Operation::AlterSystem => true,
        // In a form that is not known it says itself that it runs beside others.
        Operation::Unclassified { words } => {
            let mut words = words.split(' ');
            words.next().is_some_and(|verb| ["CREATE", "DROP"].iter().any(|known| verb.eq_ignore_ascii_case(known)))
                && words.any(|word| word.eq_ignore_ascii_case("CONCURRENTLY"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(engine: Engine, sql: &str) -> Statement {
        split(engine, "m.sql".as_ref(), sql).expect("splits").remove(0)
    }

    #[test]
    fn statements_that_refuse_transactions_are_known_by_their_words() {
        for sql in [
            "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
            "drop index /* x */ concurrently i",
            "VACUUM t",
            "REINDEX (VERBOSE) INDEX CONCURRENTLY i",
            "CREATE INDEX CONCURRENTLY U&\"d\\0061t\" ON t (a)",
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
            "CREATE DATABASE d",
        ] {
            assert!(refuses_transaction(Engine::Postgres, &first(Engine::Postgres, sql)), "{sql}");
        }
        for sql in [
            "SELECT 'CREATE INDEX CONCURRENTLY'",
            "CREATE INDEX i ON t (a)",
            "CREATE TABLE vacuum (a int)",
            "ALTER TABLE t DETACH PARTITION p",
        ] {
            assert!(!refuses_transaction(Engine::Postgres, &first(Engine::Postgres, sql)), "{sql}");
        }
    }

    #[test]
    fn the_directive_counts_only_before_the_first_statement() {
        assert!(asks_for_no_transaction("-- build indexes\n\n--plimsoll: no-transaction\nSELECT 1"));
        assert!(!asks_for_no_transaction("SELECT 1;\n-- plimsoll: no-transaction"));
    }

    #[test]
    fn savepoints_are_no_transactions() {
        let controls = |sql| controls_transaction(Engine::Postgres, &first(Engine::Postgres, sql));
        assert!(controls("begin") && controls("ROLLBACK WORK") && controls("START TRANSACTION READ WRITE"));
        assert!(!controls("ROLLBACK TO SAVEPOINT a") && !controls("SAVEPOINT a") && !controls("DO $$ BEGIN END $$"));
    }

    #[test]
    fn settings_are_repeated_and_the_statements_that_they_are_for_are_not() {
        let sets = |engine, sql| sets_session(engine, &first(engine, sql));
        assert!(sets(Engine::Postgres, "SELECT pg_catalog.set_config('search_path', '', false)"));
        assert!(sets(Engine::Postgres, "SET XML OPTION DOCUMENT") && sets(Engine::Postgres, "RESET ALL"));
        assert!(sets(Engine::Mysql, "/*!40101 SET NAMES utf8 */") && sets(Engine::Mysql, "USE d"));
        assert!(sets(Engine::Sqlite, "PRAGMA foreign_keys=OFF") && sets(Engine::Sqlite, "ATTACH 'x' AS x"));
        assert!(!sets(Engine::Mysql, "SET STATEMENT max_statement_time=1 FOR DELETE FROM t"));
        assert!(!sets(Engine::Postgres, "SELECT 'set_config('") && !sets(Engine::Postgres, "UPDATE t SET a = 1"));
    }

    #[test]
    fn the_name_of_a_concurrent_index_is_found() {
        let name = |sql| {
            let found = concurrent_index(Engine::Postgres, &first(Engine::Postgres, sql))?;
            Some((found.name, found.table))
        };
        let owned = |name: &str, table: &str| Some((name.to_owned(), table.to_owned()));
        let quoted = "CREATE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON ONLY app.\"T\" (a)";
        assert_eq!(name(quoted), owned("I x", "app.\"T\""));
        assert_eq!(name("create unique index concurrently I on t (a)"), owned("i", "t"));
        assert_eq!(name("CREATE INDEX CONCURRENTLY ON t (a)"), None);
        assert_eq!(name("CREATE INDEX i ON t (a)"), None);
    }
}
