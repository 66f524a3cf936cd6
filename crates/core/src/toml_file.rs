//! Reading TOML files so that every mistake has a file, a line, a column and, for keys, a suggestion. Meaning is the caller's.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::{Coded, ErrorCode, Location};

/// A TOML file that cannot be read or does not say what it should.
#[derive(Debug, thiserror::Error)]
pub enum TomlError {
    /// The file cannot be read.
    #[error("cannot read `{}`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML, or a value has the wrong shape.
    #[error("{message}")]
    Invalid {
        /// What is wrong, in a phrase.
        message: String,
        /// Where.
        at: Location,
        /// Whether the text is TOML at all.
        code: ErrorCode,
    },
    /// A key that this place does not have.
    #[error("unknown key `{key}`{}", suggestion.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The nearest key that exists here.
        suggestion: Option<String>,
        /// The keys that exist here.
        known: Vec<String>,
        /// Where.
        at: Location,
    },
}

impl Coded for TomlError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable { .. } => ErrorCode::FileUnreadable,
            Self::Invalid { code, .. } => *code,
            Self::UnknownKey { .. } => ErrorCode::UnknownKey,
        }
    }

    fn location(&self) -> Option<&Location> {
        match self {
            Self::Unreadable { .. } => None,
            Self::Invalid { at, .. } | Self::UnknownKey { at, .. } => Some(at),
        }
    }
}

/// Reads a file as text, without a byte order mark.
///
/// # Errors
/// [`TomlError::Unreadable`].
pub fn read_text(file: &Path) -> Result<String, TomlError> {
    let text =
        std::fs::read_to_string(file).map_err(|source| TomlError::Unreadable { file: file.to_owned(), source })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Parses the text of a TOML file. `file` is only named in errors.
///
/// # Errors
/// [`TomlError::Invalid`] and [`TomlError::UnknownKey`], both with the place.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, TomlError> {
    toml::from_str(text).map_err(|error| explain(file, text, &error))
}

/// The candidate nearest to a misspelt name, when one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            let length = candidate.chars().count().max(name.chars().count());
            // Names of one letter have nothing in common.
            *distance <= length.div_ceil(3) && *distance < length
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn explain(file: &Path, text: &str, error: &toml::de::Error) -> TomlError {
    let at = Location::of_offset(file, text, error.span().map_or(0, |span| span.start));
    let message = error.message();
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((key, rest)) = rest.split_once('`')
    {
        // serde lists the fields it would have taken in backticks, every second piece of the split.
        let known: Vec<String> = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let suggestion = nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
        return TomlError::UnknownKey { key: key.to_owned(), suggestion, known, at };
    }
    let code = match text.parse::<toml::Table>() {
        Ok(_) => ErrorCode::InvalidValue,
        Err(_) => ErrorCode::Syntax,
    };
    TomlError::Invalid { message: plainly(&message.trim_end().replace('\n', ", ")), at, code }
}

/// serde's words for people who write TOML.
fn plainly(message: &str) -> String {
    if let Some((value, expected)) =
        message.strip_prefix("unknown variant `").and_then(|rest| rest.split_once("`, expected "))
    {
        let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        return match nearest(value, known.iter().copied()) {
            Some(near) => format!("unknown value `{value}`, did you mean `{near}`?"),
            None => format!("unknown value `{value}`, there are `{}`", known.join("`, `")),
        };
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return format!("{field} is missing");
    }
    match message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => {
            let expected = expected.replace("a sequence", "a list").replace("a map", "a table");
            format!("expected {expected}, found {}", found.replace("string ", "the text "))
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(rename = "path")]
        _path: String,
        #[serde(rename = "lock_timeout")]
        _lock_timeout: Option<String>,
    }

    fn error_of(text: &str) -> TomlError {
        parse::<Sample>(Path::new("a.toml"), text).expect_err("the text is wrong")
    }

    #[test]
    fn a_misspelt_key_is_answered_with_the_nearest_one() {
        let error = error_of("path = 'x'\nlock_timout = '3s'\n");
        assert_eq!(error.to_string(), "unknown key `lock_timout`, did you mean `lock_timeout`?");
        assert_eq!(error.location().map(ToString::to_string).as_deref(), Some("a.toml:2:1"));
    }

    #[test]
    fn broken_toml_has_line_and_column() {
        let error = error_of("path = 'x'\nlock_timeout = \n");
        assert_eq!(error.code(), ErrorCode::Syntax);
        assert_eq!(error.location().map(|at| at.line), Some(2));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_a_syntax_error() {
        let error = error_of("path = 3\n");
        assert_eq!(error.code(), ErrorCode::InvalidValue);
        assert_eq!(error.location().map(ToString::to_string).as_deref(), Some("a.toml:1:8"));
    }

    #[test]
    fn nothing_is_suggested_for_a_name_that_is_like_no_other() {
        assert_eq!(nearest("zebra", ["path", "lock_timeout"]), None);
    }
}
