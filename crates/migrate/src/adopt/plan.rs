//! Compares files with another tool's history and decides what is adopted; pure. Doing it is `apply`'s.

use std::fmt;

use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use super::{Compared, Evidence, ForeignEntry, ForeignHistory, ForeignState, Rules, Tool};
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::history::{History, RecordState};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::split::split;
use crate::status::known_as;

/// What adopting would record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptPlan {
    /// The engine it was made for.
    pub engine: Engine,
    /// The tool.
    pub tool: Tool,
    /// Its table.
    pub table: String,
    /// Every migration of the files, in order.
    pub migrations: Vec<Adoption>,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<AdoptNote>,
}

/// One migration of the files, compared with what the tool recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// The version under which the database knows it, or will.
    pub version: String,
    /// The name.
    pub name: String,
    /// The file, with forward slashes.
    pub file: String,
    /// The SHA-256 of the file's bytes, so that only what was compared is recorded.
    pub checksum: String,
    /// How many statements it has.
    pub statements: usize,
    /// How the comparison went.
    pub state: AdoptState,
    /// Whether the ledger has it already.
    pub recorded: bool,
    /// When the tool applied it, as far as it knows.
    pub applied_at: Option<String>,
}

/// How a migration compares with another tool's history. What cannot be adopted is no state, but a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptState {
    /// Applied, and the checksum proves that the file is what was applied.
    Matched,
    /// As matched, once lines end the other way.
    MatchedNewlines,
    /// Applied, and recorded without a checksum.
    MatchedWithoutChecksum,
    /// Not recorded by itself: a later migration, or a baseline, says that it is applied.
    Inferred,
    /// Not applied.
    Pending,
}

/// Something worth knowing about what is adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "kebab-case")]
pub enum AdoptNote {
    /// The tool recorded no checksums, so that nobody knows what the files said when they were applied.
    NoChecksums {
        /// How many migrations that concerns.
        migrations: usize,
    },
    /// Migrations are taken to be applied because a later one is.
    Inferred {
        /// How many.
        migrations: usize,
    },
    /// Lines end in another way than when it was applied.
    Newlines {
        /// The version.
        version: String,
    },
    /// A repeatable script was edited since: it will run again.
    RunsAgain {
        /// The version.
        version: String,
    },
    /// The tool took it back, or gave it up.
    RolledBack {
        /// What the tool calls it.
        key: String,
    },
}

/// Makes the plan.
///
/// # Errors
/// All [`Problem`]s at once: files edited since, entries without a file, migrations that failed or were interrupted.
pub fn plan(
    set: &MigrationSet,
    history: &History,
    foreign: &ForeignHistory,
    evidence: &Evidence,
) -> Result<AdoptPlan, MigrateError> {
    let rules = foreign.tool.rules();
    let entries: Vec<&ForeignEntry> =
        foreign.entries.iter().filter(|entry| (rules.concerns)(entry, evidence)).collect();
    let mut problems: Vec<Problem> = entries.iter().filter_map(|entry| unfinished(foreign, &rules, entry)).collect();
    let mut notes = Vec::new();
    let mut migrations = Vec::new();
    for migration in &set.migrations {
        let entry = entries.iter().rev().find(|entry| counts(entry) && (rules.is)(entry, migration, evidence));
        let covering = || entries.iter().find(|entry| (rules.covers)(entry, migration));
        let (state, entry) = match (entry, covering()) {
            (Some(entry), _) => match (rules.compare)(entry, migration, evidence) {
                Compared::Equal => (AdoptState::Matched, Some(entry)),
                Compared::EqualLines => {
                    notes.push(AdoptNote::Newlines { version: migration.version.clone() });
                    (AdoptState::MatchedNewlines, Some(entry))
                }
                Compared::NoChecksum => (AdoptState::MatchedWithoutChecksum, Some(entry)),
                Compared::Different { .. } if migration.kind == MigrationKind::Repeatable => {
                    notes.push(AdoptNote::RunsAgain { version: migration.version.clone() });
                    (AdoptState::Pending, None)
                }
                Compared::Different { recorded, computed } => {
                    problems.push(changed(foreign, migration, &recorded, &computed));
                    continue;
                }
            },
            (None, Some(entry)) => (AdoptState::Inferred, Some(entry)),
            (None, None) => (AdoptState::Pending, None),
        };
        match adoption(set, history, migration, state, entry.copied()) {
            Ok(adoption) => migrations.push(adoption),
            Err(problem) => problems.push(problem),
        }
    }
    let has_file = |entry: &ForeignEntry| set.migrations.iter().any(|migration| (rules.is)(entry, migration, evidence));
    problems.extend(
        entries
            .iter()
            .filter(|entry| entry.state == ForeignState::Applied && !has_file(entry))
            .map(|entry| missing(foreign, entry)),
    );
    if !problems.is_empty() {
        return Err(MigrateError::of(problems));
    }
    let rolled_back = entries.iter().filter(|entry| entry.state == ForeignState::RolledBack);
    notes.extend(rolled_back.map(|entry| AdoptNote::RolledBack { key: entry.key.clone() }));
    let count = |state| migrations.iter().filter(|each: &&Adoption| each.state == state && !each.recorded).count();
    notes.extend(
        Some(count(AdoptState::Inferred)).filter(|it| *it > 0).map(|migrations| AdoptNote::Inferred { migrations }),
    );
    let unproven = count(AdoptState::MatchedWithoutChecksum);
    notes.extend(Some(unproven).filter(|it| *it > 0).map(|migrations| AdoptNote::NoChecksums { migrations }));
    Ok(AdoptPlan { engine: history.engine, tool: foreign.tool, table: foreign.table.clone(), migrations, notes })
}

