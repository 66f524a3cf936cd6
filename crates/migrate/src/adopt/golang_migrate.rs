//! golang-migrate: one row, from which all migrations before it follow. That none of them was skipped, nobody recorded.

use plimsoll_core::db::{DynRow, Engine};

use super::read::text;
use super::versions::number;
use super::{Evidence, ForeignEntry, ForeignState, Rules, everything, no_checksum};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: None,
    columns: &["version", "dirty"],
    no_other_columns: true,
    select,
    entries,
    concerns: everything,
    is,
    covers,
    compare: no_checksum,
    mend: "look at what of it is in the database, then complete it and run `migrate force {key}`, or undo it and run `migrate force` with the version before",
};

fn select(engine: Engine, table: &str) -> String {
    format!("SELECT {}, dirty FROM {table} ORDER BY version", text(engine, "version"))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(0).to_owned(),
            checksum: None,
            state: if row.at(1).as_int() == Some(0) { ForeignState::Applied } else { ForeignState::Dirty },
            applied_at: None,
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    number(&entry.key).is_some() && number(&entry.key) == number(&migration.version)
}

fn covers(entry: &ForeignEntry, migration: &Migration) -> bool {
    entry.state == ForeignState::Applied
        && number(&migration.version).is_some_and(|version| Some(version) < number(&entry.key))
}
