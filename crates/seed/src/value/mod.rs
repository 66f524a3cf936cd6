//! Canonical values: what a column holds once the engine's and the file's spelling are taken away. One file a family of types;
//! reading rows is `observe`'s, types that only the database can spell are `spelling`'s.

mod array;
mod bytes;
mod key;
mod neutral;
mod number;
pub(crate) mod secret;
pub(crate) mod spelling;
mod text;
mod time;

use std::borrow::Cow;
use std::io::{self, Write};

use plimsoll_core::db::{self, Column, ColumnKind};
use serde_json::Value as Json;

pub use key::RowKey;
pub(crate) use neutral::neutral;
use number::normal_number;
pub(crate) use time::has_zone;

/// A value that does not fit its column.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misfit(String);

/// JSON with sorted keys and one spelling per number: equal values have equal texts.
pub(crate) fn canonical_text(value: &Json) -> String {
    let mut out = Vec::new();
    write_canonical(value, &mut out);
    text(out)
}

/// As [`canonical_text`], of an object with these properties. Of two with the same name the later one counts.
pub(crate) fn canonical_object(mut properties: Vec<(&str, &Json)>) -> String {
    let mut out = Vec::new();
    write_object(&mut properties, &mut out);
    text(out)
}

/// The SHA-256 of a text in hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    plimsoll_core::template::sha256_hex(text.as_bytes())
}

/// A short fingerprint that tells an accidental change, many times faster than a cryptographic one (FNV-1a).
pub(crate) fn fingerprint(text: &str) -> String {
    let mut hash = Fnv::default();
    hash.add(text.as_bytes());
    hash.text()
}

/// The [`fingerprint`] of a [`canonical_object`], whose text is made nowhere.
pub(crate) fn object_fingerprint(mut properties: Vec<(&str, &Json)>) -> String {
    let mut hash = Fnv::default();
    write_object(&mut properties, &mut hash);
    hash.text()
}

/// FNV-1a, of all that is written.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }

    fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}

impl Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a value fits its column: its canonical form, or the document that it is, which always does.
pub(crate) fn fits<'v>(column: &Column, value: &'v Json) -> Result<Cow<'v, Json>, Misfit> {
    match (column.kind, value) {
        (ColumnKind::Json, Json::Array(_) | Json::Object(_)) => Ok(Cow::Borrowed(value)),
        (ColumnKind::Text, Json::Array(_) | Json::Object(_)) if !has_limit(column) => Ok(Cow::Borrowed(value)),
        _ => canonical(column, value).map(Cow::Owned),
    }
}

/// The canonical form of a declared value for its column.
pub(crate) fn canonical(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let wrong = || misfit(column, value);
    match (column.kind, value) {
        (_, Json::Null) if !column.nullable => Err(Misfit(format!("`{}` may not be NULL", column.name))),
        (_, Json::Null) => Ok(Json::Null),
        (ColumnKind::Bool, _) => number::truth(value).map(Json::Bool).ok_or_else(wrong),
        (ColumnKind::Int, _) => number::integer(column, value),
        (ColumnKind::Float, _) => number::float(column, value).ok_or_else(wrong),
        (ColumnKind::Decimal, _) => number::decimal(column, value).ok_or_else(wrong),
        (ColumnKind::Text, Json::Array(_) | Json::Object(_)) if has_limit(column) => Err(wrong()),
        // Engines without a JSON type keep documents in text columns.
        (ColumnKind::Text, Json::Array(_) | Json::Object(_)) => Ok(normal(value)),
        (ColumnKind::Text, _) => text::text(column, value),
        (ColumnKind::Json, _) => Ok(normal(value)),
        (ColumnKind::Timestamp, Json::String(text)) => {
            time::timestamp(column, text).map(Json::String).ok_or_else(wrong)
        }
        (ColumnKind::Timestamp, _) => Err(wrong()),
        (ColumnKind::Bytes, Json::String(text)) => {
            let bytes = bytes::of_text(text).ok_or_else(wrong)?;
            Ok(Json::String(bytes::shown(&bytes::kept(column, bytes))))
        }
        (ColumnKind::Bytes, _) => Err(wrong()),
        (ColumnKind::Other, _) => text::other(column, value),
    }
}

