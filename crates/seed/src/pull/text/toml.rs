//! TOML: the places of its values, and how a new one is written. What changes is `change`'s to say.

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Kind, Node, Unwritable};

/// The text as places and as a value.
pub(super) fn parse(text: &str) -> Option<(Node, Json)> {
    let table: toml::Table = toml::from_str(text).ok()?;
    let parsed = DeTable::parse(text).ok()?;
    let node = Node { span: parsed.span(), kind: entries(parsed.get_ref(), text) };
    Some((node, crate::map::compile::json(&toml::Value::Table(table))))
}

fn entries(table: &DeTable<'_>, text: &str) -> Kind {
    let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let span = name.span();
        let mut value = node(value, text);
        if let Kind::Object(inner) = &value.kind
            && value.span.start < span.end
            && !text[value.span.clone()].starts_with('[')
        {
            // Of `a.b = 1` the value of `a` is all that follows it.
            let end = inner.iter().map(|entry| entry.value.span.end).max();
            value.span = span.end..end.unwrap_or(span.end);
        }
        Entry { name: name.get_ref().to_string(), span, value }
    };
    Kind::Object(table.iter().map(entry).collect())
}

fn node(value: &Spanned<DeValue<'_>>, text: &str) -> Node {
    let kind = match value.get_ref() {
        DeValue::Array(items) => Kind::Array(items.iter().map(|item| node(item, text)).collect()),
        DeValue::Table(table) => entries(table, text),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            Kind::Scalar
        }
    };
    Node { span: value.span(), kind }
}

/// A value other than a list or a table, in the spelling of the one that it replaces.
pub(super) fn scalar(value: &Json, old: &str, text: &str) -> Result<String, Unwritable> {
    Ok(match value {
        Json::Null => return Err(Unwritable::NoNull),
        Json::String(new) => {
            let was_time =
                old.starts_with(|c: char| c.is_ascii_digit()) && old.parse::<toml::value::Datetime>().is_ok();
            if was_time && new.parse::<toml::value::Datetime>().is_ok() { new.clone() } else { string(new, old, text) }
        }
        Json::Number(number) => super::json::number(number, old),
        other => other.to_string(),
    })
}

/// A name as it stands before `=`.
pub(super) fn name(name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if bare { name.to_owned() } else { basic(name) }
}

/// A text in the quotes of the one that it replaces, where it can be.
fn string(new: &str, old: &str, text: &str) -> String {
    let has_control = |also: &[char]| new.chars().any(|c| c.is_control() && !also.contains(&c));
    let one_kind_of_line = !text.contains("\r\n");
    for quote in ["'''", "\"\"\""] {
        let fits = old.starts_with(quote) && one_kind_of_line && !has_control(&['\n', '\t']);
        let plain = !new.contains(quote) && !new.ends_with(&quote[..1]);
        if fits && plain && (quote == "'''" || !new.contains('\\')) {
            // A line break right after the quotes is not part of the text.
            let lead = if old[quote.len()..].starts_with('\n') || new.starts_with('\n') { "\n" } else { "" };
            return format!("{quote}{lead}{new}{quote}");
        }
    }
    if old.starts_with('\'') && !new.contains('\'') && !has_control(&['\t']) { format!("'{new}'") } else { basic(new) }
}

fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            other => out.push(other),
        }
    }
    out + "\""
}
