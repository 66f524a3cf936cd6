//! sqlx: a SHA-384 of the file's bytes. Whether a migration ran in a transaction is in the file, and so `source`'s.

use plimsoll_core::db::{DynRow, Engine};
use sha2::{Digest as _, Sha384};

use super::read::{hex, moment, text, utc};
use super::versions::number;
use super::{Compared, Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, proof};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: None,
    columns: &["version", "description", "installed_on", "success", "checksum", "execution_time"],
    no_other_columns: true,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare,
    mend: "undo what of it is in the database, then delete its row",
};

fn select(engine: Engine, table: &str) -> String {
    let columns = [
        text(engine, "version"),
        text(engine, "description"),
        hex(engine, "checksum"),
        "success".to_owned(),
        utc(engine, "installed_on"),
    ];
    format!("SELECT {} FROM {table} ORDER BY version", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(1).to_owned(),
            checksum: Some(row.text(2).to_owned()),
            state: if row.at(3).as_int() == Some(1) { ForeignState::Applied } else { ForeignState::Failed },
            applied_at: moment(row, 4),
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    number(&entry.key) == number(&migration.version)
}

fn compare(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> Compared {
    let recorded = entry.checksum.as_deref().unwrap_or_default();
    proof::compare(evidence.bytes(migration), recorded, |bytes| vec![proof::hex(&Sha384::digest(bytes))])
}
