//! What tables of user data hold, before and after: a number of rows and a sum of their hashes, and what this transaction itself
//! wrote there. That nothing but allowed inserts is among it is checked here; which tables are user data is the project's to say.

use std::collections::BTreeMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Column, ColumnKind, Db, DbError, Engine, Stmt, Table, Value, dialect, quoted};
use serde::{Deserialize, Serialize};

use crate::error::{Problem, SeedError};

/// A table of user data around a command that wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTable {
    /// The name.
    pub table: String,
    /// What it held before.
    pub before: Fingerprint,
    /// What it held before the commit.
    pub after: Fingerprint,
    /// What came of it.
    pub verdict: UserDataVerdict,
}

/// What a table holds, in a few digits. Equal tables have equal fingerprints, whatever the order of their rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The number of rows.
    pub rows: i64,
    /// The sum of the hashes of all rows, as a decimal number. Comparable on one engine only.
    pub digest: String,
}

/// What came of a table of user data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserDataVerdict {
    /// It holds what it held.
    Untouched,
    /// A dataset that may do so added rows.
    Seeded,
    /// Others wrote meanwhile, and this command did not.
    ChangedByOthers,
    /// It changed meanwhile, and nothing tells by whom: the session does not keep to one view of the database.
    Unproven,
}

/// The state before.
pub(crate) struct Watch {
    tables: BTreeMap<String, (Fingerprint, Option<Written>)>,
}

/// Rows that a transaction wrote into a table, by the server's own count, or those that it was allowed to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) inserted: i64,
    pub(crate) updated: i64,
    pub(crate) deleted: i64,
}

/// Takes the fingerprints at the beginning of a transaction, after its locks.
pub(crate) fn watch(db: &mut dyn Db, catalog: &Catalog, user_data: &[String]) -> Result<Watch, DbError> {
    let mut tables = BTreeMap::new();
    for name in user_data {
        if let Some(table) = catalog.tables.get(name) {
            let before = fingerprint(db, name, table)?;
            tables.insert(name.clone(), (before, written(db, name)?));
        }
    }
    Ok(Watch { tables })
}

/// Takes them again before the commit and compares with what was meant to be written, row by row of the plan.
///
/// # Errors
/// [`SeedError::Problems`] with every table into which this transaction wrote anything else.
pub(crate) fn check(
    db: &mut dyn Db,
    catalog: &Catalog,
    watch: &Watch,
    meant: &dyn Fn(&str) -> Written,
) -> Result<Vec<UserTable>, SeedError> {
    let alone = sees_itself_only(db)?;
    let mut tables = Vec::with_capacity(watch.tables.len());
    let mut problems = Vec::new();
    for (name, (before, written_before)) in &watch.tables {
        let Some(table) = catalog.tables.get(name) else { continue };
        let after = fingerprint(db, name, table)?;
        let meant = meant(name);
        let own = match (written_before, written(db, name)?) {
            (Some(before), Some(now)) => {
                let own = Written {
                    inserted: now.inserted - before.inserted,
                    updated: now.updated - before.updated,
                    deleted: now.deleted - before.deleted,
                };
                Some(own != meant)
            }
            // What a transaction sees here is what it wrote itself, and nothing of others.
            _ if alone && meant == Written::default() => Some(after != *before),
            _ if alone => Some(after.rows - before.rows != meant.inserted - meant.deleted),
            _ => None,
        };
        if own == Some(true) {
            let message = format!(
                "`{name}` holds user data, and this would have changed it: {} before, {} after; a trigger or a cascade writes there",
                before.shown(),
                after.shown()
            );
            problems.push(Problem::new(ErrorCode::UserDataTouched, None, message));
        }
        let verdict = match (after == *before, own) {
            (true, _) => UserDataVerdict::Untouched,
            (false, None) => UserDataVerdict::Unproven,
            (false, Some(_)) if meant == Written::default() => UserDataVerdict::ChangedByOthers,
            (false, Some(_)) => UserDataVerdict::Seeded,
        };
        tables.push(UserTable { table: name.clone(), before: before.clone(), after, verdict });
    }
    SeedError::unless_empty(problems)?;
    Ok(tables)
}

