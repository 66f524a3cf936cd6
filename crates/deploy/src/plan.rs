//! The deployment plan: everything that would be done, as plain data. Made by a pure function; doing it is `pipeline`'s.

use plimsoll_core::db::Engine;
use plimsoll_core::ledger::Serving;
use plimsoll_core::template::sha256_hex;
use plimsoll_migrate::MigratePlan;
use plimsoll_seed::SeedPlan;
use serde::{Deserialize, Serialize};

use crate::release::{Observed, Release};

/// The format of a saved plan.
pub const FORMAT: u32 = 1;

/// Everything a deployment would do. Saved plans are this value as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployPlan {
    /// The format, [`FORMAT`].
    pub format: u32,
    /// The project's name.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// Whether the environment asks for a confirmation.
    pub protected: bool,
    /// The engine of the target database.
    pub engine: Engine,
    /// The target database, without a password.
    pub database: String,
    /// The migrations to apply.
    pub migrations: Option<MigratePlan>,
    /// The rows to write.
    pub seed: Option<SeedPlan>,
    /// The expectations that are checked after seeding, in words.
    pub expectations: Vec<String>,
    /// The revisions to release.
    pub releases: Vec<PlannedRelease>,
    /// The names of the checks that must pass, in order.
    pub checks: Vec<String>,
    /// Those of them that are skipped because they change something in a protected environment. What is allowed is
    /// said anew by each run, so this is no part of a saved plan.
    #[serde(skip)]
    pub skipped_checks: Vec<String>,
}

/// What would be done for one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRelease {
    /// The release's name.
    pub name: String,
    /// The revision that will serve.
    pub revision: String,
    /// Where it will answer.
    pub address: String,
    /// What has to happen.
    pub action: ReleaseAction,
}

/// What has to happen for a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseAction {
    /// The revision serves already.
    Keep,
    /// Nothing serves yet.
    Start,
    /// The recorded revision should serve, but its process is gone.
    Revive {
        /// That revision.
        recorded: String,
    },
    /// Another revision serves and will be replaced.
    Replace {
        /// That revision.
        previous: String,
    },
}

/// What the plan is made from.
pub(crate) struct PlanInput<'a> {
    pub(crate) project: &'a plimsoll_core::project::Project,
    pub(crate) migrations: Option<MigratePlan>,
    pub(crate) seed: Option<SeedPlan>,
    pub(crate) releases: &'a [(Release, Observed)],
    pub(crate) serving: &'a [Serving],
    pub(crate) checks: Vec<String>,
}

impl DeployPlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.migrations.as_ref().is_none_or(|plan| plan.steps.is_empty())
            && self.seed.as_ref().is_none_or(SeedPlan::is_empty)
            && self.releases.iter().all(|release| release.action == ReleaseAction::Keep)
    }

    /// The documents and records that the seeds leave out because they do not fit.
    #[must_use]
    pub fn skipped(&self) -> &[plimsoll_seed::Skipped] {
        self.seed.as_ref().map_or(&[], |seed| seed.skipped.as_slice())
    }

    /// A digest of the whole plan: two plans with the same digest do the same.
    #[must_use]
    pub fn digest(&self) -> String {
        // A plan is data of string-keyed structs, so it always serializes.
        sha256_hex(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// The revision of the whole deployment: the first release's, or the commit-less `data` when nothing is released.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.releases.first().map_or("data", |release| release.revision.as_str())
    }

    /// What differs from another plan, in words: the reason why a saved plan is stale.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut moved = Vec::new();
        let mut compare = |same: bool, what: &str| {
            if !same {
                moved.push(what.to_owned());
            }
        };
        compare(self.project == other.project && self.environment == other.environment, "the project or environment");
        compare(self.database == other.database, "the target database");
        compare(self.migrations == other.migrations, "the pending migrations");
        compare(self.seed == other.seed, "the rows to seed");
        compare(self.releases == other.releases, "the revisions to release, or what serves now");
        compare(self.checks == other.checks && self.expectations == other.expectations, "the checks");
        moved
    }
}

/// Makes the plan. The same input gives the same plan.
pub(crate) fn plan(input: PlanInput<'_>) -> DeployPlan {
    let project = input.project;
    let releases = input.releases.iter().map(|(release, observed)| {
        let recorded = input.serving.iter().find(|serving| serving.release == release.name);
        PlannedRelease {
            name: release.name.clone(),
            revision: release.revision.clone(),
            address: release.address(),
            action: action(release, observed, recorded),
        }
    });
    DeployPlan {
        format: FORMAT,
        project: project.name.clone(),
        environment: project.environment.clone(),
        protected: project.protected,
        engine: project.engine(),
        database: project.database.to_string(),
        migrations: input.migrations,
        seed: input.seed,
        expectations: project.expect.iter().flat_map(expectation).collect(),
        releases: releases.collect(),
        checks: input.checks,
        skipped_checks: Vec::new(),
    }
}

fn action(release: &Release, observed: &Observed, recorded: Option<&Serving>) -> ReleaseAction {
    let recorded = recorded.map(|serving| serving.revision.as_str());
    match observed.alive.as_deref() {
        Some(alive) if alive == release.revision && recorded == Some(alive) => ReleaseAction::Keep,
        Some(alive) => ReleaseAction::Replace { previous: alive.to_owned() },
        None => match recorded {
            Some(recorded) => ReleaseAction::Revive { recorded: recorded.to_owned() },
            None => ReleaseAction::Start,
        },
    }
}

/// The count of an expectation and each of its rules, in words.
fn expectation(expect: &plimsoll_core::project::Expect) -> Vec<String> {
    let mut all = Vec::new();
    let counts = [("exactly", expect.exactly), ("at least", expect.at_least), ("at most", expect.at_most)];
    let counts: Vec<String> =
        counts.iter().filter_map(|(word, count)| count.map(|count| format!("{word} {count}"))).collect();
    if !counts.is_empty() {
        let filter = expect.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
        all.push(format!("`{}`{filter} {}", expect.table, counts.join(" ")));
    }
    all.extend(plimsoll_seed::Expectation::from(expect).rules_in_words());
    all
}
