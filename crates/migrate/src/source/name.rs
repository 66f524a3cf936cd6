//! What the name of a migration says about its version and place. Which files are migrations is `detect`'s.

use std::path::Path;

use super::Layout;
use crate::error::{Problem, ProblemKind};

/// The size of the version column of diesel's history table, in characters.
pub(super) const LONGEST_VERSION: usize = 50;

/// The version of a folder: diesel's rule.
pub(super) fn version(name: &str) -> Option<String> {
    let version = name.split('_').next().unwrap_or_default().replace('-', "");
    (!version.is_empty() && version.starts_with(|c: char| c.is_alphanumeric())).then_some(version)
}

/// The version of a flat file: diesel's rule where that gives a number, the leading digits otherwise (`0001-name.sql`).
pub(super) fn flat_version(stem: &str) -> Option<String> {
    let by_rule = version(stem)?;
    if by_rule.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(by_rule);
    }
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// Where a version stands among the others: numbers of flat files and embedded texts by value, so that 10 comes after 9, all
/// others by text.
pub(crate) fn position(layout: Layout, version: &str) -> (usize, &str) {
    let by_text = matches!(layout, Layout::Diesel | Layout::Prisma);
    if by_text || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return (0, version);
    }
    let number = version.trim_start_matches('0');
    (number.len(), number)
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
    fn flat_versions_are_numbers() {
        assert!(position(Layout::Flat, "9") < position(Layout::Flat, "10"));
        assert_eq!(position(Layout::Flat, "01"), position(Layout::Flat, "1"));
        assert!(position(Layout::Diesel, "9") > position(Layout::Diesel, "10"));
    }
}