impl Fingerprint {
    fn shown(&self) -> String {
        format!("{} {}", self.rows, if self.rows == 1 { "row" } else { "rows" })
    }
}

/// Counts and hashes a table in one pass, inside of the database.
fn fingerprint(db: &mut dyn Db, name: &str, table: &Table) -> Result<Fingerprint, DbError> {
    let engine = db.engine();
    let hash = match engine {
        Engine::Postgres => {
            // Not `t::text`, which is the column where a table has one of this name.
            "coalesce(sum(hashtextextended(ROW(t.*)::text, 0)::numeric), 0)::text".to_owned()
        }
        Engine::Sqlite => {
            let texts: Vec<String> =
                table.columns.iter().map(|column| format!("quote({})", quoted(engine, &column.name))).collect();
            // In two halves: a sum of whole numbers of 64 bits would leave their range.
            let hash = format!("plimsoll_hash({})", texts.join(" || ',' || "));
            format!("coalesce(sum({hash} & 4294967295), 0) || '.' || coalesce(sum({hash} >> 32), 0)")
        }
        Engine::Mysql => {
            let texts: Vec<String> = table.columns.iter().map(|column| quote_text(engine, column)).collect();
            let digest = format!("MD5(CONCAT_WS(',', {}))", texts.join(", "));
            format!("CAST(coalesce(sum(CAST(CONV(SUBSTRING({digest}, 1, 15), 16, 10) AS UNSIGNED)), 0) AS CHAR)")
        }
    };
    let stmt = Stmt::new(format!("SELECT count(*), {hash} FROM {} t", quoted(engine, name)));
    let rows = db.rows(&stmt)?;
    let (count, digest) = rows.first().map_or((0, ""), |row| (row.int(0), row.text(1)));
    Ok(Fingerprint { rows: count, digest: digest.to_owned() })
}

fn quote_text(engine: Engine, column: &Column) -> String {
    match column.kind {
        // As text, four-byte floats would be cut to six digits.
        ColumnKind::Float => format!("QUOTE({} + 0e0)", quoted(engine, &column.name)),
        ColumnKind::Bytes => format!("QUOTE(HEX({}))", quoted(engine, &column.name)),
        _ => format!("QUOTE({})", dialect::read_expr(engine, column)),
    }
}

/// PostgreSQL counts what each transaction does to each table, triggers and cascades included. Elsewhere nothing is counted. Rows
/// of a partitioned table are its partitions', and only there they are counted.
fn written(db: &mut dyn Db, name: &str) -> Result<Option<Written>, DbError> {
    match db.engine() {
        Engine::Sqlite | Engine::Mysql => Ok(None),
        Engine::Postgres => {
            let stmt = Stmt::new(
                "WITH RECURSIVE part AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = ",
            )
            .bind(name)
            .sql(
                " UNION SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid) \
                 SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(c.oid)), 0)::bigint, \
                 coalesce(sum(pg_stat_get_xact_tuples_updated(c.oid)), 0)::bigint, \
                 coalesce(sum(pg_stat_get_xact_tuples_deleted(c.oid)), 0)::bigint, \
                 current_setting('track_counts') = 'on' AND bool_and(c.relkind IN ('r', 'p')) \
                 FROM part JOIN pg_class c ON c.oid = part.oid",
            );
            let rows = db.rows(&stmt)?;
            // What is written into the tables of another server is counted nowhere.
            let counted = rows.first().filter(|row| matches!(row.at(3), Value::Bool(true)));
            Ok(counted.map(|row| Written { inserted: row.int(0), updated: row.int(1), deleted: row.int(2) }))
        }
    }
}

/// Whether a transaction goes on seeing what it saw first, apart from what it writes itself.
fn sees_itself_only(db: &mut dyn Db) -> Result<bool, DbError> {
    let variable = match db.engine() {
        Engine::Sqlite => return Ok(true),
        Engine::Postgres => return Ok(false),
        Engine::Mysql => "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')",
    };
    let rows = db.rows(&Stmt::new(variable))?;
    Ok(rows.iter().any(|row| matches!(row.text(1), "REPEATABLE-READ" | "SERIALIZABLE")))
}
