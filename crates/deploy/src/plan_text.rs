//! The text form of a plan: what will be done, what proves it, what undoes it. Stable, so that it can be diffed and snapshotted.

use std::fmt;

use plimsoll_smoke::SkipReason;

use crate::plan::{DeployPlan, PlannedRelease, ReleaseAction};

impl fmt::Display for DeployPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protected = if self.protected { ", protected" } else { "" };
        writeln!(f, "plan for {} in {}{protected}", self.project, self.environment)?;
        writeln!(f, "  database  {}", self.database)?;
        if let Some(migrations) = &self.migrations {
            writeln!(f)?;
            write!(f, "{migrations}")?;
        }
        if let Some(seed) = &self.seed {
            writeln!(f)?;
            write!(f, "{seed}")?;
        }
        self.fmt_releases(f)?;
        self.fmt_proof(f)?;
        if self.is_empty() {
            return writeln!(f, "\nnothing to do");
        }
        self.fmt_undo(f)
    }
}

impl DeployPlan {
    fn fmt_releases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.releases.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nreleases")?;
        self.releases.iter().try_for_each(|release| writeln!(f, "  {release}"))
    }

    fn fmt_proof(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.expectations.is_empty() && self.checks.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nproof")?;
        for expectation in &self.expectations {
            writeln!(f, "  count  {expectation}")?;
        }
        for check in &self.checks {
            let word = if self.skipped_checks.contains(check) { "skip " } else { "check" };
            writeln!(f, "  {word}  {check}")?;
        }
        if !self.skipped_checks.is_empty() {
            let (number, why) = (self.skipped_checks.len(), SkipReason::ReadOnly);
            writeln!(f, "  {number} skipped, each because {why}")?;
        }
        Ok(())
    }

    fn fmt_undo(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nundo, should a step fail")?;
        for release in &self.releases {
            let name = &release.name;
            match &release.action {
                ReleaseAction::Keep => {}
                ReleaseAction::Start => writeln!(f, "  {name}: the new revision is stopped; nothing served before")?,
                ReleaseAction::Revive { recorded } => {
                    writeln!(f, "  {name}: the new revision is stopped; {recorded} is not running even now")?;
                }
                ReleaseAction::Replace { previous } => {
                    writeln!(f, "  {name}: the new revision is stopped; {previous} goes on serving")?;
                }
            }
        }
        if self.seed.as_ref().is_some_and(|seed| !seed.is_empty()) {
            writeln!(f, "  rows: written in one transaction with the counts above; `seed undo` takes them back later")?;
        }
        if let Some(migrations) = self.migrations.as_ref().filter(|plan| !plan.steps.is_empty()) {
            let whole = migrations.steps.iter().filter(|step| step.transactional).count();
            let partly = migrations.steps.len() - whole;
            write!(f, "  migrations: {whole} roll back by themselves when they fail")?;
            if partly > 0 {
                write!(f, ", {partly} cannot and are resumed instead")?;
            }
            writeln!(f, "; applied ones stay")?;
        }
        Ok(())
    }
}

impl fmt::Display for PlannedRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, revision, address, action } = self;
        match action {
            ReleaseAction::Keep => write!(f, "= {name}  {revision} serves at {address}"),
            ReleaseAction::Start => write!(f, "+ {name}  {revision} at {address}"),
            ReleaseAction::Revive { recorded } if recorded == revision => {
                write!(f, "+ {name}  {revision} at {address} (it served, but its process is gone)")
            }
            ReleaseAction::Revive { recorded } => {
                write!(f, "~ {name}  {recorded} (its process is gone) -> {revision} at {address}")
            }
            ReleaseAction::Replace { previous } => write!(f, "~ {name}  {previous} -> {revision} at {address}"),
        }
    }
}
