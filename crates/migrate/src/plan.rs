//! Decides what would be applied and what stands against it; pure, the same input gives the same bytes. Doing it is `apply`'s.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use plimsoll_core::Location;
use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use crate::checksum;
use crate::classify;
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::extensions;
use crate::history::History;
use crate::source::{Down, Layout, Migration, MigrationKind, MigrationSet};
use crate::split::split;
use crate::squash;
use crate::status::{MigrationState, MigrationStatus, Note, Overall, Status, known_versions, status};

/// How many lines of a difference an error shows.
const LONGEST_DIFF: usize = 40;

/// What may be done that is refused by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Apply migrations that come before ones already applied, as after merging an older branch.
    pub allow_out_of_order: bool,
}

/// What an apply would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigratePlan {
    /// The engine it was made for.
    pub engine: Engine,
    /// How the files are kept.
    pub layout: Layout,
    /// How files and database stand to each other.
    pub overall: Overall,
    /// How many migrations the database has.
    pub applied: usize,
    /// What would be applied, in order.
    pub steps: Vec<MigrateStep>,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<Note>,
}

/// One migration to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrateStep {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// Whether it is applied once, or again whenever it changes.
    #[serde(default)]
    pub kind: MigrationKind,
    /// The file, with forward slashes.
    pub file: String,
    /// The SHA-256 of the file's bytes, so that only what was planned is applied.
    pub checksum: String,
    /// How many statements it has.
    pub statements: usize,
    /// Whether it is applied as a whole or not at all.
    pub transactional: bool,
    /// Whether it has a down script.
    pub reversible: bool,
    /// Whether it comes before one that is applied already.
    pub out_of_order: bool,
    /// How many statements an interrupted run has applied, when it is to be continued.
    pub resume_from: Option<usize>,
}

/// Makes the plan.
///
/// # Errors
/// All [`Problem`]s at once: applied migrations missing or changed, pending ones out of order, unreadable, or creating an
/// extension that the server does not have.
pub fn plan(set: &MigrationSet, history: &History, options: &PlanOptions) -> Result<MigratePlan, MigrateError> {
    let Status { overall, migrations, mut notes } = status(set, history);
    // They are worth knowing when looking at the folder, not whenever something is deployed.
    notes.retain(|note| !matches!(note, Note::Stray { .. }));
    let known = known_versions(set, history);
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    let mut steps = Vec::new();
    for migration in &migrations {
        let file = known.get(migration.version.as_str()).copied();
        problems.extend(stands_against(file, history, migration, *options));
        if let Some(file) = file.filter(|_| migration.state.is_to_apply()) {
            match step(history, file, migration) {
                Ok(step) => steps.push(step),
                Err(problem) => problems.push(problem),
            }
            if let Some(extensions) = &history.extensions {
                let (missing, warnings) = extensions::judge(history.engine, file, extensions, &mut told);
                problems.extend(missing);
                notes.extend(warnings);
            }
        }
    }
    if !problems.is_empty() {
        return Err(MigrateError::of(problems));
    }
    Ok(MigratePlan {
        engine: history.engine,
        layout: set.layout,
        overall,
        applied: history.applied.len(),
        steps,
        notes,
    })
}

fn stands_against(
    file: Option<&Migration>,
    history: &History,
    migration: &MigrationStatus,
    options: PlanOptions,
) -> Option<Problem> {
    let MigrationStatus { version, name, state, edit, .. } = migration;
    let baseline = file;
    let path = file.map(|migration| migration.file.as_path()).unwrap_or_else(|| Path::new(""));
    let file = path.display();
    let (kind, message) = match state {
        MigrationState::Applied | MigrationState::Pending | MigrationState::Interrupted | MigrationState::Outdated => {
            return None;
        }
        MigrationState::OutOfOrder if options.allow_out_of_order => return None,
        MigrationState::OutOfOrder => {
            (ProblemKind::OutOfOrder, format!("`{file}` is not applied, but comes before migrations that are"))
        }
        MigrationState::HalfReplaced => {
            let lacking = squash::lacking(history, baseline);
            let message = format!(
                "`{file}` replaces migrations of which the database has some and lacks {lacking}: apply these from the sources before it"
            );
            (ProblemKind::HalfReplaced, message)
        }
        MigrationState::Changed => {
            let message = format!("`{file}` was edited after it had been applied");
            let Some(edit) = edit else { return Some(Problem::new(ProblemKind::Changed, message)) };
            let location = Location { file: path.to_owned(), line: edit.line, column: 1 };
            let message = format!("{message}\n{}", shortened(&edit.diff));
            return Some(Problem::new(ProblemKind::Changed, message).at(location));
        }
        MigrationState::Reverting => {
            let (done, of) =
                history.reverting(version).map_or((0, 0), |record| (record.statements_done, record.statements));
            let message = format!(
                "migration `{name}` is half taken back, {done} of the {of} statements of its down script: `migrate down` goes on"
            );
            (ProblemKind::Unfinished, message)
        }
        MigrationState::Missing if history.interrupted(version).is_some() => {
            (ProblemKind::Missing, format!("migration `{name}` was begun in the database, and its file is gone"))
        }
        MigrationState::Missing => {
            (ProblemKind::Missing, format!("migration `{name}` is applied in the database, and its file is gone"))
        }
    };
    Some(Problem::new(kind, message))
}

