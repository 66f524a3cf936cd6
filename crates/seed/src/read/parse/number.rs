//! Numbers as they are written: kept exactly, or refused. A number must never be stored as another one.

use serde_json::{Number, Value as Json};

/// Digits that a float keeps when it is read and printed again.
const DIGITS: usize = 17;

/// Why a number cannot be kept.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Lossy(String);

/// A decimal number of JSON, YAML or TOML.
pub(super) fn number(text: &str) -> Result<Json, Lossy> {
    if let Ok(integer) = text.parse::<i64>() {
        return Ok(Json::from(integer));
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Ok(Json::from(integer));
    }
    if !is_exact(text) {
        return Err(Lossy(too_long(text)));
    }
    text.parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .map(Json::Number)
        .ok_or_else(|| Lossy(format!("`{text}` is not a number")))
}

/// Whether reading a number as an integer or a float keeps all of its digits.
pub(super) fn is_exact(text: &str) -> bool {
    if text.len() <= DIGITS || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let whole = !text.contains(['.', 'e', 'E']);
    // Zeros at either end say nothing, but an integer beyond 64 bits is none any more.
    !whole && digits.trim_matches('0').len() <= DIGITS
}

pub(super) fn too_long(text: &str) -> String {
    format!("the number {text} has more digits than can be kept, write it in quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        for kept in ["0", "-5", "18446744073709551615", "9007199254740993", "1.10", "51.507350000000002", "1e3"] {
            assert!(is_exact(kept), "{kept}");
        }
        assert_eq!(number("9007199254740993").map(|kept| kept.to_string()).as_deref(), Ok("9007199254740993"));
        for lost in ["18446744073709551616", "0.1234567890123456789", "12345678901234567890.5"] {
            assert!(!is_exact(lost), "{lost}");
            assert!(number(lost).is_err());
        }
    }
}
