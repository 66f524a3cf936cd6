//! Numbers as they are written: kept exactly, or refused. A number must never be stored as another one.

use serde_json::{Number, Value as Json};

/// Digits of any number that a float keeps; of more it depends on the number.
const DIGITS: usize = 15;

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
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        return true;
    }
    // An integer beyond 64 bits is none any more.
    if !text.contains(['.', 'e', 'E']) {
        return false;
    }
    if text.len() <= DIGITS && !text.contains(['e', 'E']) {
        return true;
    }
    let Ok(float) = text.parse::<f64>() else { return false };
    let digits = digits(text);
    // What programs print: the shortest text that reads as the same number, or 17 digits.
    float.is_finite()
        && (digits == self::digits(&format!("{float:e}")) || digits == self::digits(&format!("{float:.16e}")))
}

/// The digits of a number without zeros that say nothing, and where its point is.
fn digits(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0');
    let place = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let point = place(whole.len()) - place(all.len() - digits.len());
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return (String::new(), 0);
    }
    (digits.to_owned(), point.saturating_add(exponent.parse().unwrap_or(i64::MAX)))
}

pub(super) fn too_long(text: &str) -> String {
    format!("the number {text} has more digits than can be kept, write it in quotes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        let kept = "0 -5 18446744073709551615 9007199254740993 1.10 51.507350000000002 1e3 -0.0 1e23 1.7976931348623157e308 \
                    00012.50 99999999999999.9 0.30000000000000004 123456789012345.60 +1.5e-7";
        for kept in kept.split_whitespace() {
            assert!(is_exact(kept), "{kept}");
        }
        assert_eq!(number("9007199254740993").map(|kept| kept.to_string()).as_deref(), Ok("9007199254740993"));
        let lost = "18446744073709551616 100000000000000000000 0.1234567890123456789 12345678901234567890.5 99999999999999.99 \
                    9007199254740.993 1234567890123456.6 1e400 1e-400 4.35e-324";
        for lost in lost.split_whitespace() {
            assert!(!is_exact(lost), "{lost}");
            assert!(number(lost).is_err(), "{lost}");
        }
    }

    proptest! {
        #[test]
        fn what_programs_print_is_kept(float in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            for text in [format!("{float:e}"), format!("{float:.16e}"), format!("{float:?}")] {
                prop_assert!(is_exact(&text), "{text}");
            }
        }

        #[test]
        fn fifteen_digits_are_kept(digits in 1_u64..1_000_000_000_000_000, point in 0_usize..15) {
            let text = format!("{digits:015}");
            let text = format!("{}.{}", &text[..point], &text[point..]);
            prop_assert!(is_exact(&text) && is_exact(&format!("{text}000")), "{text}");
        }
    }
}
