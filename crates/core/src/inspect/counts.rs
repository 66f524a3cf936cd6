//! How many rows tables have: counted, or as the server's statistics have it. Which tables are meant is the caller's to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::snapshot::reading;
use crate::db::{Db, DbError, Engine, Stmt, quoted, scalar};

/// How rows are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counting {
    /// One by one, all tables as of one moment.
    #[default]
    Exact,
    /// As the statistics say, which costs nothing and may be far off. Tables without statistics are counted.
    Estimate,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// The name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// Counts the rows of tables of the current schema, in one read-only transaction.
///
/// # Errors
/// Whatever the engine refuses: a table that is not there, or that the account may not read.
pub fn counts(db: &mut dyn Db, tables: &[String], counting: Counting) -> Result<Vec<TableCount>, DbError> {
    reading(db, |db| {
        let known = match counting {
            Counting::Exact => BTreeMap::new(),
            Counting::Estimate => statistics(db)?,
        };
        tables.iter().map(|table| count(db, table, known.get(table).copied())).collect()
    })
}

fn count(db: &mut dyn Db, table: &str, known: Option<u64>) -> Result<TableCount, DbError> {
    let counted = |rows, estimated| TableCount { table: table.to_owned(), rows, estimated };
    if let Some(rows) = known {
        return Ok(counted(rows, true));
    }
    let stmt = Stmt::new(format!("SELECT count(*) FROM {}", quoted(db.engine(), table)));
    let rows = scalar(db, &stmt)?.as_int().and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0);
    Ok(counted(rows, false))
}

/// The rows of every table that the statistics know.
fn statistics(db: &mut dyn Db) -> Result<BTreeMap<String, u64>, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => {
            let made = Stmt::new("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'");
            if scalar(db, &made)?.as_int() != Some(1) {
                return Ok(BTreeMap::new());
            }
            "SELECT tbl, max(CAST(substr(stat, 1, instr(stat || ' ', ' ') - 1) AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl"
        }
        // Never analysed is -1, and 0 before version 14.
        Engine::Postgres => {
            "SELECT relname::text, reltuples::bigint FROM pg_class WHERE reltuples > 0 AND relkind IN ('r', 'p') \
             AND relnamespace = quote_ident(current_schema())::regnamespace"
        }
        Engine::Mysql => {
            "SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() \
             AND TABLE_TYPE = 'BASE TABLE' AND TABLE_ROWS IS NOT NULL"
        }
    };
    let rows = db.rows(&Stmt::new(stmt))?;
    Ok(rows.iter().filter_map(|row| Some((row.text(0).to_owned(), u64::try_from(row.at(1).as_int()?).ok()?))).collect())
}
