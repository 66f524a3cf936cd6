//! The ledger inside the target database: which tables it has and how to make them. Each crate writes its own rows.

mod deployment;

use crate::db::dialect::{key_type, text_type};
use crate::db::{Db, DbError, DbErrorKind, Engine, Stmt, Value, quoted, scalar};

pub use deployment::{Deployment, DeploymentState, NewDeployment, Serving, Step, StepState};
pub use deployment::{clear_serving, finish, latest, note_step, recent, running, serving, set_serving, start, steps};

/// The format of the tables below. A ledger of a higher format is left alone.
pub const FORMAT: i64 = 1;

/// The tables of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerTable {
    /// Names and values: the format and the identity of the database.
    Meta,
    /// Who holds the deployment lock.
    Lease,
    /// One row for every deployment that had something to do.
    Deployment,
    /// The journal: each step's intent before it, and its end after it.
    Step,
    /// The revision that serves, per environment and release.
    Serving,
    /// Every applied migration with its checksums.
    Migration,
    /// Every seeded row with the values last applied.
    SeedRow,
}

impl LedgerTable {
    const ALL: [Self; 7] =
        [Self::Meta, Self::Lease, Self::Deployment, Self::Step, Self::Serving, Self::Migration, Self::SeedRow];

    fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Lease => "lease",
            Self::Deployment => "deployment",
            Self::Step => "step",
            Self::Serving => "serving",
            Self::Migration => "migration",
            Self::SeedRow => "seed_row",
        }
    }

    /// Columns as (name, type), where `key`, `text` and `number` stand for the engine's types, and the primary key.
    fn columns(self) -> (&'static [(&'static str, &'static str)], &'static str) {
        match self {
            Self::Meta => (&[("name", "key"), ("value", "text")], "name"),
            Self::Lease => (&[("name", "key"), ("holder", "text"), ("acquired_at", "key")], "name"),
            Self::Deployment => (
                &[
                    ("number", "number"),
                    ("environment", "key"),
                    ("revision", "key"),
                    ("plan_digest", "key"),
                    ("state", "key"),
                    ("started_at", "key"),
                    ("finished_at", "key?"),
                    ("actor", "key"),
                    ("tool", "key"),
                    ("summary", "text?"),
                ],
                "number",
            ),
            Self::Step => (
                &[
                    ("deployment", "number"),
                    ("ordinal", "number"),
                    ("name", "key"),
                    ("state", "key"),
                    ("started_at", "key"),
                    ("finished_at", "key?"),
                    ("detail", "text?"),
                ],
                "deployment, ordinal",
            ),
            Self::Serving => (
                &[
                    ("environment", "key"),
                    ("release_name", "key"),
                    ("revision", "key"),
                    ("address", "text"),
                    ("deployment", "number"),
                    ("since", "key"),
                ],
                "environment, release_name",
            ),
            Self::Migration => (
                &[
                    ("version", "key"),
                    ("name", "text"),
                    ("checksum_raw", "key"),
                    ("checksum_lexical", "key"),
                    ("state", "key"),
                    ("statements", "number"),
                    ("statements_done", "number"),
                    ("duration_ms", "number"),
                    ("applied_at", "key"),
                    ("deployment", "number?"),
                    ("tool", "key"),
                ],
                "version",
            ),
            Self::SeedRow => (
                &[
                    ("table_name", "key"),
                    ("row_key", "key"),
                    ("key_json", "text"),
                    ("applied", "text"),
                    ("dataset", "key"),
                    ("source", "text"),
                    ("deployment", "number?"),
                ],
                "table_name, row_key",
            ),
        }
    }
}

/// The quoted name of a ledger table: in the schema `plimsoll` on PostgreSQL, with the prefix `plimsoll_` elsewhere.
#[must_use]
pub fn table(engine: Engine, table: LedgerTable) -> String {
    match engine {
        Engine::Postgres => format!("\"plimsoll\".\"{}\"", table.name()),
        Engine::Sqlite | Engine::Mysql => quoted(engine, &format!("plimsoll_{}", table.name())),
    }
}

/// Whether the database has a ledger. Creates nothing.
///
/// # Errors
/// Whatever the engine refuses.
pub fn exists(db: &mut dyn Db) -> Result<bool, DbError> {
    let sql = match db.engine() {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'plimsoll_meta'",
        Engine::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = 'plimsoll' AND tablename = 'meta'",
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'plimsoll_meta'"
        }
    };
    Ok(scalar(db, &Stmt::new(sql))?.as_int() != Some(0))
}

