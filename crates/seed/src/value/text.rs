//! Texts, and what is written as text: enumerations and sets, days, times, UUIDs, arrays and all types of extensions.

use plimsoll_core::db::Column;
use plimsoll_core::toml_file::nearest;
use serde_json::Value as Json;

use super::{Misfit, array, misfit, precision, time};

/// Choices that are listed in a message.
const LISTED: usize = 8;

/// A text that is not longer than its column.
pub(super) fn text(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let mut text = plain(value);
    if let Some((limit, _)) = precision(&column.declared) {
        if is_called(column, "char") || is_called(column, "character") {
            text.truncate(text.trim_end_matches(' ').len());
        }
        // Bytes are never fewer than characters.
        let length = if text.len() > limit { text.chars().count() } else { 0 };
        if length > limit {
            let declared = column.declared.to_lowercase();
            return Err(Misfit(format!("{length} characters do not fit `{}` of type {declared}", column.name)));
        }
    }
    Ok(Json::String(text))
}

/// A value of a type that has no form of its own in files.
pub(super) fn other(column: &Column, value: &Json) -> Result<Json, Misfit> {
    let wrong = || misfit(column, value);
    if !column.choices.is_empty() {
        return if is_called(column, "set") { set(column, value) } else { choice(column, &plain(value)) }
            .map(Json::String);
    }
    match value {
        Json::String(text) if is_called(column, "uuid") => uuid(text).map(Json::String).ok_or_else(wrong),
        Json::String(text) if is_called(column, "date") => time::date(text).map(Json::String).ok_or_else(wrong),
        Json::String(text) if ["time", "time without time zone"].iter().any(|name| is_called(column, name)) => {
            time::time(column, text).map(Json::String).ok_or_else(wrong)
        }
        Json::Array(items) if array::holds(column) => Ok(Json::String(array::written(items))),
        Json::Array(_) | Json::Object(_) => Ok(Json::String(value.to_string())),
        _ => Ok(Json::String(plain(value))),
    }
}

/// Whether a type has a name, in whatever case, before its size. Asked for every value, so that nothing is copied for it.
fn is_called(column: &Column, name: &str) -> bool {
    column.declared.split('(').next().is_some_and(|called| called.eq_ignore_ascii_case(name))
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One of the choices, in the spelling of the column where its collation does not care about case.
fn choice(column: &Column, text: &str) -> Result<String, Misfit> {
    let loose = column.collation.as_ref().is_some_and(|collation| collation.contains("_ci"));
    let is = |choice: &&String| *choice == text || (loose && choice.to_lowercase() == text.to_lowercase());
    if let Some(choice) = column.choices.iter().find(|choice| *choice == text).or(column.choices.iter().find(is)) {
        return Ok(choice.clone());
    }
    let hint = match nearest(text, column.choices.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let more = if column.choices.len() > LISTED { ", .." } else { "" };
            let listed: Vec<String> = column.choices.iter().take(LISTED).map(|choice| format!("`{choice}`")).collect();
            format!("which takes {}{more}", listed.join(", "))
        }
    };
    let shown = crate::reconcile::show::shorten(text, 40);
    Err(Misfit(format!("`{shown}` is no choice of `{}`, {hint}", column.name)))
}

/// Choices in the order of the column, each once, from a list or a text with commas.
fn set(column: &Column, value: &Json) -> Result<String, Misfit> {
    let texts: Vec<String> = match value {
        Json::Array(items) => items.iter().map(plain).collect(),
        other => plain(other).split(',').filter(|text| !text.is_empty()).map(str::to_owned).collect(),
    };
    let chosen = texts.iter().map(|text| choice(column, text)).collect::<Result<Vec<_>, _>>()?;
    let ordered: Vec<&str> =
        column.choices.iter().filter(|choice| chosen.contains(choice)).map(String::as_str).collect();
    Ok(ordered.join(","))
}

/// Lower case with hyphens; braces and missing hyphens are what some tools write.
fn uuid(text: &str) -> Option<String> {
    let inside = text.trim().trim_start_matches('{').trim_end_matches('}');
    let digits: String = inside.chars().filter(|letter| *letter != '-').collect::<String>().to_lowercase();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Some(parts.join("-"))
}
