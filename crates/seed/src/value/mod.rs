//! Canonical values: what a column holds once the engine's and the file's spelling are taken away. Reading rows is `observe`'s.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound};
use plimsoll_core::db::{self, Column, ColumnKind};
use serde_json::{Number, Value as Json};

/// A value that does not fit its column.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misfit(String);

/// JSON with sorted keys and one spelling per number: equal values have equal texts.
pub(crate) fn canonical_text(value: &Json) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

/// The SHA-256 of a text in hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    plimsoll_core::template::sha256_hex(text.as_bytes())
}

/// A short fingerprint that tells an accidental change, many times faster than a cryptographic one (FNV-1a).
pub(crate) fn fingerprint(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// The canonical form of a declared value for its column.
pub(crate) fn canonical(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let wrong = || misfit(column, value);
    match (column.kind, value) {
        (_, Json::Null) if !column.nullable => Err(Misfit(format!("`{}` may not be NULL", column.name))),
        (_, Json::Null) => Ok(Json::Null),
        (ColumnKind::Bool, _) => truth(value).map(Json::Bool).ok_or_else(wrong),
        (ColumnKind::Int, _) => integer(value).ok_or_else(wrong),
        (ColumnKind::Float, _) => float(column, value).ok_or_else(wrong),
        (ColumnKind::Decimal, _) => decimal(column, value).ok_or_else(wrong),
        (ColumnKind::Text, Json::Array(_) | Json::Object(_)) if has_limit(column) => Err(wrong()),
        // Engines without a JSON type keep documents in text columns.
        (ColumnKind::Text, Json::Array(_) | Json::Object(_)) => Ok(normal(value)),
        (ColumnKind::Text, _) => text(column, value),
        (ColumnKind::Json, _) => Ok(normal(value)),
        (ColumnKind::Timestamp, Json::String(text)) => timestamp(column, text).map(Json::String).ok_or_else(wrong),
        (ColumnKind::Timestamp, _) => Err(wrong()),
        (ColumnKind::Bytes, Json::String(_)) => Ok(value.clone()),
        (ColumnKind::Bytes, _) => Err(wrong()),
        (ColumnKind::Other, Json::Array(items)) if column.declared.ends_with("[]") => Ok(Json::String(array(items))),
        (ColumnKind::Other, Json::Array(_) | Json::Object(_)) => Ok(Json::String(value.to_string())),
        (ColumnKind::Other, _) => Ok(Json::String(plain(column, value))),
    }
}

/// The canonical form of a value as the database gave it. What cannot be understood is kept as it is.
pub(crate) fn live(column: &Column, value: db::Value) -> Json {
    let raw = match value {
        db::Value::Null => return Json::Null,
        db::Value::Bool(flag) => Json::Bool(flag),
        db::Value::Int(number) => Json::from(number),
        db::Value::Float(number) => Number::from_f64(number).map_or(Json::Null, Json::Number),
        db::Value::Bytes(bytes) => Json::String(String::from_utf8_lossy(&bytes).into_owned()),
        db::Value::Text(text) if column.kind == ColumnKind::Json => match serde_json::from_str(&text) {
            Ok(json) => json,
            Err(_) => Json::String(text),
        },
        db::Value::Text(text) => Json::String(text),
    };
    canonical(column, &raw).unwrap_or(raw)
}

/// Whether two canonical values are the same.
pub(crate) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        // A document in a text column comes back as its text.
        (Json::Array(_) | Json::Object(_), Json::String(text))
        | (Json::String(text), Json::Array(_) | Json::Object(_)) => {
            let other = if a.is_string() { b } else { a };
            serde_json::from_str::<Json>(text).is_ok_and(|parsed| normal(&parsed) == *other)
        }
        _ => a == b,
    }
}

/// What is bound when a value is written: `declared` as it was declared, in the spelling every engine reads.
pub(crate) fn to_db(column: &Column, declared: &Json) -> Result<db::Value, Misfit> {
    let canonical = canonical(column, declared)?;
    Ok(match (column.kind, canonical) {
        (_, Json::Null) => db::Value::Null,
        (ColumnKind::Json, _) => db::Value::Text(declared.to_string()),
        (_, Json::Bool(flag)) => db::Value::Bool(flag),
        (ColumnKind::Float, number) => {
            // Not the canonical number: that is rounded to what a narrow column can keep.
            db::Value::Float(declared.as_f64().or(number.as_f64()).unwrap_or_default())
        }
        (_, Json::Number(number)) => match number.as_i64() {
            Some(integer) => db::Value::Int(integer),
            None => db::Value::Text(number.to_string()),
        },
        (ColumnKind::Bytes, Json::String(text)) => db::Value::Bytes(text.into_bytes()),
        (ColumnKind::Timestamp, Json::String(text)) if has_zone(column) => db::Value::Text(format!("{text}+00:00")),
        (_, Json::String(text)) => db::Value::Text(text),
        (_, Json::Array(_) | Json::Object(_)) => db::Value::Text(declared.to_string()),
    })
}

