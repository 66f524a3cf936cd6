//! Compares files with history, migration by migration; pure. What to do about it is `plan`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checksum;
use crate::diff::{Edit, edit};
use crate::history::{History, Record, RecordState};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::split::split;
use crate::squash;

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
    /// How the file differs from what was applied, when it is changed or outdated and the applied text was kept.
    pub edit: Option<Edit>,
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
    /// Repeatable, and edited since it was last applied: it will be applied again.
    Outdated,
    /// Half taken back: the first statements of its down script are done.
    Reverting,
    /// A baseline, of whose migrations the database has some and lacks others.
    HalfReplaced,
}

impl MigrationState {
    /// Whether applying would run it.
    #[must_use]
    pub fn is_to_apply(self) -> bool {
        match self {
            Self::Pending | Self::OutOfOrder | Self::Interrupted | Self::Outdated => true,
            Self::Applied | Self::Missing | Self::Changed | Self::Reverting | Self::HalfReplaced => false,
        }
    }
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
    /// A repeatable migration was applied, and its file is gone. What it made is still in the database.
    RepeatableGone {
        /// The version.
        version: String,
    },
    /// A file in the folder that is no migration and is left alone.
    Stray {
        /// The file, with forward slashes.
        file: String,
    },
    /// It creates an extension, and by PostgreSQL's own rules this role may not.
    NotAllowed {
        /// The version.
        version: String,
        /// The extension.
        extension: String,
        /// The role of the connection.
        role: String,
        /// Whether the CREATE privilege on the database would be enough; otherwise it takes a superuser.
        trusted: bool,
    },
}

/// Compares the files with the history of a database.
#[must_use]
pub fn status(set: &MigrationSet, history: &History) -> Status {
    let known = known_versions(set, history);
    let positions = set.positions();
    let position = |version: &str| positions(known.get(version).map_or(version, |migration| &migration.version));
    // Applied migrations count whether or not their files are still there: a late one is late all the same.
    let newest = history.applied.iter().map(|version| position(version)).max();
    let mut notes = Vec::new();
    let mut migrations = Vec::new();
    for (version, migration) in &known {
        let record = history.record(version);
        let state = if migration.kind == MigrationKind::Repeatable {
            repeatable(history, migration, record, &mut notes)
        } else if let Some(state) = squash::state(history, migration) {
            state
        } else if history.reverting(version).is_some() {
            MigrationState::Reverting
        } else if history.applied.contains(*version) {
            compare(history, migration, record, version, &mut notes)
        } else if history.interrupted(version).is_some() {
            MigrationState::Interrupted
        } else {
            if record.is_some() {
                notes.push(Note::TakenBack { version: (*version).to_owned() });
            }
            let late = newest.as_ref().is_some_and(|newest| position(version) < *newest);
            if late { MigrationState::OutOfOrder } else { MigrationState::Pending }
        };
        let edited = matches!(state, MigrationState::Changed | MigrationState::Outdated);
        let there = edited || state == MigrationState::Applied;
        migrations.push(MigrationStatus {
            version: (*version).to_owned(),
            name: migration.name.clone(),
            state,
            applied_at: record.filter(|_| there).map(|record| record.applied_at.clone()),
            edit: record
                .filter(|_| edited)
                .and_then(|record| record.script.as_deref())
                .and_then(|script| edit(script, &migration.sql)),
        });
    }
    let without_file = without_file(&known, history);
    migrations.extend(without_file.into_iter().filter(|each| !squash::replaces(set, &each.version)));
    migrations.sort_by_cached_key(|each| position(&each.version));
    notes.extend(without_repeatable(&known, history));
    notes.extend(set.strays.iter().map(|stray| Note::Stray { file: stray.display().to_string().replace('\\', "/") }));
    Status { overall: overall(history, &migrations), migrations, notes }
}

/// The migrations of the set by the versions under which the database knows them.
pub(crate) fn known_versions<'a>(set: &'a MigrationSet, history: &History) -> BTreeMap<&'a str, &'a Migration> {
    set.migrations.iter().map(|migration| (known_as(set, history, migration), migration)).collect()
}