/// Creates what is missing of the ledger. The caller holds the deployment lock: even `IF NOT EXISTS` races.
///
/// # Errors
/// Whatever the engine refuses, and a ledger that a newer Plimsoll wrote.
pub fn ensure(db: &mut dyn Db) -> Result<(), DbError> {
    let engine = db.engine();
    if exists(db)? {
        return check_format(db);
    }
    if engine == Engine::Postgres {
        db.batch("CREATE SCHEMA IF NOT EXISTS \"plimsoll\"")?;
    }
    // `meta` goes last: it is what `exists` looks for, so a half-made ledger is completed by the next run.
    for each in LedgerTable::ALL.iter().rev() {
        db.batch(&create(engine, *each))?;
    }
    let meta = table(engine, LedgerTable::Meta);
    db.execute(
        &Stmt::new(format!("INSERT INTO {meta} (name, value) SELECT 'format', "))
            .bind(FORMAT.to_string())
            .sql(format!(" WHERE NOT EXISTS (SELECT 1 FROM {meta} WHERE name = 'format')")),
    )?;
    Ok(())
}

/// A value of the ledger's `meta` table, `None` when it or the ledger is not there.
///
/// # Errors
/// Whatever the engine refuses.
pub fn meta(db: &mut dyn Db, name: &str) -> Result<Option<String>, DbError> {
    if !exists(db)? {
        return Ok(None);
    }
    let meta = table(db.engine(), LedgerTable::Meta);
    let value = scalar(db, &Stmt::new(format!("SELECT value FROM {meta} WHERE name = ")).bind(name))?;
    Ok(value.as_str().map(str::to_owned))
}

/// Sets a value of the ledger's `meta` table.
///
/// # Errors
/// Whatever the engine refuses.
pub fn set_meta(db: &mut dyn Db, name: &str, value: &str) -> Result<(), DbError> {
    let meta = table(db.engine(), LedgerTable::Meta);
    db.execute(&Stmt::new(format!("DELETE FROM {meta} WHERE name = ")).bind(name))?;
    db.execute(
        &Stmt::new(format!("INSERT INTO {meta} (name, value) VALUES (")).bind(name).sql(", ").bind(value).sql(")"),
    )?;
    Ok(())
}

/// Sets a value of the ledger's `meta` table unless it has one.
///
/// # Errors
/// Whatever the engine refuses.
pub fn set_meta_once(db: &mut dyn Db, name: &str, value: &str) -> Result<(), DbError> {
    match meta(db, name)? {
        Some(_) => Ok(()),
        None => set_meta(db, name, value),
    }
}

/// The present moment as the ledger writes it: UTC, ISO 8601, milliseconds.
#[must_use]
pub fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn check_format(db: &mut dyn Db) -> Result<(), DbError> {
    let found = meta(db, "format")?.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    if found > FORMAT {
        return Err(DbError::new(
            db.engine(),
            DbErrorKind::LedgerNewer,
            format!("the ledger has format {found}, this Plimsoll knows up to {FORMAT}"),
        ));
    }
    Ok(())
}

fn create(engine: Engine, which: LedgerTable) -> String {
    let (columns, key) = which.columns();
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, kind)| {
            let null = if kind.ends_with('?') { "" } else { " NOT NULL" };
            let kind = match kind.trim_end_matches('?') {
                "key" => key_type(engine),
                "number" => "BIGINT",
                _ => text_type(engine),
            };
            format!("{name} {kind}{null}")
        })
        .collect();
    format!("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({key}))", table(engine, which), columns.join(", "))
}

/// A `VALUES` list of binds: `(?, ?, ..)`.
fn values(stmt: &mut Stmt, values: impl IntoIterator<Item = Value>) {
    for (index, value) in values.into_iter().enumerate() {
        stmt.push(if index == 0 { "(" } else { ", " });
        stmt.push_bind(value);
    }
    stmt.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_created_the_same_way_on_every_engine() {
        let all: Vec<String> = [Engine::Sqlite, Engine::Postgres, Engine::Mysql]
            .into_iter()
            .flat_map(|engine| LedgerTable::ALL.map(|each| create(engine, each)))
            .collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}
