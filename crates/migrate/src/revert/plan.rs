//! Decides what would be taken back and what stands against it; pure, the same input gives the same bytes. Doing it is
//! `revert::apply`'s.

use std::fmt;

use plimsoll_core::db::Engine;
use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Serialize};

use super::loss::{self, Loss};
use super::order;
use crate::checksum;
use crate::classify;
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::history::History;
use crate::plan::write_script;
use crate::source::{Migration, MigrationSet};
use crate::split::{Statement, split};
use crate::status::{MigrationState, known_versions, status};
use crate::verify::{Declared, declared};

/// What to take back, and what may be lost by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertOptions {
    /// Which migrations.
    pub target: RevertTarget,
    /// Take back what loses rows, columns or tables, too.
    pub allow_lossy: bool,
}

/// Which migrations to take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevertTarget {
    /// The last applied ones, or all when there are fewer.
    Steps(usize),
    /// Everything that was applied after this one: a version or a name; `none` or `0` for all of them.
    To(String),
}

/// What taking back would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertPlan {
    /// The engine it was made for.
    pub engine: Engine,
    /// What was asked for.
    pub target: RevertTarget,
    /// Whether something may be lost.
    pub allow_lossy: bool,
    /// How many migrations the database has.
    pub applied: usize,
    /// What would be taken back, in order: the last applied first.
    pub steps: Vec<RevertStep>,
}

/// One migration to take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertStep {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// The file of the down script, with forward slashes.
    pub file: String,
    /// The SHA-256 of the down script's text, so that only what was planned is run.
    pub checksum: String,
    /// How many statements the down script has.
    pub statements: usize,
    /// Whether it is taken back as a whole or not at all.
    pub transactional: bool,
    /// What is lost; nothing when the migration is reversible.
    pub loses: Vec<Loss>,
    /// What the migration itself had dropped, and what comes back without its rows or values.
    pub comes_back_empty: Vec<Loss>,
    /// How many statements an interrupted run has done, when it is to be continued.
    pub resume_from: Option<usize>,
}

