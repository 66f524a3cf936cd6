//! The body of a request or an expected one: JSON, XML, texts between marks, files. Where it goes is the caller's.

use serde_json::Value;

use super::lines::{Kind, Lines};
use super::token::language;
use super::variables::Variables;
use crate::import::Remarks;
use crate::import::draft::Draft;
use crate::import::text::string;
use crate::model::Body;

/// A body as it was found.
pub(super) enum Found {
    Json { text: String, value: Option<Value> },
    Text { text: String, media_type: Option<&'static str> },
    File(String),
    Bytes,
}

/// Whether a line begins a body.
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_start();
    let field = line.starts_with("{{") && line.split_once("}}").is_some_and(|(_, rest)| rest.starts_with(':'));
    let binary = ["file,", "base64,", "hex,"].iter().any(|prefix| line.starts_with(prefix));
    let scalar = line.parse::<f64>().is_ok() || matches!(line.trim_end(), "true" | "false" | "null");
    !field && (line.starts_with(['{', '[', '<', '`', '"']) || binary || scalar)
}

/// Reads the body of a request.
pub(super) fn read(lines: &mut Lines<'_>, draft: &mut Draft, variables: &mut Variables, remarks: &mut Remarks) {
    let number = lines.peek().map_or(0, |(number, _)| number);
    if draft.request.body.is_some() {
        remarks.left_out(number, "this body, because there is another one");
        take(lines, variables);
        return;
    }
    match take(lines, variables) {
        Found::Json { text, value } => draft.json(text, value),
        Found::Text { text, media_type } => {
            draft.request.body = Some(Body::Text(text));
            if let Some(media_type) = media_type {
                draft.default_header("content-type", media_type);
            }
        }
        Found::File(path) => {
            remarks.note(number, "files are looked for in the project's root");
            draft.request.body = Some(Body::File(path));
        }
        Found::Bytes => remarks.left_out(number, "a body of bytes: put it into a file and name that in `file`"),
    }
}

/// Takes a body off the lines.
pub(super) fn take(lines: &mut Lines<'_>, variables: &mut Variables) -> Found {
    let first = lines.peek().map(|(_, line)| line.trim().to_owned()).unwrap_or_default();
    if first.starts_with("```") {
        let whole = lines.next_whole().map(|(_, whole)| whole.trim().to_owned()).unwrap_or_default();
        let inner = whole.trim_start_matches("```").split("```").next().unwrap_or_default();
        return marked(inner, variables);
    }
    if let Some(inner) = first.strip_prefix('`') {
        lines.next();
        let text = inner.split('`').next().unwrap_or_default();
        return Found::Text { text: variables.marked(text), media_type: None };
    }
    if let Some(path) = first.strip_prefix("file,") {
        lines.next();
        return Found::File(variables.marked(path.split(';').next().unwrap_or_default().trim()));
    }
    if first.starts_with("base64,") || first.starts_with("hex,") {
        while let Some((_, line)) = lines.next() {
            if line.contains(';') {
                break;
            }
        }
        return Found::Bytes;
    }
    let xml = first.starts_with('<');
    let mut raw = String::new();
    while let Some((_, line)) = lines.peek() {
        let ends = matches!(Kind::of(line), Kind::Response(_) | Kind::Method(..) | Kind::Section(_));
        if !raw.is_empty() && (ends || (!xml && is_whole(&raw))) {
            break;
        }
        raw.push_str(line);
        raw.push('\n');
        lines.next();
    }
    if xml {
        // Blank lines and comments of Hurl's after it.
        let end = raw.rfind('>').map_or(raw.len(), |at| at + 1);
        return Found::Text { text: variables.marked(&raw[..end]), media_type: Some("application/xml") };
    }
    json(raw.trim(), variables)
}

fn marked(inner: &str, variables: &mut Variables) -> Found {
    let (kind, text) = language(inner);
    match kind.split(',').next().unwrap_or_default().trim() {
        "json" => json(text.trim(), variables),
        "graphql" if text.trim_start().starts_with("variables") || text.contains("\nvariables") => Found::Bytes,
        "graphql" => {
            let value = serde_json::json!({"query": variables.marked(text.trim_end())});
            Found::Json { text: value.to_string(), value: Some(value) }
        }
        "xml" => Found::Text { text: variables.marked(text), media_type: Some("application/xml") },
        _ => Found::Text { text: variables.marked(text), media_type: None },
    }
}

/// JSON in which variables stand in strings, or in the place of values.
fn json(raw: &str, variables: &mut Variables) -> Found {
    let mut quoted = String::with_capacity(raw.len());
    let (mut inside, mut escaped) = (false, false);
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        let variable = rest.strip_prefix("{{").and_then(|inner| inner.split_once("}}"));
        if let (false, Some((name, after))) = (inside, variable)
            && name.trim().chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_'))
            && !name.trim().is_empty()
        {
            quoted.push_str(&Value::from(format!("{TYPED}{}", name.trim())).to_string());
            rest = after;
            continue;
        }
        if character == '"' && !escaped {
            inside = !inside;
        }
        escaped = character == '\\' && !escaped;
        quoted.push(character);
        rest = &rest[character.len_utf8()..];
    }
    let value = serde_json::from_str::<Value>(&quoted).ok().map(|value| filled(value, variables));
    Found::Json { text: variables.marked(raw), value }
}

/// Before the name of a variable that stands for a value of any type.
const TYPED: &str = "\u{fdd2}";

fn filled(value: Value, variables: &mut Variables) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(TYPED) {
            Some(name) => {
                let meaning = variables.variable(name);
                // What the file gave it is a text that may be JSON.
                if crate::import::text::has_mark(&meaning) {
                    Value::String(meaning)
                } else {
                    serde_json::from_str(&meaning).unwrap_or(Value::String(meaning))
                }
            }
            None => Value::String(string(variables.marked(&text))),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(|item| filled(item, variables)).collect()),
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(name, entry)| (name, filled(entry, variables))).collect())
        }
        other => other,
    }
}

/// Whether all brackets and strings have ended.
fn is_whole(text: &str) -> bool {
    let (mut depth, mut inside, mut escaped) = (0_i64, false, false);
    for character in text.chars() {
        match character {
            '"' if !escaped => inside = !inside,
            '{' | '[' if !inside => depth += 1,
            '}' | ']' if !inside => depth -= 1,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
    }
    depth <= 0 && !inside
}
