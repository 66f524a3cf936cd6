//! Booleans and numbers: whole ones in the size of their column, decimals by their digits, floats as the column keeps them.

use plimsoll_core::db::{self, Column};
use serde_json::{Number, Value as Json};

use super::{Misfit, misfit, precision};

/// True and false, also as the engines without booleans have them.
pub(super) fn truth(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => match normal_number(number).as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Json::String(text) => match text.as_str() {
            "true" | "t" | "1" => Some(true),
            "false" | "f" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A whole number that fits the size of its column.
pub(super) fn integer(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let number = match value {
        Json::Number(number) => Some(normal_number(number)).filter(|number| !number.is_f64()),
        Json::String(text) => {
            text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok()
        }
        // Engines without booleans keep them in integer columns.
        Json::Bool(flag) => Some(Number::from(i64::from(*flag))),
        _ => None,
    };
    let number = number.ok_or_else(|| misfit(column, value))?;
    let Some(whole) = column.whole else { return Ok(Json::Number(number)) };
    let (least, greatest) = whole.range();
    let wide = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).unwrap_or(i128::MAX);
    if (least..=greatest).contains(&wide) {
        Ok(Json::Number(number))
    } else {
        let declared = column.declared.to_lowercase();
        let message =
            format!("{number} is out of the range of `{}`, {declared} goes from {least} to {greatest}", column.name);
        Err(Misfit(message))
    }
}

/// A float as the column keeps it. What is no number has its name.
#[expect(clippy::cast_possible_truncation, reason = "a four-byte column rounds in the same way")]
pub(super) fn float(column: &Column, value: &Json) -> Option<Json> {
    let number: f64 = match value {
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(of_float(if column.narrow { f64::from(number as f32) } else { number }))
}

/// A float as JSON, which has no words for what is not a number.
pub(super) fn of_float(number: f64) -> Json {
    match Number::from_f64(number) {
        Some(number) => Json::Number(number),
        None if number.is_nan() => Json::String("NaN".to_owned()),
        None => Json::String(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()),
    }
}

/// What is bound for a float.
pub(super) fn bound_float(declared: &Json, canonical: &Json) -> db::Value {
    let text = |value: &Json| value.as_str().and_then(|text| text.trim().parse().ok());
    let number = declared.as_f64().or_else(|| text(declared)).or(canonical.as_f64());
    db::Value::Float(number.unwrap_or_default())
}

/// Digits without leading and trailing zeros, checked against the column's precision.
pub(super) fn decimal(column: &Column, value: &Json) -> Option<Json> {
    let text = match value {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let (sign, whole, fraction) = digits(&text)?;
    if let Some((precision, scale)) = precision(&column.declared)
        && (fraction.len() > scale || whole.len() > precision.saturating_sub(scale))
    {
        return None;
    }
    Some(Json::String(spelled(sign, &whole, &fraction)))
}

/// The one spelling of a number, whatever its type: digits without an exponent and without zeros that say nothing.
pub(super) fn plain(text: &str) -> Option<String> {
    let (sign, whole, fraction) = digits(text)?;
    Some(spelled(sign, &whole, &fraction))
}

/// Integers where a float holds one exactly.
#[expect(clippy::cast_possible_truncation, reason = "only integers that a float holds exactly are taken")]
pub(super) fn normal_number(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

/// Whether it is negative, and the digits before and after the point.
fn digits(text: &str) -> Option<(bool, String, String)> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|power| power.abs() < 1000)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let (whole, fraction) = if point <= 0 {
        (String::new(), format!("{}{digits}", "0".repeat(usize::try_from(-point).ok()?)))
    } else {
        let point = usize::try_from(point).ok()?;
        let padded = format!("{digits:0<point$}");
        (padded[..point].to_owned(), padded[point..].to_owned())
    };
    Some((negative, whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned()))
}

fn spelled(negative: bool, whole: &str, fraction: &str) -> String {
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && !(whole == "0" && fraction.is_empty()) { "-" } else { "" };
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{dot}{fraction}")
}