/// Makes the plan.
///
/// # Errors
/// All [`Problem`]s at once: a target that is not applied; migrations that are half applied or half taken back; among those to
/// take back, files that are gone or were edited, down scripts that are not there or unreadable, and what would be lost
/// without being allowed to.
pub fn plan(set: &MigrationSet, history: &History, options: &RevertOptions) -> Result<RevertPlan, MigrateError> {
    let mut problems = unfinished(history);
    let chosen = order::chosen(set, history, &options.target).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    problems.extend(half_kept(history, &chosen));
    let states = status(set, history).migrations;
    let known = known_versions(set, history);
    let mut steps = Vec::new();
    for version in &chosen {
        let state = states.iter().find(|each| each.version == *version).map(|each| each.state);
        match step(known.get(version.as_str()).copied(), history, version, state) {
            Ok(step) => {
                problems.extend(unless_allowed(&step, options));
                steps.push(step);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(MigrateError::of(problems));
    }
    let RevertOptions { target, allow_lossy } = options.clone();
    Ok(RevertPlan { engine: history.engine, target, allow_lossy, applied: history.applied.len(), steps })
}

/// The down script as a script of its own, with its statements.
pub(super) fn script(engine: Engine, migration: &Migration) -> Result<(Migration, Vec<Statement>), Problem> {
    let irreversible = |what: &str| {
        let message = format!("migration `{}` {what}: nobody wrote how to take it back", migration.name);
        Problem::new(ProblemKind::Irreversible, message)
    };
    let down = migration.down.as_ref().ok_or_else(|| irreversible("has no down script"))?;
    let statements = split(engine, &down.file, &down.sql)?;
    if let Some(Declared::Irreversible { reason }) = declared(&down.sql).filter(|_| statements.is_empty()) {
        let message = format!("migration `{}` is declared irreversible: {reason}", migration.name);
        return Err(Problem::new(ProblemKind::Irreversible, message.trim_end_matches([':', ' '])));
    }
    if statements.is_empty() {
        return Err(irreversible("has a down script without any statement"));
    }
    // `metadata.toml` is about both scripts, as with diesel; the comment in a file is about that file.
    let declared = match down.declared_transaction {
        Some(declared) => Some(declared),
        None if classify::asks_for_no_transaction(&migration.sql) => None,
        None => migration.declared_transaction,
    };
    let script = Migration {
        file: down.file.clone(),
        sql: down.sql.clone(),
        down: None,
        declared_transaction: declared,
        ..migration.clone()
    };
    Ok((script, statements))
}

fn step(
    migration: Option<&Migration>,
    history: &History,
    version: &str,
    state: Option<MigrationState>,
) -> Result<RevertStep, Problem> {
    let engine = history.engine;
    let Some(migration) = migration else {
        let name = history.record(version).map_or(version, |record| record.name.as_str());
        let message = format!("migration `{name}` is applied in the database, and its files are gone");
        return Err(Problem::new(ProblemKind::Missing, message));
    };
    if state == Some(MigrationState::Changed) {
        let message = format!(
            "`{}` was edited after it had been applied, so its down script need not fit the database",
            migration.file.display()
        );
        return Err(Problem::new(ProblemKind::Changed, message));
    }
    let (script, statements) = script(engine, migration)?;
    let transactional = classify::transactional(engine, &script, &statements);
    if transactional {
        classify::check_no_own_transaction(engine, &script, &statements)?;
    }
    let resumed = history.reverting(version);
    let done = resumed.map(|record| record.statements_done);
    if let (Some(done), Some(record)) = (done, resumed) {
        let kept = statements.get(..done).map(checksum::lexical);
        if kept.as_ref() != Some(&record.checksum_lexical) {
            let message = format!(
                "the first {done} statements of `{}` are done and were edited since: restore them, what comes after may change",
                script.file.display()
            );
            return Err(Problem::new(ProblemKind::Changed, message));
        }
    }
    // An up script that cannot be read any more tells nothing about what it had dropped.
    let up = split(engine, &migration.file, &migration.sql).unwrap_or_default();
    Ok(RevertStep {
        version: version.to_owned(),
        name: migration.name.clone(),
        file: script.file.display().to_string().replace('\\', "/"),
        checksum: sha256_hex(script.sql.as_bytes()),
        statements: statements.len(),
        transactional: transactional && done.is_none_or(|done| done == 0),
        loses: loss::lost(&up, &statements),
        comes_back_empty: loss::empty_again(&up, &statements),
        resume_from: done,
    })
}

/// A down script presumes that its migration is there, and so do those of the ones before it.
fn unfinished(history: &History) -> Vec<Problem> {
    let begun = history.records.values().filter(|record| history.interrupted(&record.version).is_some());
    begun
        .map(|record| {
            let message = format!(
                "migration `{}` is half applied, {} of its {} statements: `migrate up` finishes it",
                record.name, record.statements_done, record.statements
            );
            Problem::new(ProblemKind::Unfinished, message)
        })
        .collect()
}

fn half_kept(history: &History, chosen: &[String]) -> Vec<Problem> {
    let begun = history.records.values().filter(|record| history.reverting(&record.version).is_some());
    begun
        .filter(|record| !chosen.contains(&record.version))
        .map(|record| {
            let message = format!(
                "migration `{}` is half taken back, so that it cannot be kept: choose a target before it",
                record.name
            );
            Problem::new(ProblemKind::Unfinished, message)
        })
        .collect()
}

fn unless_allowed(step: &RevertStep, options: &RevertOptions) -> Option<Problem> {
    if options.allow_lossy || step.loses.is_empty() {
        return None;
    }
    let message = format!("taking back migration `{}` loses {}", step.name, loss::listed(&step.loses));
    Some(Problem::new(ProblemKind::Loses, message))
}

impl fmt::Display for RevertPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, applied, steps, .. } = self;
        match steps.len() {
            0 => writeln!(f, "migrations on {engine}: nothing to take back, {applied} applied")?,
            count => writeln!(f, "migrations on {engine}: {count} to take back, {applied} applied")?,
        }
        for step in steps {
            writeln!(f, "  - {step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RevertStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_script(f, &self.name, self.statements, self.transactional, self.resume_from)?;
        match self.loses.is_empty() {
            true => f.write_str(", reversible")?,
            false => write!(f, ", loses {}", loss::listed(&self.loses))?,
        }
        match self.comes_back_empty.is_empty() {
            true => Ok(()),
            false => write!(f, "; comes back empty: {}", loss::listed(&self.comes_back_empty)),
        }
    }
}

#[cfg(test)]
mod tests;
