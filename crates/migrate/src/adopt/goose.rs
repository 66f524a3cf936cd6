//! goose: versions, the last row of each says whether it is applied. Migrations written in Go have no file here.

use plimsoll_core::db::{DynRow, Engine};

use super::read::{local, moment, text};
use super::versions::number;
use super::{Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, no_checksum};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: None,
    columns: &["id", "version_id", "is_applied", "tstamp"],
    no_other_columns: false,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare: no_checksum,
    mend: "goose records no failures",
};

fn select(engine: Engine, table: &str) -> String {
    let columns = [text(engine, "version_id"), "is_applied".to_owned(), local(engine, "tstamp")];
    format!("SELECT {} FROM {table} ORDER BY id", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    let mut entries: Vec<ForeignEntry> = Vec::new();
    // Version 0 is goose's own: the table was made.
    for row in rows.iter().filter(|row| row.text(0) != "0") {
        let key = row.text(0);
        entries.retain(|earlier| earlier.key != key);
        entries.push(ForeignEntry {
            key: key.to_owned(),
            name: key.to_owned(),
            checksum: None,
            state: if row.at(1).as_int() == Some(1) { ForeignState::Applied } else { ForeignState::RolledBack },
            applied_at: moment(row, 2),
        });
    }
    entries
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    number(&entry.key) == number(&migration.version)
}
