//! Where rows come from that are too many to be held at once. What is done with them is the folder's.

use std::fmt::Debug;
use std::sync::Arc;

use plimsoll_core::Location;
use serde_json::Value as Json;

use crate::error::SeedError;

/// A source of rows, all with the same columns: a large file, a generator, or a service's own code.
///
/// The same source gives the same rows in the same order, as often as it is asked.
pub trait RowSource: Debug + Send + Sync {
    /// The columns, in the order of every row's values.
    fn columns(&self) -> &[Arc<str>];

    /// How many rows there are, where that is known without reading them.
    fn expected(&self) -> Option<u64>;

    /// Gives every row in order, one value for each column. Stops at the first error, also one of `visit`.
    ///
    /// # Errors
    /// What cannot be read, with its place, and whatever `visit` gives.
    fn each(&self, visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>) -> Result<(), SeedError>;

    /// Whether values are texts as somebody typed them, so that a column of JSON takes them as JSON.
    fn is_text(&self) -> bool {
        false
    }

    /// Where the columns are named, for messages about them.
    fn header(&self) -> Location {
        Location { line: 1, column: 1, ..self.place(0) }
    }

    /// The place of a row, counted from 0, for messages about it.
    fn place(&self, row: u64) -> Location;

    /// A fingerprint of everything the rows depend on: equal fingerprints, equal rows.
    ///
    /// # Errors
    /// When a file cannot be read.
    fn fingerprint(&self) -> Result<String, SeedError>;
}
