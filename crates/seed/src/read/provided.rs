//! Records that a program gives in place of files, and the dataset that says what becomes of them. Very many are `stream`'s.

use std::borrow::Cow;
use std::fmt::Debug;

use plimsoll_core::{ErrorCode, Location};
use serde::Serialize;
use serde_json::Value as Json;

use crate::error::Problem;

/// A service's own code as a source of records.
///
/// A dataset names it: `source = "..."` in `[documents]`, where every record is a document, or in a `[[table]]`, where
/// every record is a `row`. All of the records are held in memory; for very many there is [`RowSource`](crate::RowSource).
pub trait SeedSource: Debug + Send + Sync {
    /// The name by which datasets know it.
    fn name(&self) -> &str;

    /// The records, the same ones in the same order as often as it is asked.
    ///
    /// # Errors
    /// What could not be collected. The problem is reported with all the others.
    fn records(&self) -> Result<Vec<SourceRecord>, Problem>;

    /// The text of a dataset, as `seeds/<dataset>.toml` would hold it, for a service that brings its own.
    ///
    /// Its name is that of the source. A file of that name takes its place.
    fn dataset(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// One record of a [`SeedSource`]: a value, and where in the program it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRecord {
    pub(crate) value: Json,
    pub(crate) at: Location,
}

impl SourceRecord {
    /// A record of a value. Its place in messages is the caller's line.
    #[must_use]
    #[track_caller]
    pub fn new(value: Json) -> Self {
        Self { value, at: caller() }
    }

    /// A record of anything that can be serialized. Its place in messages is the caller's line.
    ///
    /// # Errors
    /// When the value has no form in JSON.
    #[track_caller]
    pub fn of<T: Serialize>(value: &T) -> Result<Self, Problem> {
        let at = caller();
        match serde_json::to_value(value) {
            Ok(value) => Ok(Self { value, at }),
            Err(error) => {
                let message = format!("a record has no form in JSON: {error}");
                Err(Problem::new(ErrorCode::InvalidValue, Some(at), message))
            }
        }
    }

    /// The same record with another place: that of the file it was read from.
    #[must_use]
    pub fn at(mut self, place: Location) -> Self {
        self.at = place;
        self
    }
}

#[track_caller]
fn caller() -> Location {
    let caller = std::panic::Location::caller();
    Location { file: caller.file().into(), line: caller.line(), column: caller.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_knows_the_line_that_made_it() {
        let record = SourceRecord::new(Json::Null);
        let line = line!() - 1;
        assert_eq!((record.at.line, record.at.file.ends_with("provided.rs")), (line, true));
        assert!(SourceRecord::of(&std::collections::HashMap::from([((1, 2), 3)])).is_err());
    }
}
