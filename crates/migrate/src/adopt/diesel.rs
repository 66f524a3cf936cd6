//! diesel: versions and nothing else. The table is Plimsoll's too, and only the ledger's rows are missing then.

use plimsoll_core::db::{DynRow, Engine};

use super::read::{local, moment, text};
use super::{Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, no_checksum};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: Some("__diesel_schema_migrations"),
    columns: &["version", "run_on"],
    no_other_columns: false,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare: no_checksum,
    mend: "diesel records no failures",
};

fn select(engine: Engine, table: &str) -> String {
    let columns = [text(engine, "version"), local(engine, "run_on")];
    format!("SELECT {} FROM {table} ORDER BY version", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(0).to_owned(),
            checksum: None,
            state: ForeignState::Applied,
            applied_at: moment(row, 1),
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    entry.key == migration.version
}