/// The first lines of a difference: the rest is in `status`.
fn shortened(diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().collect();
    match lines.len().checked_sub(LONGEST_DIFF) {
        None | Some(0) => diff.to_owned(),
        Some(more) => format!("{}\n.. and {more} more lines", lines[..LONGEST_DIFF].join("\n")),
    }
}

fn step(history: &History, migration: &Migration, status: &MigrationStatus) -> Result<MigrateStep, Problem> {
    let version = status.version.as_str();
    let statements = split(history.engine, &migration.file, &migration.sql)?;
    let transactional = classify::transactional(history.engine, migration, &statements);
    if transactional {
        classify::check_no_own_transaction(history.engine, migration, &statements)?;
    }
    let resume_from = history.interrupted(version).map(|record| record.statements_done);
    if let (Some(done), Some(record)) = (resume_from, history.record(version)) {
        let kept = statements.get(..done).map(checksum::lexical);
        if kept.as_ref() != Some(&record.checksum_lexical) {
            let message = format!(
                "the first {done} statements of `{}` are applied and were edited since: restore them, what comes after may change",
                migration.file.display()
            );
            return Err(Problem::new(ProblemKind::Changed, message));
        }
    }
    Ok(MigrateStep {
        version: version.to_owned(),
        name: migration.name.clone(),
        kind: migration.kind,
        file: migration.file.display().to_string().replace('\\', "/"),
        checksum: migration.checksum.clone(),
        statements: statements.len(),
        // A part of it is there already: from now on it can only be continued.
        transactional: transactional && resume_from.is_none_or(|done| done == 0),
        reversible: migration.down.as_ref().is_some_and(Down::is_written),
        out_of_order: status.state == MigrationState::OutOfOrder,
        resume_from,
    })
}

/// What a step says of its script, whichever way it goes. Only what differs from the rule is said: a migration in a
/// transaction that cannot be reverted is the common case.
pub(crate) fn write_script(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    statements: usize,
    transactional: bool,
    resume_from: Option<usize>,
) -> fmt::Result {
    write!(f, "{name}  {statements} {}", if statements == 1 { "statement" } else { "statements" })?;
    if !transactional {
        f.write_str(", one by one")?;
    }
    match resume_from {
        Some(0) => f.write_str(", begins again"),
        Some(done) => write!(f, ", continues after {done}"),
        None => Ok(()),
    }
}

impl fmt::Display for MigratePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, applied, steps, .. } = self;
        match self.overall {
            Overall::Untouched => {
                writeln!(f, "migrations on {engine}: {} to apply, the database has no history", steps.len())?
            }
            _ if steps.is_empty() => writeln!(f, "migrations on {engine}: nothing to apply, {applied} applied")?,
            _ => writeln!(f, "migrations on {engine}: {} to apply, {applied} applied", steps.len())?,
        }
        for step in steps {
            writeln!(f, "  + {step}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for MigrateStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_script(f, &self.name, self.statements, self.transactional, self.resume_from)?;
        if self.out_of_order {
            f.write_str(", out of order")?;
        }
        if self.kind == MigrationKind::Repeatable {
            f.write_str(", repeatable")?;
        }
        f.write_str(if self.reversible { ", reversible" } else { "" })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cosmetic { version } => write!(f, "{version} was edited without changing what it means"),
            Self::NoChecksum { version } => {
                write!(f, "{version} was applied by another tool, its file cannot be compared")
            }
            Self::TakenBack { version } => write!(f, "{version} was taken back by another tool"),
            Self::RepeatableGone { version } => {
                write!(f, "{version} was applied and its file is gone: what it made is still in the database")
            }
            Self::Stray { file } => write!(f, "`{file}` is no migration and is left alone"),
            Self::NotAllowed { version, extension, role, trusted: false } => write!(
                f,
                "{version} creates the extension `{extension}`, which takes a superuser, and `{role}` is none: some hosting services allow it all the same"
            ),
            Self::NotAllowed { version, extension, role, trusted: true } => write!(
                f,
                "{version} creates the extension `{extension}`, and `{role}` has no CREATE privilege on this database"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
