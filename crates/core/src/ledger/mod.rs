//! The ledger inside the target database: which tables it has and how to make them. Each crate writes its own rows.

mod deployment;
mod tables;

use std::collections::BTreeSet;

use tables::{column_type, create};

use crate::db::{Db, DbError, DbErrorKind, Engine, Stmt, Value, quoted, scalar};

pub use tables::LedgerTable;

pub use deployment::{Deployment, DeploymentState, NewDeployment, Serving, Step, StepState};
pub use deployment::{clear_serving, finish, latest, note_step, recent, running, serving, set_serving, start, steps};

/// The format of the tables below. A ledger of a higher format is left alone.
pub const FORMAT: i64 = 4;

/// What a format added to the tables of the one before it.
const ADDED: &[(i64, LedgerTable, &[&str])] = &[
    (2, LedgerTable::Lease, &["epoch", "expires_at", "server"]),
    (2, LedgerTable::Migration, &["script", "kind", "intent"]),
    (3, LedgerTable::SeedRow, &["origin", "run"]),
];

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
    let query = existence(db.engine());
    Ok(scalar(db, &Stmt::new(query))?.as_int() != Some(0))
}

/// The query that counts 0 where the database has no ledger and 1 where it has one: to be asked together with others.
#[must_use]
pub fn existence(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'plimsoll_meta'",
        Engine::Postgres => "SELECT count(to_regclass('plimsoll.meta')::text)",
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'plimsoll_meta'"
        }
    }
}

/// Creates what is missing of the ledger. The caller holds the deployment lock: even `IF NOT EXISTS` races.
///
/// # Errors
/// Whatever the engine refuses, and a ledger that a newer Plimsoll wrote.
pub fn ensure(db: &mut dyn Db) -> Result<(), DbError> {
    let engine = db.engine();
    if exists(db)? {
        return match check_format(db)? {
            FORMAT => Ok(()),
            older => upgrade(db, older),
        };
    }
    // `meta` goes last: it is what `exists` looks for, so a half-made ledger is completed by the next run.
    let statements: Vec<String> = LedgerTable::ALL.iter().rev().map(|each| create(engine, *each)).collect();
    match engine {
        Engine::Sqlite => db.batch(&statements.join(";\n"))?,
        Engine::Postgres => {
            db.batch(&format!("CREATE SCHEMA IF NOT EXISTS \"plimsoll\";\n{}", statements.join(";\n")))?;
        }
        Engine::Mysql => statements.iter().try_for_each(|statement| db.batch(statement))?,
    }
    let meta = table(engine, LedgerTable::Meta);
    db.execute(
        &Stmt::new(format!("INSERT INTO {meta} (name, value) SELECT 'format', "))
            .bind(FORMAT.to_string())
            .sql(format!(" WHERE NOT EXISTS (SELECT 1 FROM {meta} WHERE name = 'format')")),
    )?;
    Ok(())
}

/// The format of the ledger, `None` when there is none. Creates nothing and upgrades nothing.
///
/// # Errors
/// Whatever the engine refuses.
pub fn format(db: &mut dyn Db) -> Result<Option<i64>, DbError> {
    Ok(meta(db, "format")?.and_then(|text| text.parse().ok()))
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
    // One statement, so that nobody ever sees the value missing.
    let end = match db.engine() {
        Engine::Sqlite | Engine::Postgres => ") ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        Engine::Mysql => ") ON DUPLICATE KEY UPDATE value = VALUES(value)",
    };
    let stmt = Stmt::new(format!("INSERT INTO {meta} (name, value) VALUES (")).bind(name).sql(", ").bind(value);
    db.execute(&stmt.sql(end)).map(drop)
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

/// The format of a ledger that is there.
fn check_format(db: &mut dyn Db) -> Result<i64, DbError> {
    let found = format(db)?.unwrap_or(0);
    if found > FORMAT {
        return Err(DbError::new(
            db.engine(),
            DbErrorKind::LedgerNewer,
            format!("the ledger has format {found}, this Plimsoll knows up to {FORMAT}"),
        ));
    }
    Ok(found)
}

/// The format whose long texts have a character set of their own on MySQL. Before it they had the database's.
const WIDE_TEXTS: i64 = 4;

