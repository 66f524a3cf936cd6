//! refinery: a SipHash of name, version and text. Migrations written in Rust have no file here.

use std::hash::{Hash as _, Hasher as _};

use plimsoll_core::db::{DynRow, Engine};
use siphasher::sip::SipHasher13;

use super::read::{moment, text};
use super::versions::number;
use super::{Compared, Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, everything, proof};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: None,
    columns: &["version", "name", "applied_on", "checksum"],
    no_other_columns: false,
    select,
    entries,
    concerns: everything,
    is,
    covers: covers_nothing,
    compare,
    mend: "refinery records no failures",
};

fn select(engine: Engine, table: &str) -> String {
    let columns = ["version", "name", "checksum", "applied_on"].map(|column| text(engine, column));
    format!("SELECT {} FROM {table} ORDER BY version", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| ForeignEntry {
            key: row.text(0).to_owned(),
            name: row.text(1).to_owned(),
            checksum: Some(row.text(2).to_owned()),
            state: ForeignState::Applied,
            applied_at: moment(row, 3),
        })
        .collect()
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    number(&entry.key) == number(&migration.version)
}

fn compare(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> Compared {
    let recorded = entry.checksum.as_deref().unwrap_or_default();
    let name = migration.name.split_once("__").map_or(migration.name.as_str(), |(_, name)| name);
    let version = number(&migration.version).and_then(|version| i64::try_from(version).ok()).unwrap_or_default();
    proof::compare(evidence.bytes(migration), recorded, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        // The feature `int8-versions` of refinery hashes the same number as more bytes.
        let small = i32::try_from(version).ok().map(|version| hash(name, version, &text));
        small.into_iter().chain([hash(name, version, &text)]).collect()
    })
}

fn hash(name: &str, version: impl std::hash::Hash, text: &str) -> String {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    version.hash(&mut hasher);
    text.hash(&mut hasher);
    hasher.finish().to_string()
}
