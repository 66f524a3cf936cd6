//! Folds migrations into one that makes the same, and proves that it does before any file is touched. How databases that have
//! the old ones are told is `baseline`'s.

mod baseline;
mod files;
mod rows;
mod show;

use std::path::PathBuf;

use plimsoll_core::db::{DatabaseUrl, DbError, Engine};
use plimsoll_core::{Coded, ErrorCode};
use serde::{Deserialize, Serialize};

use crate::checksum;
use crate::error::MigrateError;
use crate::replay::{ReplayError, Replayed, ScratchPlace, replay};
use crate::schema::{Described, ObjectKind, compare, ddl_around_rows};
use crate::source::{Migration, MigrationKind, MigrationSet};

pub use baseline::Replaced;
pub(crate) use baseline::{lacking, replaced_by, replaces, state};
pub use rows::TableRows;

/// What to fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquashOptions {
    /// The last migration that is folded, by version or name.
    pub to: String,
    /// What the baseline is called; Prisma's folders keep the name of the last one, which is their version.
    pub name: String,
}

/// A baseline that was proven, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Squash {
    /// The engine.
    pub engine: Engine,
    /// The version of the baseline: that of the last migration it replaces.
    pub version: String,
    /// The file that is written.
    pub file: PathBuf,
    /// The files and folders that are removed.
    pub removes: Vec<PathBuf>,
    /// What it replaces, in order.
    pub replaces: Vec<Replaced>,
    /// What was compared.
    pub certificate: Certificate,
    /// The text of the file.
    pub sql: String,
}

/// What is equal after the old migrations and after the baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The SHA-256 of the schema.
    pub schema: String,
    /// How many objects the schema has, by kind.
    pub objects: Vec<(ObjectKind, usize)>,
    /// The rows, table by table; tables without rows are among them.
    pub tables: Vec<TableRows>,
}

/// Why migrations were not folded. No file was changed.
#[derive(Debug, thiserror::Error)]
pub enum SquashError {
    /// They cannot be.
    #[error("{message}")]
    Refused {
        /// What stands against it.
        message: String,
    },
    /// The baseline does not make the same.
    #[error("the baseline does not make what the {count} migrations make:{}", listed(differences))]
    Differs {
        /// How many migrations.
        count: usize,
        /// The differences of schema and rows, in sentences.
        differences: Vec<String>,
    },
    /// A file or folder stands in the way.
    #[error("cannot write `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A scratch database refused to be read.
    #[error("cannot read the scratch database")]
    Read(#[source] DbError),
}

/// Folds migrations into a baseline and proves it. Nothing stays changed: [`write()`] does that.
///
/// # Errors
/// [`MigrateError::Squash`], and those of [`replay`].
pub fn squash(
    set: &MigrationSet,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    options: &SquashOptions,
) -> Result<Squash, MigrateError> {
    let (squash, stage) = proven(set, real, place, options, |sql| sql)?;
    drop(stage);
    Ok(squash)
}

/// As [`squash`], and puts the baseline into the folder in place of the migrations that it replaces. The new folder is made
/// beside the old one, proven, and takes its place; until then all old files are there.
///
/// # Errors
/// As [`squash`].
pub fn write(
    set: &MigrationSet,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    options: &SquashOptions,
) -> Result<Squash, MigrateError> {
    let (squash, stage) = proven(set, real, place, options, |sql| sql)?;
    stage.take_the_place()?;
    Ok(squash)
}

/// As [`squash`], with the text of the baseline edited before it is proven: what a test of the proof needs.
///
/// # Errors
/// As [`squash`].
#[doc(hidden)]
pub fn squash_edited(
    set: &MigrationSet,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    options: &SquashOptions,
    edit: impl FnOnce(String) -> String,
) -> Result<Squash, MigrateError> {
    let (squash, stage) = proven(set, real, place, options, edit)?;
    drop(stage);
    Ok(squash)
}

fn proven(
    set: &MigrationSet,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    options: &SquashOptions,
    edit: impl FnOnce(String) -> String,
) -> Result<(Squash, files::Stage), MigrateError> {
    let folded = folded(set, &options.to)?;
    let versions: Vec<String> = folded.iter().map(|migration| migration.version.clone()).collect();
    let last = folded[folded.len() - 1];
    let file = files::baseline(set, last, &options.name)?;
    let replaces = replaced(real.engine(), &folded)?;
    let made = replay(set, &versions, real, place)?;
    let nothing = replay(set, &[], real, place)?;
    let (sql, tables) = text(&made, nothing)?;
    let sql = edit(baseline::text(set.layout, real.engine(), &replaces, &sql));
    let removes = files::removed(set, &folded);
    let stage = files::stage(set, &removes, &file, &sql)?;
    let certificate = certify(&stage, &last.version, real, place, &made, tables, versions.len())?;
    let squash =
        Squash { engine: real.engine(), version: last.version.clone(), file, removes, replaces, certificate, sql };
    Ok((squash, stage))
}

/// The migrations that are folded, in order.
fn folded<'a>(set: &'a MigrationSet, to: &str) -> Result<Vec<&'a Migration>, SquashError> {
    let versioned: Vec<&Migration> =
        set.migrations.iter().filter(|migration| migration.kind == MigrationKind::Versioned).collect();
    let is_meant = |migration: &&Migration| {
        migration.version == to || migration.name == to || migration.version == to.replace('-', "")
    };
    let Some(last) = versioned.iter().position(is_meant) else {
        return Err(refused(format!("there is no migration `{to}` to fold up to")));
    };
    if last == 0 {
        return Err(refused(format!("`{to}` is the first migration: there is nothing to fold")));
    }
    Ok(versioned[..=last].to_vec())
}

