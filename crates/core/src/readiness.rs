//! Readiness of a service: named requirements, each a count in its database. Routes and status codes are the service's.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::db::{Db, Stmt, scalar};

/// Something that must be in the database before a service can do its work.
#[derive(Debug, Clone)]
pub struct Requirement {
    name: String,
    query: Stmt,
    wanted: RangeInclusive<i64>,
    remedy: Option<String>,
}

/// Whether a service can do its work, and what each requirement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether every requirement is met.
    pub ok: bool,
    /// The requirements in their order.
    pub checks: Vec<Check>,
}

/// What was found for one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The requirement's name.
    pub name: String,
    /// Whether it is met.
    pub ok: bool,
    /// What was counted; absent when the database did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// What was found and wanted, in a phrase, with the remedy where it is not met.
    pub detail: String,
}

impl Requirement {
    /// Requires that the number a query answers with is at least 1.
    #[must_use]
    pub fn new(name: impl Into<String>, query: Stmt) -> Self {
        Self { name: name.into(), query, wanted: 1..=i64::MAX, remedy: None }
    }

    /// Requires at least this number.
    #[must_use]
    pub fn at_least(mut self, count: i64) -> Self {
        self.wanted = count..=i64::MAX;
        self
    }

    /// Requires exactly this number.
    #[must_use]
    pub fn exactly(mut self, count: i64) -> Self {
        self.wanted = count..=count;
        self
    }

    /// What to do when the requirement is not met.
    #[must_use]
    pub fn remedy(mut self, text: impl Into<String>) -> Self {
        self.remedy = Some(text.into());
        self
    }

    fn judge(&self, count: i64) -> Check {
        let ok = self.wanted.contains(&count);
        let bound = if self.wanted.start() == self.wanted.end() { "exactly" } else { "at least" };
        let found = format!("found {count}, needs {bound} {}", self.wanted.start());
        let detail = match &self.remedy {
            Some(remedy) if !ok => format!("{found}: {remedy}"),
            _ => found,
        };
        Check { name: self.name.clone(), ok, count: Some(count), detail }
    }

    fn unmeasured(&self, reason: &str) -> Check {
        Check { name: self.name.clone(), ok: false, count: None, detail: reason.to_owned() }
    }
}

impl Readiness {
    /// What was counted for a requirement, `None` when there is none of this name or the database did not say.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<i64> {
        self.checks.iter().find(|check| check.name == name)?.count
    }
}

/// Asks the database about every requirement. A query that fails is a requirement that is not met.
#[must_use]
pub fn check(db: &mut dyn Db, requirements: &[Requirement]) -> Readiness {
    from_checks(requirements.iter().map(|requirement| match scalar(db, &requirement.query) {
        Ok(value) => match value.as_int() {
            Some(count) => requirement.judge(count),
            None => requirement.unmeasured("the query does not answer with a number"),
        },
        Err(error) => requirement.unmeasured(&error.message),
    }))
}

/// The answer when the database could not be asked at all: nothing is met, for this reason.
#[must_use]
pub fn unmeasured(requirements: &[Requirement], reason: &str) -> Readiness {
    from_checks(requirements.iter().map(|requirement| requirement.unmeasured(reason)))
}

fn from_checks(checks: impl Iterator<Item = Check>) -> Readiness {
    let checks: Vec<Check> = checks.collect();
    Readiness { ok: checks.iter().all(|check| check.ok), checks }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, connect};

    fn requirements() -> Vec<Requirement> {
        vec![
            Requirement::new("specs", Stmt::new("SELECT count(*) FROM spec")).at_least(2).remedy("seed the specs"),
            Requirement::new("default", Stmt::new("SELECT count(*) FROM spec WHERE slug = ").bind("a")).exactly(1),
            Requirement::new("missing", Stmt::new("SELECT count(*) FROM nowhere")),
            Requirement::new("no number", Stmt::new("SELECT 'x'")),
        ]
    }

    #[test]
    fn every_requirement_is_judged_even_when_one_cannot_be_asked() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let mut db = connect(&url, Access::Write).expect("opens");
        db.batch("CREATE TABLE spec (slug TEXT); INSERT INTO spec VALUES ('a')").expect("runs");
        let readiness = check(db.as_mut(), &requirements());
        insta::assert_json_snapshot!(readiness);
        assert_eq!(
            (readiness.count("default"), readiness.count("missing"), readiness.count("other")),
            (Some(1), None, None)
        );
        db.batch("INSERT INTO spec VALUES ('b')").expect("runs");
        assert!(check(db.as_mut(), &requirements()[..2]).ok);
    }

    #[test]
    fn nothing_is_met_while_the_database_is_away() {
        let readiness = unmeasured(&requirements(), "the database is away");
        assert!(!readiness.ok);
        assert!(readiness.checks.iter().all(|check| !check.ok && check.detail == "the database is away"));
        assert!(check_nothing().ok, "a service that requires nothing is always ready");
    }

    fn check_nothing() -> Readiness {
        unmeasured(&[], "the database is away")
    }
}
