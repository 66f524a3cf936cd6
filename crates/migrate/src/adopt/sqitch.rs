//! Sqitch's registry: SHA-1 of the script, and of the line in the plan. Tags and dependencies are Sqitch's own to check.

use plimsoll_core::db::{DynRow, Engine};
use sha1::{Digest as _, Sha1};

use super::read::{moment, optional, text, utc};
use super::{Compared, Evidence, ForeignEntry, ForeignState, Rules, covers_nothing, proof};
use crate::source::Migration;

/// How the two checksums stand in one text: that of the plan's line, a slash, that of the script.
const BETWEEN: char = '/';

pub(super) const RULES: Rules = Rules {
    table: Some("changes"),
    columns: &["change_id", "script_hash", "change", "project", "committed_at", "planner_name"],
    no_other_columns: false,
    select,
    entries,
    concerns,
    is,
    covers: covers_nothing,
    compare,
    mend: "`sqitch revert` it and deploy it again",
};

fn select(engine: Engine, table: &str) -> String {
    let change = match engine {
        Engine::Mysql => "`change`",
        Engine::Sqlite | Engine::Postgres => "\"change\"",
    };
    let columns = [
        text(engine, "project"),
        text(engine, change),
        text(engine, "change_id"),
        text(engine, "script_hash"),
        utc(engine, "committed_at"),
    ];
    format!("SELECT {} FROM {table} ORDER BY committed_at", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    rows.iter()
        .map(|row| {
            let id = row.text(2);
            // Registries from before scripts were hashed have the other checksum in its place.
            let script = optional(row, 3).filter(|script| script != id).unwrap_or_default();
            ForeignEntry {
                key: format!("{}:{}", row.text(0), row.text(1)),
                name: row.text(1).to_owned(),
                checksum: Some(format!("{id}{BETWEEN}{script}")),
                state: ForeignState::Applied,
                applied_at: moment(row, 4),
            }
        })
        .collect()
}

/// A registry can hold several projects.
fn concerns(entry: &ForeignEntry, evidence: &Evidence) -> bool {
    evidence.project().is_none_or(|project| entry.key.split_once(':').is_some_and(|(of, _)| of == project))
}

/// A project can have several changes of one name.
fn is(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> bool {
    let (id, _) = checksums(entry);
    match evidence.change(migration) {
        Some(change) if change.id == id => true,
        Some(change) => entry.key == format!("{}:{}", change.project, change.version) && !evidence.knows_change(id),
        None => entry.name == migration.version,
    }
}

fn compare(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> Compared {
    let (id, script) = checksums(entry);
    match evidence.change(migration) {
        Some(change) if change.id != id => Compared::Different {
            recorded: id.to_owned(),
            computed: format!("{} of its line in `sqitch.plan`", change.id),
        },
        Some(_) if script.is_empty() => Compared::Equal,
        _ if script.is_empty() => Compared::NoChecksum,
        _ => proof::compare(evidence.bytes(migration), script, |bytes| vec![proof::hex(&Sha1::digest(bytes))]),
    }
}

fn checksums(entry: &ForeignEntry) -> (&str, &str) {
    entry.checksum.as_deref().and_then(|both| both.split_once(BETWEEN)).unwrap_or_default()
}