fn misfit(column: &Column, value: &Json) -> Misfit {
    let shown = crate::reconcile::show::shorten(&value.to_string(), 40);
    Misfit(format!("{shown} does not fit `{}` of type {}", column.name, column.declared.to_lowercase()))
}

/// Numbers without a fraction become integers, everywhere inside.
pub(crate) fn normal(value: &Json) -> Json {
    match value {
        Json::Number(number) => Json::Number(normal_number(number)),
        Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
        Json::Object(object) => {
            Json::Object(object.iter().map(|(name, value)| (name.clone(), normal(value))).collect())
        }
        other => other.clone(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only integers that a float holds exactly are taken")]
fn normal_number(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

fn write_canonical(value: &Json, out: &mut String) {
    match value {
        Json::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (position, (name, value)) in entries.into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(name.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Json::Number(number) => out.push_str(&normal_number(number).to_string()),
        other => out.push_str(&other.to_string()),
    }
}

fn truth(value: &Json) -> Option<bool> {
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

fn integer(value: &Json) -> Option<Json> {
    match value {
        Json::Number(number) => Some(normal_number(number)).filter(|number| !number.is_f64()).map(Json::Number),
        Json::String(text) => text.parse::<i64>().ok().map(Json::from),
        // Engines without booleans keep them in integer columns.
        Json::Bool(flag) => Some(Json::from(i64::from(*flag))),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a four-byte column rounds in the same way")]
fn float(column: &Column, value: &Json) -> Option<Json> {
    let number = match value {
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let narrow = column.declared == "real" || column.declared.starts_with("float");
    let number = if narrow { f64::from(number as f32) } else { number };
    Number::from_f64(number).map(Json::Number)
}

/// Digits without leading and trailing zeros, checked against the column's precision.
fn decimal(column: &Column, value: &Json) -> Option<Json> {
    let text = match value {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
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
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if let Some((precision, scale)) = precision(&column.declared)
        && (fraction.len() > scale || whole.len() > precision.saturating_sub(scale))
    {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && !(whole == "0" && fraction.is_empty()) { "-" } else { "" };
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(Json::String(format!("{sign}{whole}{dot}{fraction}")))
}

/// `(10,2)` of `numeric(10,2)`; a single number is a precision with scale 0.
fn precision(declared: &str) -> Option<(usize, usize)> {
    let inside = declared.split_once('(')?.1.split_once(')')?.0;
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

fn has_limit(column: &Column) -> bool {
    precision(&column.declared).is_some()
}

fn text(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let mut text = plain(column, value);
    if let Some((limit, _)) = precision(&column.declared) {
        let declared = column.declared.to_lowercase();
        if declared.starts_with("char(") || declared.starts_with("character(") {
            text.truncate(text.trim_end_matches(' ').len());
        }
        let length = text.chars().count();
        if length > limit {
            return Err(Misfit(format!("{length} characters do not fit `{}` of type {declared}", column.name)));
        }
    }
    Ok(Json::String(text))
}

fn plain(column: &Column, value: &Json) -> String {
    match value {
        Json::String(text) if column.declared.eq_ignore_ascii_case("uuid") => text.to_lowercase(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn has_zone(column: &Column) -> bool {
    let declared = column.declared.to_lowercase();
    declared.contains("with time zone") || declared.starts_with("timestamptz")
}

/// In UTC, with a space, and as many digits of a second as the column keeps.
fn timestamp(column: &Column, text: &str) -> Option<String> {
    let iso = text.trim().replacen(' ', "T", 1);
    // PostgreSQL writes `+00` where the standard wants `+00:00`.
    let zoned = match iso.rfind(['+', '-']).filter(|at| *at > 10) {
        Some(at) if iso.len() - at == 3 => format!("{iso}:00"),
        _ => iso.clone(),
    };
    let time = DateTime::parse_from_rfc3339(&zoned)
        .map(|time| time.naive_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(&iso, "%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(&iso, "%Y-%m-%dT%H:%M"))
        .ok()
        .or_else(|| NaiveDate::parse_from_str(&iso, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    let digits = precision(&column.declared).map_or(6, |(digits, _)| digits);
    Some(time.round_subsecs(u16::try_from(digits).unwrap_or(6)).format("%Y-%m-%d %H:%M:%S%.f").to_string())
}

/// An array as PostgreSQL writes it: quoted only where it has to be.
fn array(items: &[Json]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Json::Null => "NULL".to_owned(),
            Json::Bool(flag) => if *flag { "t" } else { "f" }.to_owned(),
            Json::Array(inner) => array(inner),
            Json::String(text) if needs_quotes(text) => {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Json::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || text.contains(|c: char| c.is_ascii_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\'))
}

#[cfg(test)]
mod tests;
