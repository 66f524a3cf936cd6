//! Prisma Migrate: a SHA-256 of the script, and rows that failed or were rolled back. Its advisory lock is not taken.

use plimsoll_core::db::{DynRow, Engine};
use plimsoll_core::template::sha256_hex;

use super::read::{moment, text, utc};
use super::{Compared, Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, proof};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: Some("_prisma_migrations"),
    columns: &["checksum", "finished_at", "migration_name", "rolled_back_at", "started_at"],
    no_other_columns: false,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare,
    mend: "look at what of it is in the database, then complete it and run `prisma migrate resolve --applied {key}`, or undo it and run `prisma migrate resolve --rolled-back {key}`",
};

fn select(engine: Engine, table: &str) -> String {
    let columns = [
        text(engine, "migration_name"),
        text(engine, "checksum"),
        utc(engine, "finished_at"),
        utc(engine, "rolled_back_at"),
    ];
    format!("SELECT {} FROM {table} ORDER BY started_at, migration_name", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(0).to_owned(),
            checksum: Some(row.text(1).to_owned()),
            state: match (row.at(2).is_null(), row.at(3).is_null()) {
                (_, false) => ForeignState::RolledBack,
                (true, true) => ForeignState::Failed,
                (false, true) => ForeignState::Applied,
            },
            applied_at: moment(row, 2),
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    entry.key == migration.name
}

fn compare(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> Compared {
    let recorded = entry.checksum.as_deref().unwrap_or_default();
    proof::compare(evidence.bytes(migration), recorded, |bytes| {
        let digest = sha256_hex(bytes);
        let unpadded = without_padding(&digest);
        vec![digest, unpadded]
    })
}

/// Older versions of Prisma wrote a byte below 16 as one digit.
fn without_padding(digest: &str) -> String {
    let mut out = String::with_capacity(digest.len());
    for (index, digit) in digest.char_indices() {
        if index % 2 == 1 || digit != '0' {
            out.push(digit);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_rows_write_small_bytes_as_one_digit() {
        assert_eq!(without_padding("0a10ff00"), "a10ff0");
    }
}
