//! dbmate: versions and nothing else, not even when. Rails and others have a table of the same shape, and other files.

use plimsoll_core::db::{DynRow, Engine};

use super::read::text;
use super::{Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, no_checksum};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: Some("schema_migrations"),
    columns: &["version"],
    no_other_columns: true,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare: no_checksum,
    mend: "dbmate records no failures",
};

fn select(engine: Engine, table: &str) -> String {
    format!("SELECT {} FROM {table} ORDER BY version", text(engine, "version"))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(0).to_owned(),
            checksum: None,
            state: ForeignState::Applied,
            applied_at: None,
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    entry.key == migration.version
}
