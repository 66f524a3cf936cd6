//! What a service asks at its start: is the schema there that I was built for? Only reads; migrating is `apply`'s.

use plimsoll_core::db::Db;
use serde::Serialize;

use crate::error::MigrateError;
use crate::history::History;

/// The schema of a database as far as its history tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaState {
    /// The version that was asked for.
    pub required: String,
    /// The highest version applied.
    pub newest: String,
    /// How many migrations are applied.
    pub applied: usize,
}

/// Checks that a migration is applied. Later ones may be applied as well: during a release the old service still runs.
///
/// # Errors
/// [`MigrateError::SchemaBehind`] when it is not, [`MigrateError::History`] when the database cannot be read.
pub fn check_schema(db: &mut dyn Db, required_version: &str) -> Result<SchemaState, MigrateError> {
    let history = History::read(db)?;
    // By number where versions are numbers of different lengths, by text otherwise.
    let newest =
        history.applied.iter().max_by_key(|version| (version.trim_start_matches('0').len(), version.as_str())).cloned();
    let required = required_version.to_owned();
    match newest {
        Some(newest) if history.applied.contains(required_version) => {
            Ok(SchemaState { required, newest, applied: history.applied.len() })
        }
        newest => Err(MigrateError::SchemaBehind { required, newest }),
    }
}
