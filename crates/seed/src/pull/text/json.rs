//! JSON: the places of its values, and how a new one is written. What changes is `change`'s to say.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::Value as Json;

use super::{Entry, Kind, Node};

/// The text as places and as a value.
pub(super) fn parse(text: &str) -> Option<(Node, Json)> {
    let json = serde_json::from_str(text).ok()?;
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default()).ok()?;
    Some((node(parsed.value?), json))
}

fn node(value: ast::Value<'_>) -> Node {
    let range = value.range();
    let kind = match value {
        ast::Value::Object(object) => Kind::Object(object.properties.into_iter().map(entry).collect()),
        ast::Value::Array(array) => Kind::Array(array.elements.into_iter().map(node).collect()),
        ast::Value::StringLit(_)
        | ast::Value::NumberLit(_)
        | ast::Value::BooleanLit(_)
        | ast::Value::NullKeyword(_) => Kind::Scalar,
    };
    Node { span: range.start..range.end, kind }
}

fn entry(property: ast::ObjectProp<'_>) -> Entry {
    let range = property.name.range();
    let name = property.name.into_string();
    Entry { name, span: range.start..range.end, value: node(property.value) }
}

/// A text in quotes; `ascii` escapes everything else, as the rest of the file does.
pub(super) fn string(text: &str, ascii: bool) -> String {
    let quoted = Json::from(text).to_string();
    if !ascii {
        return quoted;
    }
    let mut out = String::with_capacity(quoted.len());
    for c in quoted.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// A number, with as many digits after the point as the one that it replaces, where there was a point.
pub(super) fn number(number: &serde_json::Number, old: &str) -> String {
    let text = number.to_string();
    let plain = |text: &str| !text.contains(['e', 'E']);
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if !plain(old) || !plain(&text) || decimals(old) == 0 {
        return text.strip_suffix(".0").map(str::to_owned).unwrap_or(text);
    }
    let missing = decimals(old).saturating_sub(decimals(&text));
    let point = if text.contains('.') { "" } else { "." };
    format!("{text}{point}{}", "0".repeat(missing))
}
