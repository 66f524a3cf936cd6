//! JSON and JSON lines, more strictly than usual: a property that is there twice is a fault. Schemas are `schema`'s.

use std::fmt;

use jsonc_parser::ast;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value as Json};

use super::{Fault, Inner, Node, Parsed, number};

/// Reads values in which no property is there twice: of two, a parser would silently keep one. What belongs to an object or list
/// waits until its end, so that it takes no more memory than it has to: documents stay as long as their rows.
#[derive(Default)]
struct Reader {
    fields: Vec<(String, Json)>,
    items: Vec<Json>,
    /// Whether any number is no whole one of 64 bits: others are exact.
    has_floats: bool,
}

pub(super) fn parse(text: &str) -> Result<Parsed, Fault> {
    let json = value(text)?;
    Ok(Parsed { json, places: None, ..Parsed::default() })
}

/// One value a line; lines that are empty do not count.
pub(super) fn parse_lines(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let (mut values, mut nodes, mut offset) = (Vec::new(), Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            match value(line) {
                Ok(json) => {
                    values.push(json);
                    let mut node = places(line).unwrap_or_else(|| Node::leaf(0));
                    node.shift(offset);
                    nodes.push(node);
                }
                Err(fault) => parsed.faults.push(Fault { offset: offset + fault.offset, ..fault }),
            }
        }
        offset += line.len();
    }
    parsed.json = Json::Array(values);
    parsed.places = Some(Node { offset: 0, inner: Inner::Items(nodes) });
    parsed
}

pub(super) fn places(text: &str) -> Option<Node> {
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default()).ok()?;
    parsed.value.as_ref().map(node)
}

/// One value, in which nothing is lost.
pub(super) fn value(text: &str) -> Result<Json, Fault> {
    let mut source = serde_json::Deserializer::from_str(text);
    let mut reader = Reader::default();
    let json = reader.deserialize(&mut source).and_then(|json| source.end().map(|()| json));
    let json = json.map_err(|error| broken(text, &error))?;
    match Some(text).filter(|_| reader.has_floats).and_then(inexact) {
        Some((offset, number)) => Err(Fault::new(offset, number::too_long(number))),
        None => Ok(json),
    }
}

fn node(value: &ast::Value<'_>) -> Node {
    use jsonc_parser::common::Ranged;
    let inner = match value {
        ast::Value::Object(object) => Inner::Fields(
            object
                .properties
                .iter()
                .map(|property| {
                    let value = Node { offset: property.range.start, ..node(&property.value) };
                    (property.name.as_str().to_owned(), value)
                })
                .collect(),
        ),
        ast::Value::Array(array) => Inner::Items(array.elements.iter().map(node).collect()),
        ast::Value::StringLit(_)
        | ast::Value::NumberLit(_)
        | ast::Value::BooleanLit(_)
        | ast::Value::NullKeyword(_) => Inner::Leaf,
    };
    Node { offset: value.range().start, inner }
}

fn broken(text: &str, error: &serde_json::Error) -> Fault {
    // serde_json appends its place to the text; ours counts characters and carries the file.
    let told = error.to_string();
    let message = told.split(" at line ").next().unwrap_or(&told);
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let mut offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    if let Some(name) = message.strip_prefix(TWICE) {
        // The parser stands behind the object; people look for the second name.
        offset = places(text).and_then(|root| twice(&root, name.trim_end_matches('`'))).unwrap_or(offset);
        return Fault::new(offset, message);
    }
    let message = match message {
        "EOF while parsing a value" if text.trim().is_empty() => "the file is empty".to_owned(),
        "expected value" => format!("broken JSON: {}", no_value(&text[floor(text, offset)..])),
        "key must be a string" => "broken JSON: a name in double quotes is missing".to_owned(),
        "trailing characters" => "broken JSON: something follows after its end".to_owned(),
        "trailing comma" => "broken JSON: there is a comma behind the last entry".to_owned(),
        "recursion limit exceeded" => "the document is nested too deeply".to_owned(),
        other if other.starts_with("EOF") => "broken JSON: it ends in the middle".to_owned(),
        other => format!("broken JSON: {other}"),
    };
    Fault::new(offset, message)
}

/// Where a name is there for the second time in an object.
fn twice(node: &Node, name: &str) -> Option<usize> {
    match &node.inner {
        Inner::Leaf => None,
        Inner::Items(items) => items.iter().find_map(|item| twice(item, name)),
        Inner::Fields(fields) => {
            let within = fields.iter().find_map(|(_, field)| twice(field, name));
            within.or_else(|| fields.iter().filter(|(known, _)| known == name).nth(1).map(|(_, field)| field.offset))
        }
    }
}

/// What stands where a value should.
fn no_value(text: &str) -> &'static str {
    match text.chars().next() {
        Some('/') => "it has no comments",
        Some('\'') => "a text stands in double quotes",
        Some('T' | 'F' | 'N') => "it has `true`, `false` and `null`, in lower case",
        Some(']' | '}' | ',' | ':') | None => "a value is missing",
        Some(_) => "this is no value, a text stands in double quotes",
    }
}

fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

const TWICE: &str = "there are two properties `";

/// The first number outside of texts that would lose digits. The text is known to be JSON.
fn inexact(text: &str) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
                    at += 1;
                }
                if !number::is_exact(&text[start..at]) {
                    return Some((start, &text[start..at]));
                }
            }
            _ => at += 1,
        }
    }
    None
}

impl<'de> DeserializeSeed<'de> for &mut Reader {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        self.has_floats = true;
        Ok(Json::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let start = self.items.len();
        while let Some(item) = list.next_element_seed(&mut *self)? {
            self.items.push(item);
        }
        Ok(Json::Array(self.items.split_off(start)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let start = self.fields.len();
        while let Some(name) = map.next_key()? {
            let value = map.next_value_seed(&mut *self)?;
            self.fields.push((name, value));
        }
        let mut object = Map::with_capacity(self.fields.len() - start);
        for (name, value) in self.fields.drain(start..) {
            match object.entry(name) {
                Entry::Occupied(known) => return Err(A::Error::custom(format!("{TWICE}{}`", known.key()))),
                Entry::Vacant(new) => {
                    new.insert(value);
                }
            }
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_there_twice_is_found_at_its_second_place() {
        let fault = parse("{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}").expect_err("is there twice");
        assert_eq!((fault.offset, fault.message.as_str()), (26, "there are two properties `a`"));
    }

    #[test]
    fn numbers_in_texts_are_not_numbers() {
        assert_eq!(inexact(r#"{"a": "18446744073709551616 \" 18446744073709551616"}"#), None);
        assert_eq!(inexact("[1, 18446744073709551616]"), Some((4, "18446744073709551616")));
    }

    #[test]
    fn a_line_that_is_broken_leaves_the_others() {
        let parsed = parse_lines("{\"a\":1}\n\n{\"a\":}\n{\"a\":3}\n");
        assert_eq!(parsed.json, serde_json::json!([{"a": 1}, {"a": 3}]));
        assert_eq!(parsed.faults.len(), 1);
        assert_eq!(parsed.faults[0].offset, 14);
        assert_eq!(parsed.places.expect("has places").find("/1/a"), 17);
    }
}
