//! Changing values inside of a text so that every other byte stays. Which values are changed is decided elsewhere.

mod change;
mod json;
mod toml;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::value::normal;

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Toml,
}

/// A part of a text that is replaced, in bytes of the text before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Splice {
    /// The first byte that goes.
    pub start: usize,
    /// The first byte that stays.
    pub end: usize,
    /// What comes in between.
    pub text: String,
}

/// A value to be put at a place: names and indexes from the root.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    pub(crate) path: Vec<String>,
    pub(crate) value: Json,
}

/// Why a value cannot be put at its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unwritable {
    #[error("the file cannot be read any more")]
    Unreadable,
    #[error("there is nothing at `{0}`")]
    NoPlace(String),
    #[error("`{0}` would have to be two values at once")]
    Twice(String),
    #[error("TOML has no null")]
    NoNull,
    #[error("`{0}` is not written in one piece")]
    Scattered(String),
}

/// A value of a text with its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar,
    Array(Vec<Node>),
    Object(Vec<Entry>),
}

/// A property: the span of its name, and its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    pub(crate) value: Node,
}

/// The splices that put these values into a text.
pub(crate) fn splices(format: Format, text: &str, sets: &[Set]) -> Result<Vec<Splice>, Unwritable> {
    let (node, old) = parse(format, text).ok_or(Unwritable::Unreadable)?;
    let mut new = old.clone();
    let mut ordered: Vec<&Set> = sets.iter().collect();
    ordered.sort_by_key(|set| set.path.len());
    for set in &ordered {
        put(&mut new, &set.path, set.value.clone()).ok_or_else(|| Unwritable::NoPlace(pointer(&set.path)))?;
    }
    // A value may lie inside of another one: both have to hold in the end.
    for set in &ordered {
        if !at(&new, &set.path).is_some_and(|value| equal(value, &set.value)) {
            return Err(Unwritable::Twice(pointer(&set.path)));
        }
    }
    change::changes(format, text, &node, &old, &new)
}

/// A text with its splices made.
pub(crate) fn spliced(text: &str, splices: &[Splice]) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for splice in splices {
        out.push_str(text.get(from..splice.start)?);
        out.push_str(&splice.text);
        from = splice.end;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// The value at a place.
pub(crate) fn at<'a>(value: &'a Json, path: &[String]) -> Option<&'a Json> {
    path.iter().try_fold(value, |value, step| match value {
        Json::Object(entries) => entries.get(step),
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A place as a JSON pointer.
pub(crate) fn pointer(path: &[String]) -> String {
    path.iter().map(|step| format!("/{}", crate::read::document::escaped(step))).collect()
}

/// A JSON pointer as a place.
pub(crate) fn path_of(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// Whether two values mean the same, whatever the spelling of their numbers.
pub(crate) fn equal(a: &Json, b: &Json) -> bool {
    a == b || normal(a) == normal(b)
}

/// Puts a value at a place, whose last steps may be missing.
fn put(value: &mut Json, path: &[String], new: Json) -> Option<()> {
    let Some((step, rest)) = path.split_first() else {
        *value = new;
        return Some(());
    };
    match value {
        Json::Object(entries) => {
            put(entries.entry(step.clone()).or_insert_with(|| Json::Object(serde_json::Map::new())), rest, new)
        }
        Json::Array(items) => put(items.get_mut(step.parse::<usize>().ok()?)?, rest, new),
        _ => None,
    }
}

/// A text as places and as a value; nothing when it is broken.
pub(crate) fn parse(format: Format, text: &str) -> Option<(Node, Json)> {
    match format {
        Format::Json => json::parse(text),
        Format::Toml => toml::parse(text),
    }
}

#[cfg(test)]
mod tests;