/// The version under which the database knows a migration: an earlier release may have written down another one. That is
/// taken for the migration which the ledger names with it; without a name, only when just one can be meant.
pub(crate) fn known_as<'a>(set: &'a MigrationSet, history: &History, migration: &'a Migration) -> &'a str {
    let is_known = |version: &str| history.applied.contains(version) || history.record(version).is_some();
    let version = migration.version.as_str();
    let alias = set.alias(migration).filter(|alias| !is_known(version) && is_known(alias));
    let meant = |alias: &&str| match history.record(alias) {
        Some(record) => record.name == migration.name && set.migrations.iter().all(|other| other.version != *alias),
        None => set.get(alias).is_some_and(|only| only.version == version),
    };
    alias.filter(meant).unwrap_or(version)
}

fn compare(
    history: &History,
    migration: &Migration,
    record: Option<&Record>,
    version: &str,
    notes: &mut Vec<Note>,
) -> MigrationState {
    let version = version.to_owned();
    match record {
        None => notes.push(Note::NoChecksum { version }),
        Some(record) if record.checksum_raw == migration.checksum => {}
        Some(record) if means_the_same(history, migration, record) => notes.push(Note::Cosmetic { version }),
        Some(_) => return MigrationState::Changed,
    }
    MigrationState::Applied
}

fn repeatable(
    history: &History,
    migration: &Migration,
    record: Option<&Record>,
    notes: &mut Vec<Note>,
) -> MigrationState {
    match record {
        None => MigrationState::Pending,
        Some(record) if record.state != RecordState::Applied => MigrationState::Interrupted,
        Some(record) if record.checksum_raw == migration.checksum => MigrationState::Applied,
        Some(record) if means_the_same(history, migration, record) => {
            notes.push(Note::Cosmetic { version: migration.version.clone() });
            MigrationState::Applied
        }
        Some(_) => MigrationState::Outdated,
    }
}

/// A file that cannot be read as SQL any more is certainly not what was applied.
fn means_the_same(history: &History, migration: &Migration, record: &Record) -> bool {
    split(history.engine, &migration.file, &migration.sql)
        .is_ok_and(|statements| checksum::lexical(&statements) == record.checksum_lexical)
}

/// What the database has and the files lack; migrations that were begun and have no file are among them.
fn without_file(known: &BTreeMap<&str, &Migration>, history: &History) -> Vec<MigrationStatus> {
    let begun = history.records.values().filter(|record| history.interrupted(&record.version).is_some());
    let versions = history.applied.iter().chain(begun.map(|record| &record.version));
    versions
        .filter(|version| !known.contains_key(version.as_str()))
        .map(|version| {
            let record = history.record(version);
            MigrationStatus {
                version: version.clone(),
                name: record.map_or_else(|| version.clone(), |record| record.name.clone()),
                state: MigrationState::Missing,
                applied_at: record.map(|record| record.applied_at.clone()),
                edit: None,
            }
        })
        .collect()
}

fn without_repeatable(known: &BTreeMap<&str, &Migration>, history: &History) -> Vec<Note> {
    let gone = |record: &&Record| {
        record.is_repeatable() && record.state == RecordState::Applied && !known.contains_key(record.version.as_str())
    };
    history
        .records
        .values()
        .filter(gone)
        .map(|record| Note::RepeatableGone { version: record.version.clone() })
        .collect()
}

fn overall(history: &History, migrations: &[MigrationStatus]) -> Overall {
    let any = |states: &[MigrationState]| migrations.iter().any(|migration| states.contains(&migration.state));
    if any(&[
        MigrationState::Missing,
        MigrationState::Changed,
        MigrationState::OutOfOrder,
        MigrationState::Reverting,
        MigrationState::HalfReplaced,
    ]) {
        Overall::Diverged
    } else if history.applied.is_empty() && history.records.is_empty() {
        Overall::Untouched
    } else if any(&[MigrationState::Pending, MigrationState::Interrupted, MigrationState::Outdated]) {
        Overall::Behind
    } else {
        Overall::Current
    }
}
