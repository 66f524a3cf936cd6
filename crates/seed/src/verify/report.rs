//! What verifying found: one line for each check, with its verdict. Laying them out beyond that is the command line's.

use std::fmt;

use plimsoll_core::Location;
use plimsoll_core::db::{DbError, DbErrorKind};
use serde::{Deserialize, Serialize};

use super::check::Counted;
use crate::error::SeedError;

/// Everything that was checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The checks in their order.
    pub findings: Vec<Finding>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What should be true.
    pub check: String,
    /// Whether it is.
    pub verdict: Verdict,
    /// How many rows there are, or how many break the rule; nothing when that could not be found out.
    pub found: Option<u64>,
    /// The first few rows that break the rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Why it could not be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Where it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It could not be checked, so nobody knows.
    Error,
}

impl VerifyReport {
    /// How many checks ended so.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

impl Finding {
    pub(super) fn missing_table(table: &str) -> Self {
        Self {
            check: format!("there is the table `{table}`"),
            verdict: Verdict::Fail,
            found: None,
            examples: Vec::new(),
            cause: Some("a dataset declares rows for it, and the database does not have it".to_owned()),
            at: None,
        }
    }
}

impl Verdict {
    /// The word in front of the line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
        }
    }
}

/// One line a check, and a last one that counts them.
impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let (failed, unknown) = (self.count(Verdict::Fail), self.count(Verdict::Error));
        let checks = self.findings.len();
        write!(f, "{checks} {}", if checks == 1 { "check" } else { "checks" })?;
        match (failed, unknown) {
            (0, 0) => writeln!(f, ", all hold"),
            (failed, 0) => writeln!(f, ", {failed} failed"),
            (failed, unknown) => writeln!(f, ", {failed} failed, {unknown} could not be checked"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5}  {}", self.verdict.word(), self.check)?;
        // That nothing breaks a rule is what its verdict says.
        if let Some(found) = self.found.filter(|found| *found > 0 || self.verdict == Verdict::Fail) {
            let counted = Counted { found, holds: true, examples: self.examples.clone() };
            write!(f, ": {}", counted.shown())?;
        }
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

/// What came of a check. Only a lost connection ends the whole: everything after it would be unknown for that reason alone.
pub(super) fn finding(
    check: String,
    at: Option<Location>,
    counted: Result<Counted, DbError>,
) -> Result<Finding, SeedError> {
    let finding = |verdict| Finding { check, verdict, found: None, examples: Vec::new(), cause: None, at };
    match counted {
        Ok(counted) => {
            let verdict = if counted.holds { Verdict::Pass } else { Verdict::Fail };
            Ok(Finding { found: Some(counted.found), examples: counted.examples, ..finding(verdict) })
        }
        Err(source) if source.kind == DbErrorKind::Lost => Err(SeedError::Database { source }),
        Err(error) => Ok(Finding { cause: Some(error.message), ..finding(Verdict::Error) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_checked_is_never_green() {
        let refused = DbError::new(plimsoll_core::db::Engine::Sqlite, DbErrorKind::Refused, "no such column: colour");
        let found = finding("no row of `t` without `colour`".to_owned(), None, Err(refused)).expect("goes on");
        let passed =
            finding("exactly 2 rows in `t`".to_owned(), None, Ok(Counted { found: 2, holds: true, examples: vec![] }));
        let report = VerifyReport { findings: vec![found, passed.expect("counted")] };
        assert_eq!(
            report.to_string(),
            "ERROR  no row of `t` without `colour`: no such column: colour\nPASS   exactly 2 rows in `t`: 2\n\
             2 checks, 0 failed, 1 could not be checked\n"
        );
    }
}