impl AdoptPlan {
    /// What would be written: applied according to the tool, and not in the ledger.
    pub fn to_record(&self) -> impl Iterator<Item = &Adoption> {
        self.migrations.iter().filter(|each| each.state != AdoptState::Pending && !each.recorded)
    }

    /// How many migrations the tool has not applied.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.migrations.iter().filter(|each| each.state == AdoptState::Pending).count()
    }

    /// How many migrations the ledger has already.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.migrations.iter().filter(|each| each.recorded).count()
    }
}

/// Whether an entry can say that its migration is applied.
fn counts(entry: &ForeignEntry) -> bool {
    match entry.state {
        ForeignState::Applied => true,
        ForeignState::Failed | ForeignState::RolledBack | ForeignState::Baseline | ForeignState::Dirty => false,
    }
}

fn adoption(
    set: &MigrationSet,
    history: &History,
    migration: &Migration,
    state: AdoptState,
    entry: Option<&ForeignEntry>,
) -> Result<Adoption, Problem> {
    let version = known_as(set, history, migration);
    let begun = match (history.interrupted(version), history.reverting(version)) {
        (None, None) => None,
        (Some(_), _) => Some(
            "Plimsoll has begun it as well: look at what is in the database, then delete its row of the ledger's table of migrations",
        ),
        (None, Some(_)) => Some("Plimsoll has taken half of it back: `migrate down` goes on"),
    };
    if let Some(begun) = begun.filter(|_| state != AdoptState::Pending) {
        let message = format!("migration `{}` is applied according to the other tool, and {begun}", migration.name);
        return Err(Problem::new(ProblemKind::ForeignUnfinished, message));
    }
    let statements = split(history.engine, &migration.file, &migration.sql)?;
    let in_ledger = history.record(version).is_some_and(|record| record.state == RecordState::Applied);
    Ok(Adoption {
        version: version.to_owned(),
        name: migration.name.clone(),
        file: migration.file.display().to_string().replace('\\', "/"),
        checksum: migration.checksum.clone(),
        statements: statements.len(),
        state,
        recorded: in_ledger && (migration.kind == MigrationKind::Repeatable || history.applied.contains(version)),
        applied_at: entry.and_then(|entry| entry.applied_at.clone()),
    })
}

fn unfinished(foreign: &ForeignHistory, rules: &Rules, entry: &ForeignEntry) -> Option<Problem> {
    let ForeignHistory { tool, table, .. } = foreign;
    let how = match entry.state {
        ForeignState::Applied | ForeignState::RolledBack | ForeignState::Baseline => return None,
        ForeignState::Failed => "failed",
        ForeignState::Dirty => "was interrupted (dirty)",
    };
    let mend = rules.mend.replace("{key}", &entry.key);
    let message = format!("migration `{}` {how} under {tool}, as `{table}` says: {mend}", entry.key);
    Some(Problem::new(ProblemKind::ForeignUnfinished, message))
}

fn changed(foreign: &ForeignHistory, migration: &Migration, recorded: &str, computed: &str) -> Problem {
    let ForeignHistory { tool, table, .. } = foreign;
    let file = migration.file.display();
    let message = format!(
        "`{file}` is not what {tool} applied: `{table}` has the checksum {recorded}, now it is {computed}; restore what was applied"
    );
    Problem::new(ProblemKind::ForeignChanged, message)
}

fn missing(foreign: &ForeignHistory, entry: &ForeignEntry) -> Problem {
    let ForeignHistory { tool, table, .. } = foreign;
    let known = if entry.name == entry.key { String::new() } else { format!(" ({})", entry.name) };
    let message = format!("`{}`{known} is applied by {tool} according to `{table}`, and has no file", entry.key);
    Problem::new(ProblemKind::Missing, message)
}

impl fmt::Display for AdoptPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, tool, table, .. } = self;
        let (to_record, recorded, pending) = (self.to_record().count(), self.recorded(), self.pending());
        write!(f, "adopt from {tool} (`{table}`) on {engine}: {to_record} to record")?;
        if recorded > 0 {
            write!(f, ", {recorded} recorded already")?;
        }
        writeln!(f, "{}", if pending > 0 { format!(", {pending} pending") } else { String::new() })?;
        for each in &self.migrations {
            writeln!(f, "  {each}")?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Adoption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, said) = match self.state {
            AdoptState::Matched => ('=', "checksum equal"),
            AdoptState::MatchedNewlines => ('=', "checksum equal but for line ends"),
            AdoptState::MatchedWithoutChecksum => ('=', "no checksum"),
            AdoptState::Inferred => ('=', "inferred"),
            AdoptState::Pending => ('+', "pending"),
        };
        write!(f, "{sign} {}  {said}", self.name)?;
        if self.recorded {
            f.write_str(", recorded already")?;
        }
        self.applied_at.as_ref().map_or(Ok(()), |at| write!(f, ", applied {at}"))
    }
}

impl fmt::Display for AdoptNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChecksums { migrations: 1 } => {
                f.write_str("1 migration was recorded without a checksum, it is taken to be what its file says")
            }
            Self::NoChecksums { migrations } => {
                write!(
                    f,
                    "{migrations} migrations were recorded without a checksum, they are taken to be what their files say"
                )
            }
            Self::Inferred { migrations: 1 } => {
                f.write_str("1 migration is taken to be applied because it comes before one that is")
            }
            Self::Inferred { migrations } => {
                write!(f, "{migrations} migrations are taken to be applied because they come before one that is")
            }
            Self::Newlines { version } => write!(f, "the lines of {version} ended in another way when it was applied"),
            Self::RunsAgain { version } => write!(f, "{version} was edited since it ran, and will run again"),
            Self::RolledBack { key } => write!(f, "{key} was taken back and does not count"),
        }
    }
}

#[cfg(test)]
mod tests;
