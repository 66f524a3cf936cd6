//! Flyway's file names, script settings and placeholders. Which files there are is `detect`'s to find.

use std::path::Path;

use plimsoll_core::Location;

use super::files::read_text;
use super::name;
use crate::error::{Problem, ProblemKind};

/// What a file name says, without its ending.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// `V1.2__name`.
    Versioned(String),
    /// `U1.2__name`.
    Undo(String),
    /// `R__name`.
    Repeatable,
    /// `B1.2__name`: what an empty database would begin with instead of the migrations before it.
    Baseline,
}

/// What a `.conf` beside a script says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) transaction: Option<bool>,
    pub(super) placeholders: Option<bool>,
}

/// Reads a name; none when it is not Flyway's.
pub(super) fn script(stem: &str) -> Option<Script> {
    if name::is_repeatable(stem) {
        return Some(Script::Repeatable);
    }
    let kind = stem.chars().next().filter(|kind| "VUB".contains(*kind))?;
    let (version, _) = stem[1..].split_once("__").unwrap_or((&stem[1..], ""));
    let version = normal(version)?;
    Some(match kind {
        'V' => Script::Versioned(version),
        'U' => Script::Undo(version),
        _ => Script::Baseline,
    })
}

/// Reads the settings of one script.
pub(super) fn settings(file: &Path, problems: &mut Vec<Problem>) -> Settings {
    let mut settings = Settings::default();
    let Some((_, text)) = read_text(file, problems) else { return settings };
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !is_blank(line)) {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        match (key.trim(), value.trim()) {
            ("executeInTransaction", "true") => settings.transaction = Some(true),
            ("executeInTransaction", "false") => settings.transaction = Some(false),
            ("placeholderReplacement", "true") => settings.placeholders = Some(true),
            ("placeholderReplacement", "false") => settings.placeholders = Some(false),
            ("encoding", value) if value.eq_ignore_ascii_case("utf-8") => {}
            (key, _) => {
                let message = format!("`{key}` is a setting of Flyway that Plimsoll does not follow: take it out");
                let line = u32::try_from(number + 1).unwrap_or(u32::MAX);
                let location = Location { file: file.to_owned(), line, column: 1 };
                problems.push(Problem::new(ProblemKind::Layout, message).at(location));
            }
        }
    }
    settings
}

/// Refuses what Flyway would replace by a value before running the script.
pub(super) fn check_placeholders(file: &Path, sql: &str) -> Result<(), Problem> {
    let Some(offset) = sql.find("${") else { return Ok(()) };
    let placeholder = &sql[offset..sql[offset..].find('}').map_or(offset + 2, |end| offset + end + 1)];
    let message = format!(
        "`{placeholder}` is a placeholder of Flyway, which Plimsoll does not fill: write the value, or put `placeholderReplacement=false` into `{}.conf`",
        file.display()
    );
    Err(Problem::new(ProblemKind::Sql, message).at(Location::of_offset(file, sql, offset)))
}

/// `001_2` and `1.02` are both version 1.2.
fn normal(version: &str) -> Option<String> {
    let part = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let short = part.trim_start_matches('0');
        digits.then(|| if short.is_empty() { "0".to_owned() } else { short.to_owned() })
    };
    let parts: Option<Vec<String>> = version.split(['.', '_']).map(part).collect();
    Some(parts?.join("."))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_normalised() {
        let versioned = |version: &str| Some(Script::Versioned(version.to_owned()));
        assert_eq!(script("V1_2__add_users"), versioned("1.2"));
        assert_eq!(script("V001.02__x"), versioned("1.2"));
        assert_eq!(script("V20240101__x"), versioned("20240101"));
        assert_eq!(script("V1.0__x"), versioned("1.0"));
        assert_eq!(script("U1.2__x"), Some(Script::Undo("1.2".to_owned())));
        assert_eq!((script("R__views"), script("B3__all")), (Some(Script::Repeatable), Some(Script::Baseline)));
    }

    #[test]
    fn other_names_are_not_flyways() {
        for name in ["Views", "V__x", "Vx__y", "R__", "V1._2__x", "0001_V1__x", "v1__x"] {
            assert_eq!(script(name), None, "{name}");
        }
    }

    #[test]
    fn placeholders_are_refused_with_their_place() {
        let problem =
            check_placeholders(Path::new("V1__x.sql"), "SELECT 1;\nSELECT '${who}';").expect_err("is refused");
        assert_eq!(problem.location.as_ref().expect("has a place").to_string(), "V1__x.sql:2:9");
        assert!(problem.message.starts_with("`${who}` is a placeholder of Flyway"), "{problem}");
        assert!(check_placeholders(Path::new("V1__x.sql"), "SELECT $1").is_ok());
    }
}