/// The canonical form of a value as the database gave it. What cannot be understood is kept as it is.
pub(crate) fn live(column: &Column, value: db::Value) -> Json {
    let raw = match value {
        db::Value::Null => return Json::Null,
        db::Value::Bool(flag) => Json::Bool(flag),
        db::Value::Int(number) => Json::from(number),
        db::Value::Float(number) => number::of_float(number),
        db::Value::Bytes(bytes) if column.kind == ColumnKind::Bytes => {
            return Json::String(bytes::shown(&bytes::kept(column, bytes)));
        }
        db::Value::Bytes(bytes) => Json::String(bytes::shown(&bytes)),
        db::Value::Text(text) if column.kind == ColumnKind::Bytes => {
            return Json::String(bytes::shown(&bytes::kept(column, text.into_bytes())));
        }
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
        // Not the canonical number: that is rounded to what a narrow column can keep.
        (ColumnKind::Float, canonical) => number::bound_float(declared, &canonical),
        (_, Json::Number(number)) => match number.as_i64() {
            Some(integer) => db::Value::Int(integer),
            None => db::Value::Text(number.to_string()),
        },
        (ColumnKind::Bytes, Json::String(text)) => {
            db::Value::Bytes(bytes::padded(column, bytes::of_text(&text).unwrap_or_default()))
        }
        // What is at no time at all has no zone either.
        (ColumnKind::Timestamp, Json::String(text)) if time::has_zone(column) && !text.ends_with("infinity") => {
            db::Value::Text(format!("{text}+00:00"))
        }
        (_, Json::String(text)) => db::Value::Text(text),
        (_, Json::Array(_) | Json::Object(_)) => db::Value::Text(declared.to_string()),
    })
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

fn misfit(column: &Column, value: &Json) -> Misfit {
    let shown = crate::reconcile::show::shorten(&value.to_string(), 40);
    Misfit(format!("{shown} does not fit `{}` of type {}", column.name, column.declared.to_lowercase()))
}

/// Writes the canonical text of a value.
pub(crate) fn write_canonical(value: &Json, out: &mut impl Write) {
    match value {
        Json::Object(object) => {
            let mut properties: Vec<_> = object.iter().map(|(name, value)| (name.as_str(), value)).collect();
            write_object(&mut properties, out);
        }
        Json::Array(items) => {
            put("[", out);
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    put(",", out);
                }
                write_canonical(item, out);
            }
            put("]", out);
        }
        Json::Number(number) => write_json(&normal_number(number), out),
        Json::String(text) => write_json(text, out),
        Json::Bool(flag) => write_json(flag, out),
        Json::Null => put("null", out),
    }
}

fn write_object(properties: &mut [(&str, &Json)], out: &mut impl Write) {
    properties.sort_by(|a, b| a.0.cmp(b.0));
    put("{", out);
    let mut is_first = true;
    for (position, (name, value)) in properties.iter().enumerate() {
        if properties.get(position + 1).is_some_and(|next| next.0 == *name) {
            continue;
        }
        if !std::mem::replace(&mut is_first, false) {
            put(",", out);
        }
        write_json(name, out);
        put(":", out);
        write_canonical(value, out);
    }
    put("}", out);
}

fn put(text: &str, out: &mut impl Write) {
    out.write_all(text.as_bytes()).unwrap_or_default();
}

/// Writes what JSON is made of. Only a value with keys that are no texts could fail: vectors and hashes take everything.
pub(crate) fn write_json(part: &(impl serde::Serialize + ?Sized), out: &mut impl Write) {
    serde_json::to_writer(out, part).unwrap_or_default();
}

fn text(json: Vec<u8>) -> String {
    // JSON is UTF-8, and what is checked here at the speed of memory is never replaced.
    String::from_utf8(json).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// `(10,2)` of `numeric(10,2)`; a single number is a precision with scale 0.
pub(crate) fn precision(declared: &str) -> Option<(usize, usize)> {
    let inside = declared.split_once('(')?.1.split_once(')')?.0;
    let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

fn has_limit(column: &Column) -> bool {
    precision(&column.declared).is_some()
}

#[cfg(test)]
mod tests;
