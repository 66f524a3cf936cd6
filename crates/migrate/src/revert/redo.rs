//! Plans taking migrations back and applying them again, as one thing; pure. Both halves are done by their own `apply`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::{RevertOptions, RevertPlan, RevertStep, plan};
use crate::error::MigrateError;
use crate::history::History;
use crate::plan::{MigratePlan, PlanOptions};
use crate::source::MigrationSet;
use crate::status::known_versions;

/// What taking back and applying again would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedoPlan {
    /// The first half.
    pub down: RevertPlan,
    /// The second half: the same migrations, in the order in which they had been applied.
    pub up: MigratePlan,
}

/// Makes the plan of both halves, before anything is done: what could not be applied again is not taken back.
///
/// # Errors
/// Those of both planners.
pub fn plan_redo(set: &MigrationSet, history: &History, options: &RevertOptions) -> Result<RedoPlan, MigrateError> {
    let down = plan(set, history, options)?;
    let taken: BTreeSet<&str> = down.steps.iter().map(|step| step.version.as_str()).collect();
    let mut after = history.clone();
    after.applied.retain(|version| !taken.contains(version.as_str()));
    after.records.retain(|version, _| !taken.contains(version.as_str()));
    // They were where they were: being late is no reason not to put them back.
    let mut up = crate::plan(set, &after, &PlanOptions { allow_out_of_order: true })?;
    // What an earlier release wrote down under another version is put back under its own.
    let known = known_versions(set, history);
    let own = |step: &RevertStep| known.get(step.version.as_str()).map(|migration| migration.version.as_str());
    let place = |version: &str| down.steps.iter().rev().position(|step| own(step) == Some(version));
    up.steps.retain(|step| place(&step.version).is_some());
    up.steps.sort_by_key(|step| place(&step.version));
    Ok(RedoPlan { down, up })
}

impl fmt::Display for RedoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.down)?;
        for step in &self.up.steps {
            writeln!(f, "  + {step}")?;
        }
        Ok(())
    }
}
