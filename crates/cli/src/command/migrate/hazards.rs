//! What the migrations of a plan threaten, shown beside it. Judging them is `plimsoll_migrate`'s, all that was found is shown by
//! `migrate lint`.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_core::db::Db;
use plimsoll_core::project::Migrations;
use plimsoll_migrate::{
    Finding, Grade, Judged, LintOptions, MigrateError, MigratePlan, MigrationSet, Rule, Unclassified, lint,
};
use serde::Serialize;

use super::lint::{options, server_version};
use crate::error::CliError;

/// What was found; nothing by default.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Hazards {
    /// Why nothing could be found out.
    not_judged: Option<String>,
    migrations: Vec<Hazard>,
}

/// What one migration threatens.
#[derive(Debug, Serialize)]
struct Hazard {
    version: String,
    name: String,
    /// Gravest first.
    rules: Vec<Broken>,
    /// How many statements nobody understands.
    not_understood: usize,
}

/// A rule that it breaks.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Broken {
    grade: Grade,
    rule: Rule,
}

/// Judges the migrations of a plan.
pub(crate) fn hazards(
    db: &mut dyn Db,
    set: &MigrationSet,
    settings: &Migrations,
    plan: &MigratePlan,
) -> Result<Hazards, CliError> {
    let versions: BTreeSet<String> = plan.steps.iter().map(|step| step.version.clone()).collect();
    if versions.is_empty() {
        return Ok(Hazards::default());
    }
    let server_version = Some(server_version(db)?);
    let options = LintOptions { judged: Judged::Only(versions), server_version, ..options(settings)? };
    let report = match lint(set, plan.engine, &options) {
        // Judging is beside the point here: what cannot be is said, and no more.
        Err(error @ MigrateError::LinterMissing) => {
            return Ok(Hazards { not_judged: Some(error.to_string()), migrations: Vec::new() });
        }
        other => other?,
    };
    let found = plan.steps.iter().map(|step| {
        let is_its = |finding: &&Finding| finding.migration == step.name && finding.grade.is_error();
        let broken = |finding: &Finding| Broken { grade: finding.grade, rule: finding.rule };
        let rules: BTreeSet<Broken> = report.findings.iter().filter(is_its).map(broken).collect();
        let unknown = |unknown: &&Unclassified| unknown.migration == step.name && unknown.accepted.is_none();
        Hazard {
            version: step.version.clone(),
            name: step.name.clone(),
            rules: rules.into_iter().collect(),
            not_understood: report.unclassified.iter().filter(unknown).count(),
        }
    });
    let migrations = found.filter(|hazard| !hazard.rules.is_empty() || hazard.not_understood > 0).collect();
    Ok(Hazards { not_judged: None, migrations })
}

impl Hazards {
    /// As the last part of the plan of a deployment; empty when there are none.
    pub(crate) fn part(&self) -> String {
        let text = self.to_string();
        if text.is_empty() { text } else { format!("\nhazards of the migrations\n{text}") }
    }
}

/// One line for each migration that threatens something.
impl fmt::Display for Hazards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.not_judged {
            writeln!(f, "  ! not judged: {why}")?;
        }
        for hazard in &self.migrations {
            let mut parts: Vec<String> = Vec::new();
            for grade in Grade::ALL {
                let of_grade = hazard.rules.iter().filter(|broken| broken.grade == grade);
                let mut rules: Vec<&str> = of_grade.map(|broken| broken.rule.as_str()).collect();
                rules.sort_unstable();
                if !rules.is_empty() {
                    parts.push(format!("{grade}: {}", rules.join(", ")));
                }
            }
            if hazard.not_understood > 0 {
                parts.push(format!("{} not understood", hazard.not_understood));
            }
            writeln!(f, "  ! {}  {}", hazard.name, parts.join("; "))?;
        }
        Ok(())
    }
}
