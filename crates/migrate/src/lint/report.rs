//! What judging found, as data and as text. How grave each rule is, is `rule`'s.

use std::fmt;

use plimsoll_core::Location;
use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use super::rule::{Grade, Rule};

/// What was found in the migrations that were judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LintReport {
    /// The engine they are for.
    pub engine: Engine,
    /// What nobody has accepted, in the order of the files.
    pub findings: Vec<Finding>,
    /// What a comment accepts.
    pub accepted: Vec<Accepted>,
    /// Statements about which nothing can be said.
    pub unclassified: Vec<Unclassified>,
    /// How many migrations were judged.
    pub migrations: usize,
    /// How many statements they have.
    pub statements: usize,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How grave it is.
    pub grade: Grade,
    /// Whether it fails the check.
    pub is_error: bool,
    /// The migration's name.
    pub migration: String,
    /// Where it is.
    pub location: Location,
    /// What stands there, up to the end of the line; empty for the file as a whole.
    pub token: String,
    /// The statement, counted from 1; none for the file as a whole.
    pub statement: Option<usize>,
    /// What would happen.
    pub message: String,
    /// What to do or write instead.
    pub alternative: String,
}

/// A finding that a comment accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The finding.
    pub finding: Finding,
    /// Why, in the words of the comment.
    pub reason: String,
}

/// A statement, or a part of one, that was not understood. It may be safe or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclassified {
    /// The migration's name.
    pub migration: String,
    /// Where it is.
    pub location: Location,
    /// The statement, counted from 1.
    pub statement: usize,
    /// What was not understood.
    pub what: String,
    /// Why that is accepted, in the words of a comment that allows `unclassified`.
    pub accepted: Option<String>,
}

impl LintReport {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            findings: Vec::new(),
            accepted: Vec::new(),
            unclassified: Vec::new(),
            migrations: 0,
            statements: 0,
        }
    }

    /// How many findings of a grade nobody has accepted.
    #[must_use]
    pub fn count(&self, grade: Grade) -> usize {
        self.findings.iter().filter(|finding| finding.grade == grade).count()
    }

    /// Whether a finding fails the check.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.is_error)
    }

    /// Whether there is a statement about which nothing can be said, and which no comment accepts.
    #[must_use]
    pub fn has_unclassified(&self) -> bool {
        self.unclassified.iter().any(|unknown| unknown.accepted.is_none())
    }

    /// The counts, in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let number = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        let mut parts: Vec<String> = Grade::ALL
            .into_iter()
            .filter_map(|grade| Some((grade, self.count(grade))).filter(|(_, count)| *count > 0))
            .map(|(grade, count)| format!("{grade} {count}"))
            .collect();
        let open = self.unclassified.iter().filter(|unknown| unknown.accepted.is_none()).count();
        let accepted = self.accepted.len() + self.unclassified.len() - open;
        for (count, word) in [(open, "not understood"), (accepted, "accepted")] {
            if count > 0 {
                parts.push(format!("{word} {count}"));
            }
        }
        let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
        format!("{} with {}: {found}", number(self.migrations, "migration"), number(self.statements, "statement"))
    }

    pub(super) fn sort(&mut self) {
        // The files keep their order, which is not that of their names.
        let mut names: Vec<String> = Vec::new();
        for finding in &self.findings {
            if !names.contains(&finding.migration) {
                names.push(finding.migration.clone());
            }
        }
        let place = |finding: &Finding| names.iter().position(|name| *name == finding.migration);
        self.findings
            .sort_by_key(|finding| (place(finding), finding.location.line, finding.location.column, finding.grade));
    }
}

impl fmt::Display for LintReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        for unknown in self.unclassified.iter().filter(|unknown| unknown.accepted.is_none()) {
            writeln!(f, "{unknown}")?;
        }
        writeln!(f, "{}", self.summary())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}: {}: {}", self.location, self.grade, self.rule, self.message)?;
        write!(f, "  instead: {}", self.alternative)
    }
}

impl fmt::Display for Unclassified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: not understood: {}", self.location, self.what)
    }
}