/// What the baseline replaces. Baselines among them stand for what they replaced.
fn replaced(engine: Engine, folded: &[&Migration]) -> Result<Vec<Replaced>, MigrateError> {
    let mut all: Vec<Replaced> = Vec::new();
    for migration in folded {
        let before = baseline::replaced_by(&migration.sql);
        all.extend(before.into_iter().map(|old| Replaced { before: true, ..old }));
        all.push(Replaced {
            version: migration.version.clone(),
            name: migration.name.clone(),
            checksum_lexical: checksum::checksums(engine, migration)?.lexical,
            before: false,
        });
    }
    Ok(all)
}

/// The statements that make what was made: the tables, their rows, and what looks at rows.
fn text(made: &Replayed, nothing: Replayed) -> Result<(rows::Statements, Vec<TableRows>), MigrateError> {
    let mut db = made.scratch.connect().map_err(ReplayError::Unusable)?;
    let to = Described::read(db.as_mut(), made.schema.clone()).map_err(SquashError::Read)?;
    let mut empty = nothing.scratch.connect().map_err(ReplayError::Unusable)?;
    let from = Described::read(empty.as_mut(), nothing.schema).map_err(SquashError::Read)?;
    let (first, then) = ddl_around_rows(&from, &to);
    if !first.cannot.is_empty() {
        let reasons: Vec<String> =
            first.cannot.iter().map(|cannot| format!("{}: {}", cannot.key, cannot.why)).collect();
        return Err(refused(format!("not everything can be written as SQL:{}", listed(&reasons))).into());
    }
    let (inserts, tables) = rows::read(db.as_mut(), &made.schema).map_err(SquashError::Read)?;
    let counters = rows::counters(db.as_mut(), &made.schema).map_err(SquashError::Read)?;
    let mut statements = rows::Statements::default();
    statements.0.extend(first.steps.into_iter().map(|step| step.sql));
    statements.0.extend(inserts);
    statements.0.extend(counters);
    statements.0.extend(then.steps.into_iter().map(|step| step.sql));
    Ok((statements, tables))
}

/// Replays the baseline from the folder that it was written to, and compares.
fn certify(
    stage: &files::Stage,
    version: &str,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    made: &Replayed,
    tables: Vec<TableRows>,
    count: usize,
) -> Result<Certificate, MigrateError> {
    let set = MigrationSet::load(stage.path())?;
    let again = replay(&set, &[version.to_owned()], real, place)?;
    let mut differences: Vec<String> = compare(&again.schema, &made.schema).iter().map(ToString::to_string).collect();
    let mut db = again.scratch.connect().map_err(ReplayError::Unusable)?;
    let (_, rows) = rows::read(db.as_mut(), &again.schema).map_err(SquashError::Read)?;
    for table in &tables {
        let now = rows.iter().find(|now| now.table == table.table);
        if now != Some(table) {
            let count = now.map_or(0, |now| now.rows);
            differences
                .push(format!("rows of `{}`: {count} that are not the {} they should be", table.table, table.rows));
        }
    }
    let mut db_made = made.scratch.connect().map_err(ReplayError::Unusable)?;
    let before = rows::counters(db_made.as_mut(), &made.schema).map_err(SquashError::Read)?;
    let after = rows::counters(db.as_mut(), &again.schema).map_err(SquashError::Read)?;
    differences
        .extend(before.iter().filter(|line| !after.contains(line)).map(|line| format!("a counter: no `{line}`")));
    if !differences.is_empty() {
        return Err(SquashError::Differs { count, differences }.into());
    }
    let mut objects: Vec<(ObjectKind, usize)> = Vec::new();
    for key in made.schema.objects.keys() {
        match objects.last_mut().filter(|(kind, _)| *kind == key.kind) {
            Some((_, count)) => *count += 1,
            None => objects.push((key.kind, 1)),
        }
    }
    Ok(Certificate { schema: made.schema.fingerprint(), objects, tables })
}

pub(crate) fn refused(message: String) -> SquashError {
    SquashError::Refused { message }
}

fn listed(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n  {line}")).collect()
}

impl From<SquashError> for MigrateError {
    fn from(error: SquashError) -> Self {
        Self::Squash(Box::new(error))
    }
}

impl Coded for SquashError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { .. } => ErrorCode::SquashRefused,
            Self::Differs { .. } => ErrorCode::SquashDiffers,
            Self::File { .. } => ErrorCode::FileUnwritable,
            Self::Read(_) => ErrorCode::CannotReplay,
        }
    }
}
