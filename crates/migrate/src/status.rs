//! Compares files with history, migration by migration; pure. What to do about it is `plan`'s.

use serde::{Deserialize, Serialize};

use crate::checksum;
use crate::history::{History, Record};
use crate::source::{Migration, MigrationSet};
use crate::split::split;

/// Files and database, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// How the two stand to each other.
    pub overall: Overall,
    /// Every migration that the files or the database know, in order.
    pub migrations: Vec<MigrationStatus>,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<Note>,
}

/// How files and database stand to each other. Files without any migration are an error and never get here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// The database has exactly what the files say.
    Current,
    /// The database has no history at all.
    Untouched,
    /// The database lacks migrations of the files.
    Behind,
    /// The database has what the files don't: migrations missing, changed, applied out of order, or half taken back.
    Diverged,
}

/// One migration, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationStatus {
    /// The version.
    pub version: String,
    /// The name, as far as it is known.
    pub name: String,
    /// Where it stands.
    pub state: MigrationState,
    /// When it was applied in UTC, where the ledger knows.
    pub applied_at: Option<String>,
}

/// Where a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationState {
    /// In the files and in the database.
    Applied,
    /// In the files only.
    Pending,
    /// In the database only.
    Missing,
    /// Applied, and edited afterwards.
    Changed,
    /// In the files only, before one that is applied.
    OutOfOrder,
    /// Begun and not finished.
    Interrupted,
    /// Half taken back: the first statements of its down script are done.
    Reverting,
}

/// Something worth knowing about a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum Note {
    /// The file was edited without changing what it means.
    Cosmetic {
        /// The version.
        version: String,
    },
    /// It was applied by another tool, so that nobody knows what the file said then.
    NoChecksum {
        /// The version.
        version: String,
    },
    /// The ledger knows it as applied, and another tool took it back since.
    TakenBack {
        /// The version.
        version: String,
    },
}

/// Compares the files with the history of a database.
#[must_use]
pub fn status(set: &MigrationSet, history: &History) -> Status {
    // Applied migrations count whether or not their files are still there: a late one is late all the same.
    let newest = history.applied.iter().map(|version| set.position(version)).max();
    let mut notes = Vec::new();
    let mut migrations: Vec<MigrationStatus> = set
        .migrations
        .iter()
        .map(|migration| {
            let record = history.record(&migration.version);
            let state = if history.reverting(&migration.version).is_some() {
                MigrationState::Reverting
            } else if history.applied.contains(&migration.version) {
                compare(history, migration, record, &mut notes)
            } else if history.interrupted(&migration.version).is_some() {
                MigrationState::Interrupted
            } else {
                if record.is_some() {
                    notes.push(Note::TakenBack { version: migration.version.clone() });
                }
                let late = newest.as_ref().is_some_and(|newest| set.position(&migration.version) < *newest);
                if late { MigrationState::OutOfOrder } else { MigrationState::Pending }
            };
            let applied = matches!(state, MigrationState::Applied | MigrationState::Changed);
            let applied_at = record.filter(|_| applied).map(|record| record.applied_at.clone());
            MigrationStatus { version: migration.version.clone(), name: migration.name.clone(), state, applied_at }
        })
        .collect();
    migrations.extend(without_file(set, history));
    migrations.sort_by_cached_key(|each| set.position(&each.version));
    Status { overall: overall(history, &migrations), migrations, notes }
}

fn compare(history: &History, migration: &Migration, record: Option<&Record>, notes: &mut Vec<Note>) -> MigrationState {
    let version = migration.version.clone();
    match record {
        None => notes.push(Note::NoChecksum { version }),
        Some(record) if record.checksum_raw == migration.checksum => {}
        Some(record) => {
            let statements = split(history.engine, &migration.file, &migration.sql);
            // A file that cannot be read as SQL any more is certainly not what was applied.
            if !statements.is_ok_and(|statements| checksum::lexical(&statements) == record.checksum_lexical) {
                return MigrationState::Changed;
            }
            notes.push(Note::Cosmetic { version });
        }
    }
    MigrationState::Applied
}

/// What the database has and the files lack; migrations that were begun and have no file are among them.
fn without_file(set: &MigrationSet, history: &History) -> Vec<MigrationStatus> {
    let begun = history.records.iter().filter(|record| history.interrupted(&record.version).is_some());
    let versions = history.applied.iter().chain(begun.map(|record| &record.version));
    versions
        .filter(|version| set.get(version).is_none())
        .map(|version| {
            let record = history.record(version);
            MigrationStatus {
                version: version.clone(),
                name: record.map_or_else(|| version.clone(), |record| record.name.clone()),
                state: MigrationState::Missing,
                applied_at: record.map(|record| record.applied_at.clone()),
            }
        })
        .collect()
}

fn overall(history: &History, migrations: &[MigrationStatus]) -> Overall {
    let any = |states: &[MigrationState]| migrations.iter().any(|migration| states.contains(&migration.state));
    if any(&[MigrationState::Missing, MigrationState::Changed, MigrationState::OutOfOrder, MigrationState::Reverting]) {
        Overall::Diverged
    } else if history.applied.is_empty() && history.records.is_empty() {
        Overall::Untouched
    } else if any(&[MigrationState::Pending, MigrationState::Interrupted]) {
        Overall::Behind
    } else {
        Overall::Current
    }
}