/// Brings a ledger of an older format up to date. Only adds tables and columns and widens what texts hold, so that a killed upgrade
/// is simply begun again.
fn upgrade(db: &mut dyn Db, from: i64) -> Result<(), DbError> {
    let engine = db.engine();
    // What a format brought as whole tables; the others are there and stay as they are.
    for each in LedgerTable::ALL {
        db.batch(&create(engine, each))?;
    }
    for (since, which, added) in ADDED.iter().filter(|(since, ..)| *since > from) {
        let table = table(engine, *which);
        let there = columns_of(db, *which)?;
        for (name, kind) in which.columns().0.iter().filter(|(name, _)| added.contains(name) && !there.contains(*name))
        {
            debug_assert!(kind.ends_with('?'), "format {since} adds {name}, and rows without it are there already");
            db.batch(&format!("ALTER TABLE {table} ADD COLUMN {name} {}", column_type(engine, kind)))?;
        }
    }
    if from < WIDE_TEXTS && engine == Engine::Mysql {
        for each in LedgerTable::ALL {
            widen_texts(db, each)?;
        }
    }
    set_meta(db, "format", &FORMAT.to_string())
}

/// Gives the long texts of a table on MySQL their own character set, in one statement: each copies the table.
fn widen_texts(db: &mut dyn Db, which: LedgerTable) -> Result<(), DbError> {
    let engine = db.engine();
    let changes: Vec<String> = which
        .columns()
        .0
        .iter()
        .filter(|(_, kind)| kind.trim_end_matches('?') == "text")
        .map(|(name, kind)| {
            let null = if kind.ends_with('?') { "" } else { " NOT NULL" };
            format!("MODIFY {name} {}{null}", column_type(engine, kind))
        })
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    db.batch(&format!("ALTER TABLE {} {}", table(engine, which), changes.join(", ")))
}

fn columns_of(db: &mut dyn Db, which: LedgerTable) -> Result<BTreeSet<String>, DbError> {
    let name = which.name();
    let stmt = match db.engine() {
        Engine::Sqlite => Stmt::new(format!("SELECT name FROM pragma_table_info('plimsoll_{name}')")),
        Engine::Postgres => {
            Stmt::new("SELECT attname::text FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid = ")
                .sql(format!("'plimsoll.{name}'::regclass"))
        }
        Engine::Mysql => Stmt::new(format!(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'plimsoll_{name}'"
        )),
    };
    Ok(db.rows(&stmt)?.iter().map(|row| row.text(0).to_owned()).collect())
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

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_ledger_of_the_first_format_is_brought_up_to_date_and_keeps_its_rows() {
        use crate::db::{Access, DatabaseUrl, connect};

        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let mut db = connect(&url, Access::Write).expect("opens");
        ensure(db.as_mut()).expect("is made");
        // As an older Plimsoll left it, and as one left it that was killed in the middle of upgrading.
        db.batch(
            "ALTER TABLE plimsoll_migration DROP COLUMN script; ALTER TABLE plimsoll_lease DROP COLUMN epoch;
             DROP TABLE plimsoll_seed_run; ALTER TABLE plimsoll_seed_row DROP COLUMN origin;
             UPDATE plimsoll_meta SET value = '1' WHERE name = 'format';
             INSERT INTO plimsoll_lease (name, holder, acquired_at) VALUES ('deployment', 'x', 'y')",
        )
        .expect("runs");
        ensure(db.as_mut()).expect("is upgraded");
        ensure(db.as_mut()).expect("is up to date");
        assert_eq!(meta(db.as_mut(), "format").expect("is read").as_deref(), Some("4"));
        let epoch = Stmt::new("SELECT coalesce(epoch, -1) FROM plimsoll_lease WHERE holder = 'x'");
        assert_eq!(scalar(db.as_mut(), &epoch).expect("asks").as_int(), Some(-1));
        assert!(columns_of(db.as_mut(), LedgerTable::Migration).expect("asks").contains("script"));
        assert!(columns_of(db.as_mut(), LedgerTable::SeedRow).expect("asks").contains("origin"));
        assert!(columns_of(db.as_mut(), LedgerTable::SeedRun).expect("asks").contains("plan_digest"));
    }

    #[test]
    fn the_tables_are_created_the_same_way_on_every_engine() {
        let all: Vec<String> = [Engine::Sqlite, Engine::Postgres, Engine::Mysql]
            .into_iter()
            .flat_map(|engine| LedgerTable::ALL.map(|each| create(engine, each)))
            .collect();
        insta::assert_snapshot!(all.join("\n"));
    }
}
