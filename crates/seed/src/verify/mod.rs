//! What must be true of the data: counts and rules that the project declares, foreign keys that the database may have stopped
//! watching, counters. Where expectations are declared is the project file's.

mod check;
mod digest;
pub(crate) mod orphans;
mod report;

use plimsoll_core::db::{Catalog, Db};
use plimsoll_core::{ErrorCode, Location};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::read::Seeds;

pub use digest::{TableDigest, digests};
pub use report::{Finding, Verdict, VerifyReport};

/// Something that must be true of the rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The table.
    pub table: String,
    /// A SQL condition, `None` for all rows.
    pub filter: Option<String>,
    /// At least this many.
    pub at_least: Option<u64>,
    /// Exactly this many.
    pub exactly: Option<u64>,
    /// At most this many.
    pub at_most: Option<u64>,
    /// What else holds for the rows, each by itself.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Where it is declared, for errors.
    #[serde(default)]
    pub at: Option<Location>,
}

impl Expectation {
    /// What each of the rules says, in words.
    #[must_use]
    pub fn rules_in_words(&self) -> Vec<String> {
        check::checks(self).filter(check::Check::needs_columns).map(|check| check.to_string()).collect()
    }
}

/// What holds for the rows of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every one of these columns has a value.
    NotNull(Vec<String>),
    /// No two rows have the same values in these columns; rows with a NULL among them do not count.
    Unique(Vec<String>),
    /// A column has one of these values, or NULL.
    Accepted {
        /// The column.
        column: String,
        /// The values, as a dataset would write them.
        values: Vec<Json>,
    },
    /// These columns are the values of another table's columns, or NULL.
    Relationship {
        /// The columns.
        columns: Vec<String>,
        /// The other table.
        table: String,
        /// Its columns, in the same order.
        references: Vec<String>,
    },
    /// A query that finds what should not be: it gives no rows.
    Sql(String),
}

/// An expectation that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// What was expected, such as `at least 200 rows in parameter`.
    pub expectation: String,
    /// How many rows there are; of a rule, how many break it.
    pub found: u64,
    /// Whether it holds.
    pub holds: bool,
}

/// Checks expectations, and stops at the first one that cannot be checked. Of columns that the datasets call secret, no values
/// are told.
///
/// # Errors
/// [`SeedError::Problems`] with every expectation that does not hold, [`SeedError::Count`] for one that cannot be checked.
pub fn verify(
    db: &mut dyn Db,
    seeds: Option<&Seeds>,
    expectations: &[Expectation],
) -> Result<Vec<Verified>, SeedError> {
    let secret = seeds.map(Seeds::secret_columns).unwrap_or_default();
    let mut verified = Vec::with_capacity(expectations.len());
    let mut problems = Vec::new();
    let checks: Vec<_> = expectations.iter().flat_map(check::checks).collect();
    let catalog = if checks.iter().any(check::Check::needs_columns) { Catalog::read(db)? } else { Catalog::default() };
    for one in checks {
        let counted = one.run(db, &catalog, &secret).map_err(|source| SeedError::Count {
            what: one.to_string(),
            at: one.at.clone(),
            source: Box::new(source),
        })?;
        if !counted.holds {
            let message = format!("expected {one}, found {}", counted.shown());
            problems.push(Problem::new(ErrorCode::ExpectationFailed, one.at.clone(), message));
        }
        verified.push(Verified { expectation: one.to_string(), found: counted.found, holds: counted.holds });
    }
    SeedError::unless_empty(problems)?;
    Ok(verified)
}

/// Checks everything: the expectations, every foreign key from and to the tables of the datasets, and their counters. What
/// cannot be checked is a finding of its own.
///
/// # Errors
/// [`SeedError::Database`] when the catalogue cannot be read or the connection is lost.
pub fn inspect(
    db: &mut dyn Db,
    seeds: Option<&Seeds>,
    expectations: &[Expectation],
) -> Result<VerifyReport, SeedError> {
    let catalog = Catalog::read(db)?;
    let secret = seeds.map(Seeds::secret_columns).unwrap_or_default();
    let mut findings = Vec::new();
    for one in expectations.iter().flat_map(check::checks) {
        findings.push(report::finding(one.to_string(), one.at.clone(), one.run(db, &catalog, &secret))?);
    }
    let declared = seeds.iter().flat_map(|seeds| seeds.tables()).map(|(table, _)| table);
    let touched: Vec<&str> = declared.chain(seeds.iter().flat_map(|seeds| seeds.bulk_tables())).collect();
    for (name, table) in &catalog.tables {
        for key in &table.foreign_keys {
            if touched.contains(&name.as_str()) || (key.schema.is_none() && touched.contains(&key.table.as_str())) {
                let counted = orphans::count(db, (name, table), key, &secret);
                findings.push(report::finding(orphans::describe(name, key), None, counted)?);
            }
        }
    }
    for name in touched {
        let Some(table) = catalog.tables.get(name) else {
            findings.push(Finding::missing_table(name));
            continue;
        };
        for column in table.columns.iter().filter(|column| column.counter.is_some()) {
            if let Some(counted) = check::counter(db, name, column) {
                let what = format!("the counter of `{name}`.`{}` stands past its rows", column.name);
                findings.push(report::finding(what, None, counted)?);
            }
        }
    }
    Ok(VerifyReport { findings })
}
