//! What a deployment did, in order, also when it failed. Laying it out is the command line's.

use plimsoll_migrate::MigrateReport;
use plimsoll_seed::SeedReport;
use plimsoll_smoke::SmokeReport;
use serde::Serialize;

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing had to be done, and the proof held. Nothing was written.
    Unchanged,
    /// Everything was done and proven.
    Succeeded,
    /// It failed; what could be undone was undone, and what serves is what served before.
    RolledBack,
    /// It failed and a person has to look.
    Failed,
}

/// What a deployment did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeployReport {
    /// The deployment's number in the ledger, none when nothing was written.
    pub deployment: Option<i64>,
    /// The project's name.
    pub project: String,
    /// The environment's name.
    pub environment: String,
    /// The revision.
    pub revision: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Interrupted deployments that were found and closed.
    pub interrupted: Vec<Interrupted>,
    /// What migrating did.
    pub migrate: Option<MigrateReport>,
    /// What seeding did.
    pub seed: Option<SeedReport>,
    /// What the smoke checks found.
    pub smoke: Option<SmokeReport>,
    /// What serves now.
    pub serving: Vec<ServingNow>,
    /// What was undone after a failure, in order.
    pub undone: Vec<String>,
    /// What was done and stays done after a failure, and what that means.
    pub not_undone: Vec<String>,
    /// How long all of it took.
    pub duration_ms: u64,
}

/// A release that serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServingNow {
    /// The release's name.
    pub release: String,
    /// The revision.
    pub revision: String,
    /// Where it answers.
    pub address: String,
}

/// A deployment that was killed, as a later one found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interrupted {
    /// Its number.
    pub deployment: i64,
    /// When it began.
    pub started_at: String,
    /// Who had started it.
    pub actor: String,
    /// How far it came, step by step, in words.
    pub steps: Vec<String>,
    /// Processes it left behind that were ended.
    pub stopped: Vec<String>,
}

/// A number of applied migrations in words.
#[must_use]
pub fn applied(migrations: usize) -> String {
    format!("{migrations} {} applied", if migrations == 1 { "migration" } else { "migrations" })
}

impl DeployReport {
    /// What was done, in a line, as the ledger keeps it.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Some(migrate) = &self.migrate {
            parts.push(applied(migrate.applied.len()));
        }
        parts.extend(self.seed.as_ref().map(ToString::to_string));
        parts.extend(self.smoke.as_ref().map(SmokeReport::headline));
        parts.extend(self.serving.iter().map(|now| format!("{} serves at {}", now.release, now.address)));
        parts.extend(self.undone.iter().cloned());
        if parts.is_empty() { "nothing was done".to_owned() } else { parts.join("; ") }
    }
}
