//! The tables of the ledger as data: columns, keys and the statements that make them. Making and upgrading is the folder's.

use super::table;
use crate::db::Engine;
use crate::db::dialect::{key_type, text_type};

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
    /// What was last applied to tables whose rows are too many to be kept one by one: compressed parts.
    SeedPart,
    /// One row for everything that wrote seeded rows.
    SeedRun,
    /// What each of those runs changed, with what was there before.
    SeedChange,
    /// The audit of rows with a life cycle: one row for each step, chained by hashes.
    SeedAudit,
}

impl LedgerTable {
    pub(super) const ALL: [Self; 11] = [
        Self::Meta,
        Self::Lease,
        Self::Deployment,
        Self::Step,
        Self::Serving,
        Self::Migration,
        Self::SeedRow,
        Self::SeedPart,
        Self::SeedRun,
        Self::SeedChange,
        Self::SeedAudit,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Lease => "lease",
            Self::Deployment => "deployment",
            Self::Step => "step",
            Self::Serving => "serving",
            Self::Migration => "migration",
            Self::SeedRow => "seed_row",
            Self::SeedPart => "seed_part",
            Self::SeedRun => "seed_run",
            Self::SeedChange => "seed_change",
            Self::SeedAudit => "seed_audit",
        }
    }

    /// Columns as (name, type), where `key`, `text`, `number` and `bytes` stand for the engine's types, and the primary key.
    pub(super) fn columns(self) -> (&'static [(&'static str, &'static str)], &'static str) {
        match self {
            Self::Meta => (&[("name", "key"), ("value", "text")], "name"),
            Self::Lease => (
                &[
                    ("name", "key"),
                    ("holder", "text"),
                    ("acquired_at", "key"),
                    ("epoch", "number?"),
                    ("expires_at", "key?"),
                    ("server", "text?"),
                ],
                "name",
            ),
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
                    ("script", "text?"),
                    ("kind", "key?"),
                    ("intent", "text?"),
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
                    ("origin", "key?"),
                    ("run", "number?"),
                ],
                "table_name, row_key",
            ),
            Self::SeedPart => (
                &[
                    ("table_name", "key"),
                    ("dataset", "key"),
                    ("part", "number"),
                    ("rows_in_part", "number"),
                    ("digest", "key"),
                    ("content", "bytes"),
                    ("run", "number"),
                ],
                "table_name, dataset, part",
            ),
            Self::SeedRun => (
                &[
                    ("number", "number"),
                    ("kind", "key"),
                    ("state", "key"),
                    ("started_at", "key"),
                    ("finished_at", "key?"),
                    ("actor", "key"),
                    ("tool", "key"),
                    ("plan_digest", "key"),
                    ("deployment", "number?"),
                    ("summary", "text?"),
                    ("undone_by", "number?"),
                ],
                "number",
            ),
            Self::SeedChange => (
                &[
                    ("run", "number"),
                    ("ordinal", "number"),
                    ("action", "key"),
                    ("table_name", "key"),
                    ("row_key", "key"),
                    ("key_json", "text"),
                    ("row_before", "text?"),
                    ("row_after", "text?"),
                    ("entry_before", "text?"),
                ],
                "run, ordinal",
            ),
            Self::SeedAudit => (
                &[
                    ("number", "number"),
                    ("at", "key"),
                    ("actor", "key"),
                    ("table_name", "key"),
                    ("row_key", "key"),
                    ("key_json", "text"),
                    ("row_id", "text"),
                    ("from_state", "key?"),
                    ("to_state", "key"),
                    ("note", "text?"),
                    ("run", "number?"),
                    ("sealed", "number"),
                    ("covers", "text"),
                    ("content", "key"),
                    ("previous", "key"),
                    ("hash", "key"),
                ],
                "number",
            ),
        }
    }
}

/// The statement that makes a table unless it is there.
pub(super) fn create(engine: Engine, which: LedgerTable) -> String {
    let (columns, key) = which.columns();
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, kind)| {
            let null = if kind.ends_with('?') { "" } else { " NOT NULL" };
            format!("{name} {}{null}", column_type(engine, kind))
        })
        .collect();
    format!("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({key}))", table(engine, which), columns.join(", "))
}

/// The engine's type for a kind of column.
pub(super) fn column_type(engine: Engine, kind: &str) -> &'static str {
    match kind.trim_end_matches('?') {
        "key" => key_type(engine),
        "number" => "BIGINT",
        "bytes" => match engine {
            Engine::Sqlite => "BLOB",
            Engine::Postgres => "BYTEA",
            Engine::Mysql => "LONGBLOB",
        },
        _ => text_type(engine),
    }
}
