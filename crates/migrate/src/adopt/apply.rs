//! Records what a plan adopts, in one transaction. The other tool's table is left alone, and the lock is the caller's.

use std::fmt;

use plimsoll_core::db::{Db, DbError, Stmt, Value, transaction};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};

use super::{AdoptPlan, Adoption, Tool};
use crate::checksum::checksums;
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::history::{History, RecordState};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::status::known_versions;

/// What adopting recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptReport {
    /// The tool.
    pub tool: Tool,
    /// Its table, which is as it was.
    pub table: String,
    /// The versions recorded, in order.
    pub adopted: Vec<String>,
    /// How many migrations the ledger had already.
    pub recorded: usize,
    /// How many are still to be applied.
    pub pending: usize,
}

/// Records a plan. The ledger and diesel's table have to be there, and the deployment lock held.
///
/// # Errors
/// A [`Problem`] when files or history are no longer what the plan was made from; [`MigrateError::Adopt`] when the database
/// refuses. Nothing is recorded then.
pub fn apply(db: &mut dyn Db, set: &MigrationSet, plan: &AdoptPlan) -> Result<AdoptReport, MigrateError> {
    let history = History::read(db)?;
    let known = known_versions(set, &history);
    let mut found: Vec<(&Adoption, &Migration)> = Vec::new();
    for adoption in plan.to_record() {
        let migration =
            known.get(adoption.version.as_str()).copied().filter(|migration| migration.checksum == adoption.checksum);
        let Some(migration) = migration.filter(|_| plan.engine == history.engine) else {
            let message = format!("`{}` is not what it was when the plan was made", adoption.file);
            return Err(MigrateError::Problem(Problem::new(ProblemKind::Stale, message)));
        };
        found.push((adoption, migration));
    }
    let mut rows = Vec::new();
    for (adoption, migration) in &found {
        rows.push(row(plan, adoption, migration, &history)?);
    }
    transaction(db, |db| {
        for ((adoption, migration), row) in found.iter().zip(rows) {
            // diesel's table is about migrations that run once.
            let version = adoption.version.as_str();
            if migration.kind == MigrationKind::Versioned && !history.applied.contains(version) {
                db.execute(
                    &Stmt::new("INSERT INTO __diesel_schema_migrations (version) VALUES (").bind(version).sql(")"),
                )?;
            }
            write(db, version, row)?;
        }
        Ok(())
    })
    .map_err(MigrateError::Adopt)?;
    Ok(plan.report())
}

impl AdoptPlan {
    /// What is to be said once this plan is recorded, or when it has nothing to record.
    #[must_use]
    pub fn report(&self) -> AdoptReport {
        AdoptReport {
            tool: self.tool,
            table: self.table.clone(),
            adopted: self.to_record().map(|adoption| adoption.version.clone()).collect(),
            recorded: self.recorded(),
            pending: self.pending(),
        }
    }
}

/// The ledger's columns of a migration, without its version.
fn row(
    plan: &AdoptPlan,
    adoption: &Adoption,
    migration: &Migration,
    history: &History,
) -> Result<Vec<(&'static str, Value)>, MigrateError> {
    let sums = checksums(history.engine, migration)?;
    let statements = i64::try_from(adoption.statements).unwrap_or(i64::MAX);
    let applied_at = adoption.applied_at.clone().unwrap_or_else(ledger::now);
    Ok(vec![
        ("name", adoption.name.as_str().into()),
        ("checksum_raw", sums.raw.into()),
        ("checksum_lexical", sums.lexical.into()),
        ("state", RecordState::Applied.as_str().into()),
        ("statements", statements.into()),
        ("statements_done", statements.into()),
        // How long it took is the other tool's to know.
        ("duration_ms", 0_i64.into()),
        ("applied_at", applied_at.into()),
        ("tool", format!("adopted from {}", plan.tool).into()),
        ("script", migration.sql.replace("\r\n", "\n").into()),
        ("kind", migration.kind.as_str().into()),
        ("intent", "".into()),
    ])
}

fn write(db: &mut dyn Db, version: &str, row: Vec<(&'static str, Value)>) -> Result<(), DbError> {
    let table = ledger::table(db.engine(), LedgerTable::Migration);
    // A row may be left of a migration that was taken back.
    db.execute(&Stmt::new(format!("DELETE FROM {table} WHERE version = ")).bind(version))?;
    let columns: Vec<_> = row.iter().map(|(column, _)| *column).collect();
    let mut stmt = Stmt::new(format!("INSERT INTO {table} (version, {}) VALUES (", columns.join(", ")));
    stmt.push_bind(version);
    for (_, value) in row {
        stmt.push(", ");
        stmt.push_bind(value);
    }
    db.execute(&stmt.sql(")")).map(drop)
}

impl fmt::Display for AdoptReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, table, .. } = self;
        match self.adopted.len() {
            0 => write!(f, "nothing more to adopt from {tool}")?,
            1 => write!(f, "1 migration adopted from {tool}")?,
            several => write!(f, "{several} migrations adopted from {tool}")?,
        }
        write!(f, ", `{table}` is as it was")?;
        match self.pending {
            0 => Ok(()),
            pending => write!(f, ", {pending} pending"),
        }
    }
}
