//! Filters for data as it is found: a list here, a text there, absent elsewhere. Stricter ones are minijinja's own.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

/// Adds `as_list`, `as_text`, `maybe` and `fromjson`.
pub(super) fn add_to(env: &mut Environment<'static>) {
    env.add_filter("as_list", as_list);
    env.add_filter("as_text", as_text);
    env.add_filter("maybe", maybe);
    env.add_filter("fromjson", from_json);
}

/// A list as it is, nothing as an empty list, anything else as a list of one. With a separator, texts are split at it
/// into parts without white space around them; empty parts are none.
fn as_list(value: Value, separator: Option<&str>) -> Result<Value, Error> {
    match (value.kind(), separator) {
        (ValueKind::Undefined | ValueKind::None, _) => Ok(Value::from(Vec::<Value>::new())),
        (ValueKind::Seq, _) => Ok(value),
        (ValueKind::Iterable, _) => Ok(Value::from(value.try_iter()?.collect::<Vec<_>>())),
        (ValueKind::String, Some(separator)) if !separator.is_empty() => {
            let text = value.as_str().unwrap_or_default();
            Ok(text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(Value::from).collect())
        }
        _ => Ok(Value::from(vec![value])),
    }
}

/// A text as it is, nothing as none, a list joined with a separator (`, ` if none is given), anything else as its text.
fn as_text(value: Value, separator: Option<&str>) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(Value::from(())),
        ValueKind::String => Ok(value),
        ValueKind::Seq | ValueKind::Iterable => {
            let parts: Vec<String> = value.try_iter()?.map(|part| part.to_string()).collect();
            Ok(Value::from(parts.join(separator.unwrap_or(", "))))
        }
        ValueKind::Map => Err(Error::new(ErrorKind::InvalidOperation, "as_text makes no text of an object")),
        _ => Ok(Value::from(value.to_string())),
    }
}

/// What a path such as `story.title` or `items.0` leads to, none when any part of it is not there.
fn maybe(value: Value, path: &str) -> Value {
    let mut value = value;
    for part in path.split('.') {
        let next = match (value.kind(), part.parse::<usize>()) {
            (ValueKind::Map, _) => value.get_attr(part),
            (ValueKind::Seq, Ok(index)) => value.get_item_by_index(index),
            _ => return Value::from(()),
        };
        match next {
            Ok(next) if !next.is_undefined() => value = next,
            _ => return Value::from(()),
        }
    }
    value
}

/// The value of a text that holds JSON, as CSV files do; nothing stays none.
fn from_json(value: Value) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(Value::from(()));
    }
    let Some(text) = value.as_str() else {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("fromjson reads a text, not a {}", value.kind())));
    };
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("the text is not JSON: {error}")))?;
    Ok(Value::from(minijinja::value::Serde(json)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::expression::{Expr, Scope, environment, to_json};
    use serde_json::{Value as Json, json};

    fn eval(source: &str) -> Result<Json, Error> {
        let env = environment();
        let names = json!({"list": ["a", 1], "text": "a, b,,", "number": 5, "deep": {"x": [{"y": 1}]}, "no": null});
        let scope = Scope::new(Value::from(minijinja::value::Serde(names)));
        to_json(&Expr::compile(&env, source)?.eval(&scope)?)
    }

    #[test]
    fn a_field_may_be_a_list_a_text_or_absent() {
        let all =
            "[list | as_list, text | as_list, text | as_list(','), number | as_list, no | as_list, gone | as_list]";
        let expected = json!([["a", 1], ["a, b,,"], ["a", "b"], [5], [], []]);
        assert_eq!(eval(all).expect("evaluates"), expected);
        let texts = "[list | as_text, list | as_text('/'), text | as_text, number | as_text, gone | as_text]";
        assert_eq!(eval(texts).expect("evaluates"), json!(["a, 1", "a/1", "a, b,,", "5", null]));
        assert!(eval("deep | as_text").is_err());
    }

    #[test]
    fn a_path_may_end_anywhere() {
        let paths = "[deep | maybe('x.0.y'), deep | maybe('x.1.y'), text | maybe('x'), gone | maybe('a'), deep | maybe('z') | default('d', true)]";
        assert_eq!(eval(paths).expect("evaluates"), json!([1, null, null, null, "d"]));
    }

    #[test]
    fn texts_with_json_are_read() {
        assert_eq!(eval("'[1, {\"a\": null}]' | fromjson").expect("evaluates"), json!([1, {"a": null}]));
        assert_eq!(eval("gone | fromjson").expect("evaluates"), Json::Null);
        assert!(eval("text | fromjson").is_err());
    }
}
