//! Expectations: counts that must hold after seeding. Where they are declared is the project file's.

use plimsoll_core::db::{Db, Stmt, quoted, scalar};
use plimsoll_core::{ErrorCode, Location};
use serde::{Deserialize, Serialize};

use crate::error::{Problem, SeedError};

/// A number of rows that must be there.
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
    /// Where it is declared, for errors.
    #[serde(default)]
    pub at: Option<Location>,
}

/// An expectation that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// What was expected, such as `parameter: at least 200`.
    pub expectation: String,
    /// How many rows there are.
    pub found: u64,
    /// Whether it holds.
    pub holds: bool,
}

/// Counts rows and compares.
///
/// # Errors
/// [`SeedError::Problems`] with every expectation that does not hold or cannot be counted, and [`SeedError::Database`]
/// when the connection is lost.
pub fn verify(db: &mut dyn Db, expectations: &[Expectation]) -> Result<Vec<Verified>, SeedError> {
    let mut verified = Vec::with_capacity(expectations.len());
    let mut problems = Vec::new();
    for expectation in expectations {
        let one = count(db, expectation)?;
        if !one.holds {
            let message = format!("expected {}, found {}", one.expectation, one.found);
            problems.push(Problem::new(ErrorCode::ExpectationFailed, expectation.at.clone(), message));
        }
        verified.push(one);
    }
    SeedError::unless_empty(problems)?;
    Ok(verified)
}

fn count(db: &mut dyn Db, expectation: &Expectation) -> Result<Verified, SeedError> {
    let mut sql = format!("SELECT count(*) FROM {}", quoted(db.engine(), &expectation.table));
    if let Some(filter) = &expectation.filter {
        sql.push_str(&format!(" WHERE {filter}"));
    }
    let value = scalar(db, &Stmt::new(sql)).map_err(|source| SeedError::Count {
        what: describe(expectation),
        at: expectation.at.clone(),
        source: Box::new(source),
    })?;
    let found = u64::try_from(value.as_int().unwrap_or(0)).unwrap_or(0);
    let holds = expectation.at_least.is_none_or(|least| found >= least)
        && expectation.exactly.is_none_or(|exactly| found == exactly)
        && expectation.at_most.is_none_or(|most| found <= most);
    Ok(Verified { expectation: describe(expectation), found, holds })
}

fn describe(expectation: &Expectation) -> String {
    let bounds =
        [("at least", expectation.at_least), ("exactly", expectation.exactly), ("at most", expectation.at_most)];
    let bounds: Vec<String> =
        bounds.iter().filter_map(|(word, bound)| bound.map(|bound| format!("{word} {bound}"))).collect();
    let filter = expectation.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
    format!("{} rows in `{}`{filter}", bounds.join(" and "), expectation.table)
}
