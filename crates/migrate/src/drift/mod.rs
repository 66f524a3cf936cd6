//! Compares the schema of a database with what its migrations make of an empty one, and says how to bring the two together. A
//! database is never reset and nothing is written to it; that is left to people, with the SQL in hand.

mod findings;
mod prove;
mod show;

use plimsoll_core::db::{Access, DatabaseUrl, Engine, connect};
use serde::{Deserialize, Serialize};

use crate::error::{MigrateError, Problem, ProblemKind};
use crate::history::History;
use crate::replay::{self, ReplayError, ScratchPlace, replay};
use crate::revert::order;
use crate::schema::{self, Cannot, DdlStep, Described, Difference, ObjectKey};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::status::{MigrationState, known_versions, status};

pub use findings::{Finding, FindingKind};
pub(crate) use show::ended;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftReport {
    /// The engine.
    pub engine: Engine,
    /// How many applied migrations were replayed.
    pub migrations: usize,
    /// What differs, from the database as it is to the schema as the migrations make it.
    pub differences: Vec<Drift>,
    /// What is no difference and needs a look all the same.
    pub findings: Vec<Finding>,
    /// The way from the migrations to the database: for a new migration.
    pub adopt: Remedy,
    /// The way from the database back to the migrations: to be run in the database.
    pub revert: Remedy,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// In a sentence.
    pub text: String,
    /// As data.
    #[serde(flatten)]
    pub difference: Difference,
}

/// SQL for all differences together. Statements depend on each other, so they have an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// The statements.
    pub steps: Vec<DdlStep>,
    /// What no statement can do.
    pub cannot: Vec<Cannot>,
    /// Whether they do what they should.
    pub proof: Proof,
}

/// What came of running the statements of a remedy in a scratch database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case")]
pub enum Proof {
    /// There is nothing to prove.
    #[default]
    Empty,
    /// They make exactly the schema that they should.
    Proven,
    /// They make it up to these differences, which they leave as they are.
    Except {
        /// What is left, in sentences.
        differences: Vec<String>,
    },
    /// They make something else than they should.
    Wrong {
        /// What differs, in sentences.
        differences: Vec<String>,
    },
    /// A statement was refused.
    Refused {
        /// The statement.
        sql: String,
        /// What the engine said.
        message: String,
    },
    /// They could not be tried, because the schema that they begin with could not be made.
    Untried,
}

/// Which of the two remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// SQL for a new migration.
    Adopt,
    /// SQL to be run in the database.
    Revert,
}

/// Finds drift. The real database is only read, through a connection that cannot write.
///
/// # Errors
/// As [`replay()`], and [`ProblemKind::Unreplayable`] when nobody can tell what the applied migrations were: files missing or
/// edited since, migrations half applied or half taken back. [`MigrateError::History`] when the database refuses.
pub fn drift(set: &MigrationSet, real: &DatabaseUrl, place: &ScratchPlace) -> Result<DriftReport, MigrateError> {
    let (found, findings, versions) = {
        let mut db = connect(real, Access::Read).map_err(MigrateError::History)?;
        let history = History::read(db.as_mut())?;
        let versions = applied(set, &history)?;
        let schema = replay::read(db.as_mut()).map_err(MigrateError::History)?;
        let findings = findings::find(db.as_mut(), &schema).map_err(MigrateError::History)?;
        (Described::read(db.as_mut(), schema).map_err(MigrateError::History)?, findings, versions)
    };
    let replayed = replay(set, &versions, real, place)?;
    let differences = schema::compare(&found.schema, &replayed.schema);
    let mut report = DriftReport {
        engine: real.engine(),
        migrations: versions.len(),
        differences: differences
            .into_iter()
            .map(|difference| Drift { text: difference.to_string(), difference })
            .collect(),
        findings,
        adopt: Remedy::default(),
        revert: Remedy::default(),
    };
    if !report.differences.is_empty() {
        let mut db = replayed.scratch.connect().map_err(ReplayError::Unusable)?;
        let expected = Described::read(db.as_mut(), replayed.schema).map_err(ReplayError::Unusable)?;
        (report.adopt, report.revert) =
            prove::remedies(db.as_mut(), &expected, &found).map_err(ReplayError::Unusable)?;
    }
    Ok(report)
}

/// The applied migrations in the order in which they were applied, as far as it is known what each of them was. By their own
/// versions, whatever the database knows them by.
pub(crate) fn applied(set: &MigrationSet, history: &History) -> Result<Vec<String>, MigrateError> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut repeatable: Vec<&Migration> = Vec::new();
    let known = known_versions(set, history);
    let status = status(set, history);
    for each in &status.migrations {
        let name = &each.name;
        let reason = match each.state {
            MigrationState::Applied => {
                let is_repeatable = |kind| kind == MigrationKind::Repeatable;
                let migration = known.get(each.version.as_str()).copied();
                repeatable.extend(migration.filter(|migration| is_repeatable(migration.kind)));
                continue;
            }
            MigrationState::Pending | MigrationState::OutOfOrder | MigrationState::Outdated => continue,
            MigrationState::Missing => format!("migration `{name}` is applied and its file is gone"),
            MigrationState::Changed => format!("migration `{name}` was edited after it had been applied"),
            MigrationState::Interrupted => format!("migration `{name}` is half applied: `migrate up` goes on"),
            MigrationState::Reverting => format!("migration `{name}` is half taken back: `migrate down` goes on"),
            MigrationState::HalfReplaced => format!("only a part of what `{name}` replaces is applied"),
        };
        problems.push(Problem::new(ProblemKind::Unreplayable, format!("{reason}, so its schema cannot be told")));
    }
    if !problems.is_empty() {
        return Err(MigrateError::of(problems));
    }
    let own = |version: String| Some(known.get(version.as_str())?.version.clone());
    let mut versions: Vec<String> = order::applied(set, history).into_iter().filter_map(own).collect();
    // None of them is in diesel's history, unless another tool has put it there.
    let repeatable = repeatable.into_iter().map(|migration| migration.version.clone());
    let repeatable: Vec<String> = repeatable.filter(|version| !versions.contains(version)).collect();
    versions.extend(repeatable);
    Ok(versions)
}

impl DriftReport {
    /// Whether the schema is what the migrations make.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// A remedy.
    #[must_use]
    pub fn remedy(&self, direction: Direction) -> &Remedy {
        match direction {
            Direction::Adopt => &self.adopt,
            Direction::Revert => &self.revert,
        }
    }

    /// The statements of a remedy for one object.
    pub fn statements_for<'a>(&'a self, direction: Direction, key: &'a ObjectKey) -> impl Iterator<Item = &'a DdlStep> {
        self.remedy(direction).steps.iter().filter(move |step| step.key == *key)
    }
}

impl Remedy {
    /// Whether the statements may be given out: all of them ran, and nothing is left but what is said to be left.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        matches!(self.proof, Proof::Proven | Proof::Except { .. })
    }
}
