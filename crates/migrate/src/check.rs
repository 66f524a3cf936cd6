//! What a service asks at its start: is the schema there that I was built for? Only reads; migrating is `apply`'s.

use plimsoll_core::db::Db;
use serde::Serialize;

use crate::error::MigrateError;
use crate::history::History;
use crate::squash;

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
    let newest = history.applied.iter().max_by_key(|version| place(version)).cloned();
    let required = required_version.to_owned();
    match newest {
        Some(newest) if is_applied(&history, required_version) => {
            Ok(SchemaState { required, newest, applied: history.applied.len() })
        }
        newest => Err(MigrateError::SchemaBehind { required, newest }),
    }
}

/// By its version or by the other one that a Prisma folder is known by: its name, or what comes before the first `_`.
fn is_applied(history: &History, version: &str) -> bool {
    let short = version.split('_').next().unwrap_or_default();
    let by_name = history.record(short).is_some_and(|record| record.name == version);
    if history.applied.contains(version) || (history.applied.contains(short) && by_name) {
        return true;
    }
    // A database that was made from a baseline has what the baseline replaces, and keeps its text.
    let scripts = history.applied.iter().filter_map(|applied| history.record(applied)?.script.as_deref());
    if scripts.flat_map(squash::replaced_by).any(|replaced| replaced.version == version) {
        return true;
    }
    let is_date = version.len() >= "YYYYMMDD".len() && version.bytes().all(|byte| byte.is_ascii_digit());
    let begins = |name: &&String| name.strip_prefix(version).is_some_and(|rest| rest.starts_with('_'));
    is_date && history.applied.iter().filter(begins).count() == 1
}

/// By number where versions begin with numbers of different lengths, by text otherwise.
fn place(version: &str) -> (Vec<(usize, &str)>, &str) {
    let digits = version.split(['.', '_']).map_while(|part| part.bytes().all(|b| b.is_ascii_digit()).then_some(part));
    let numbers = digits.map(|part| part.trim_start_matches('0')).map(|part| (part.len(), part));
    (numbers.collect(), version)
}

#[cfg(test)]
mod tests {
    use plimsoll_core::db::Engine;

    use super::*;

    fn history(applied: &[&str]) -> History {
        let mut history = History::empty(Engine::Sqlite);
        history.applied = applied.iter().map(|version| (*version).to_owned()).collect();
        history
    }

    #[test]
    fn a_folder_of_prisma_is_found_by_its_date_when_one_alone_has_it() {
        let one = history(&["20260101_a", "20260102_b"]);
        assert!(is_applied(&one, "20260102") && is_applied(&one, "20260102_b"));
        assert!(!is_applied(&one, "20260102_c") && !is_applied(&one, "2026010"));
        assert!(!is_applied(&history(&["20260102_b", "20260102_c"]), "20260102"));
        assert!(!is_applied(&history(&["20260102"]), "20260102_b"), "nobody says which folder that was");
    }

    #[test]
    fn the_newest_version_is_found_among_numbers_and_texts() {
        let newest = |versions: &[&'static str]| versions.iter().copied().max_by_key(|version| place(version));
        assert_eq!(newest(&["10", "9"]), Some("10"));
        assert_eq!(newest(&["1.9", "1.10"]), Some("1.10"));
        assert_eq!(newest(&["20260101_much_longer", "20260102_b"]), Some("20260102_b"));
    }
}
