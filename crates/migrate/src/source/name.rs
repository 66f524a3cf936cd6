//! What the name of a migration says about its version. The order of versions is `order`'s.

use std::path::Path;

use crate::error::{Problem, ProblemKind};

/// The size of the version column of diesel's history table, in characters.
pub(super) const LONGEST_VERSION: usize = 50;

/// The size of the ledger's version column on MySQL, in characters.
pub(super) const LONGEST_REPEATABLE: usize = 191;

/// The version of a folder: diesel's rule.
pub(super) fn version(name: &str) -> Option<String> {
    let version = name.split('_').next().unwrap_or_default().replace('-', "");
    (!version.is_empty() && version.starts_with(|c: char| c.is_alphanumeric())).then_some(version)
}

/// The version of a Prisma folder: its whole name, which is what Prisma tells it by; several folders may share the part before
/// the first `_`. Names that the history table could not hold keep diesel's rule.
pub(super) fn prisma_version(name: &str) -> Option<String> {
    let by_rule = version(name)?;
    Some(if name.chars().count() <= LONGEST_VERSION { name.to_owned() } else { by_rule })
}

/// The version of a flat file: diesel's rule where that gives a number, the leading digits otherwise (`0001-name.sql`).
pub(super) fn flat_version(stem: &str) -> Option<String> {
    let by_rule = version(stem)?;
    if by_rule.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(by_rule);
    }
    leading_digits(stem)
}

/// The digits a name begins with, as written.
pub(super) fn leading_digits(stem: &str) -> Option<String> {
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// Whether a file is to be run again whenever it changes: Flyway's prefix, which flat files may have as well.
pub(super) fn is_repeatable(stem: &str) -> bool {
    stem.strip_prefix("R__").is_some_and(|description| !description.is_empty())
}

pub(super) fn problem(path: &Path) -> Problem {
    let message = format!("`{}` has no version in its name: write `0001_what_it_does`", path.display());
    Problem::new(ProblemKind::Layout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_diesels_rule() {
        assert_eq!(version("2024-03-01-120000_create_users").as_deref(), Some("20240301120000"));
        assert_eq!(version("_x"), None);
        assert_eq!(flat_version("0001-init").as_deref(), Some("0001"));
        assert_eq!(flat_version("init"), None);
    }

    #[test]
    fn a_prisma_folder_is_known_by_its_whole_name_where_that_fits() {
        assert_eq!(prisma_version("20251026_vector_merge").as_deref(), Some("20251026_vector_merge"));
        assert_eq!(prisma_version(&format!("20251026_{}", "x".repeat(42))).as_deref(), Some("20251026"));
        assert_eq!(prisma_version("_x"), None);
    }
}
