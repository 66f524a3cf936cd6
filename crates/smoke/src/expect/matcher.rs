//! Matchers: read from a file's values and held against what was found. Where it was found is told by the judges beside it.

use plimsoll_core::template;
use serde_json::{Map, Number, Value};
use serde_json_path::JsonPath;

use crate::model::{JsonType, Matcher};
use crate::problem::Invalid;

/// What was wanted and what was there, as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) expected: String,
    pub(crate) actual: String,
}

const NAMES: [&str; 11] =
    ["equals", "not", "exists", "at_least", "at_most", "length", "contains", "matches", "one_of", "type", "each"];

/// Reads a file's value: an object of matchers' names is all of these, everything else is equality.
pub(crate) fn from_value(value: Value) -> Result<Matcher, Invalid> {
    let Value::Object(entries) = value else { return Ok(Matcher::Equals(value)) };
    let stranger = entries.keys().find(|key| !NAMES.contains(&key.as_str())).cloned();
    match stranger {
        // Half matchers, half not: one of the names is misspelt, or it is an object to compare with.
        Some(name) if entries.keys().any(|key| NAMES.contains(&key.as_str())) => Err(Invalid::NotAMatcher { name }),
        Some(_) => Ok(Matcher::Equals(Value::Object(entries))),
        None => named(entries),
    }
}

fn named(entries: Map<String, Value>) -> Result<Matcher, Invalid> {
    let mut all = entries.into_iter().map(|(name, inner)| one(&name, inner)).collect::<Result<Vec<_>, _>>()?;
    Ok(match all.len() {
        0 => Matcher::Equals(Value::Object(Map::new())),
        1 => all.remove(0),
        _ => Matcher::All(all),
    })
}

fn one(name: &str, inner: Value) -> Result<Matcher, Invalid> {
    let wrong = |matcher, takes| Err(Invalid::MatcherValue { matcher, takes });
    let number = inner.is_number() || inner.as_str().is_some_and(template::is_template);
    match name {
        "equals" => Ok(Matcher::Equals(inner)),
        "not" => Ok(Matcher::Not(Box::new(from_value(inner)?))),
        "exists" => inner.as_bool().map_or_else(|| wrong("exists", "true or false"), |yes| Ok(Matcher::Exists(yes))),
        "at_least" if number => Ok(Matcher::AtLeast(inner)),
        "at_most" if number => Ok(Matcher::AtMost(inner)),
        "length" if number || inner.is_object() => Ok(Matcher::Length(Box::new(from_value(inner)?))),
        "at_least" => wrong("at_least", "a number"),
        "at_most" => wrong("at_most", "a number"),
        "length" => wrong("length", "a number, or a matcher for one"),
        "contains" => Ok(Matcher::Contains(inner)),
        "each" => Ok(Matcher::Each(Box::new(from_value(inner)?))),
        "one_of" => match inner {
            Value::Array(values) if !values.is_empty() => Ok(Matcher::OneOf(values)),
            _ => wrong("one_of", "a list of values"),
        },
        "type" => match inner.as_str() {
            Some(text) => {
                JsonType::parse(text).map(Matcher::Type).ok_or_else(|| Invalid::UnknownType { name: text.to_owned() })
            }
            None => wrong("type", "the name of a type"),
        },
        _ => match inner {
            Value::String(pattern) if template::is_template(&pattern) => Ok(Matcher::Matches(pattern)),
            Value::String(pattern) => match regex::Regex::new(&pattern) {
                Ok(_) => Ok(Matcher::Matches(pattern)),
                Err(source) => Err(Invalid::Pattern { pattern, source: Box::new(source) }),
            },
            _ => wrong("matches", "a regular expression"),
        },
    }
}

/// What a JSONPath finds: nothing, the value of a path to one place, or the list of all values of any other path.
pub(crate) fn find(path: &str, value: &Value) -> Option<Value> {
    let nodes = JsonPath::parse(path).ok()?.query(value).all();
    if leads_to_one_place(path) {
        nodes.first().map(|node| (*node).clone())
    } else {
        Some(Value::Array(nodes.into_iter().cloned().collect()))
    }
}

/// Holds a matcher against what was found.
pub(crate) fn hold(matcher: &Matcher, found: Option<&Value>) -> Result<(), Mismatch> {
    match (matcher, found) {
        (Matcher::All(all), found) => return all.iter().try_for_each(|one| hold(one, found)),
        (Matcher::Each(inner), Some(Value::Array(items))) if !items.is_empty() => {
            return items.iter().enumerate().try_for_each(|(index, item)| {
                hold(inner, Some(item)).map_err(|Mismatch { expected, actual }| Mismatch {
                    expected: format!("each {expected}"),
                    actual: format!("at {index} {actual}"),
                })
            });
        }
        _ => {}
    }
    if holds(matcher, found) {
        return Ok(());
    }
    let mut actual = found.map_or_else(|| "nothing".to_owned(), Value::to_string);
    if let (Matcher::Length(_), Some(length)) = (matcher, found.and_then(length)) {
        actual = format!("length {length}: {actual}");
    }
    Err(Mismatch { expected: describe(matcher), actual })
}

fn holds(matcher: &Matcher, found: Option<&Value>) -> bool {
    match (matcher, found) {
        (Matcher::Exists(yes), found) => found.is_some_and(|value| !is_empty_list(value)) == *yes,
        (Matcher::Not(unwanted), found) => !holds(unwanted, found),
        (Matcher::All(all), found) => all.iter().all(|one| holds(one, found)),
        (_, None) => false,
        (Matcher::Equals(wanted), Some(value)) => same(value, wanted),
        (Matcher::AtLeast(least), Some(value)) => order(value, least).is_some_and(std::cmp::Ordering::is_ge),
        (Matcher::AtMost(most), Some(value)) => order(value, most).is_some_and(std::cmp::Ordering::is_le),
        (Matcher::Length(wanted), Some(value)) => {
            length(value).is_some_and(|length| holds(wanted, Some(&Value::from(length))))
        }
        (Matcher::Contains(part), Some(value)) => contains(value, part),
        (Matcher::Matches(pattern), Some(value)) => {
            value.as_str().is_some_and(|text| regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)))
        }
        (Matcher::OneOf(values), Some(value)) => values.iter().any(|one| same(value, one)),
        (Matcher::Type(wanted), Some(value)) => is_of(value, *wanted),
        (Matcher::Each(inner), Some(Value::Array(items))) => {
            !items.is_empty() && items.iter().all(|item| holds(inner, Some(item)))
        }
        (Matcher::Each(_), Some(_)) => false,
    }
}

/// What a matcher wants, in words.
pub(crate) fn describe(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Equals(value) => value.to_string(),
        Matcher::Not(inner) => match inner.as_ref() {
            Matcher::Equals(value) => format!("anything but {value}"),
            other => format!("not {}", describe(other)),
        },
        Matcher::Exists(true) => "something".to_owned(),
        Matcher::Exists(false) => "nothing".to_owned(),
        Matcher::AtLeast(value) => format!("at least {value}"),
        Matcher::AtMost(value) => format!("at most {value}"),
        Matcher::Length(inner) => format!("length {}", describe(inner)),
        Matcher::Contains(value) => format!("something with {value} in it"),
        Matcher::Matches(pattern) => format!("a text that matches /{pattern}/"),
        Matcher::OneOf(values) => {
            format!("one of {}", values.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        }
        Matcher::Type(wanted) => format!("of type {}", wanted.as_str()),
        Matcher::Each(inner) => format!("each {}", describe(inner)),
        Matcher::All(all) => all.iter().map(describe).collect::<Vec<_>>().join(" and "),
    }
}

/// Whether a value has a type. A whole number is an integer however it is written, as in JSON Schema.
pub(crate) fn is_of(value: &Value, wanted: JsonType) -> bool {
    match (value, wanted) {
        (Value::Null, JsonType::Null)
        | (Value::Bool(_), JsonType::Boolean)
        | (Value::Number(_), JsonType::Number)
        | (Value::String(_), JsonType::String)
        | (Value::Array(_), JsonType::Array)
        | (Value::Object(_), JsonType::Object) => true,
        (Value::Number(number), JsonType::Integer) => {
            number.as_i128().is_some() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
        }
        _ => false,
    }
}

/// Whether a path is of RFC 9535's singular kind: names and indices only. Quoted names may hold anything.
fn leads_to_one_place(path: &str) -> bool {
    let mut quote = None;
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '*' | '?' | ':' | ',') => return false,
            (None, '.') if characters.peek() == Some(&'.') => return false,
            (None, _) => {}
        }
    }
    true
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || compare(left, right) == Some(std::cmp::Ordering::Equal)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    compare(left.as_number()?, right.as_number()?)
}

/// Whole numbers are compared as such: two large ids may be the same `f64`.
fn compare(left: &Number, right: &Number) -> Option<std::cmp::Ordering> {
    let whole = |number: &Number| number.as_i128();
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(entries) => Some(entries.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), part) => {
            items.iter().any(|item| same(item, part) || (item.is_object() && contains(item, part)))
        }
        // An object with these entries and others.
        (Value::Object(entries), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            entries.get(key).is_some_and(|entry| same(entry, wanted) || (entry.is_object() && contains(entry, wanted)))
        }),
        _ => false,
    }
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(matcher: Value, path: &str, document: &Value) -> bool {
        let matcher = from_value(matcher).expect("a matcher");
        hold(&matcher, find(path, document).as_ref()).is_ok()
    }

    #[test]
    fn every_matcher_tells_right_from_wrong() {
        let document = json!({"n": 5, "s": "abc", "l": [1, 2], "o": {"k": null}, "empty": [], "lists": [[1], []]});
        for (matcher, path, expected) in [
            (json!(5.0), "$.n", true),
            (json!("5"), "$.n", false),
            (json!({"not": 4}), "$.n", true),
            (json!({"not": 5}), "$.n", false),
            (json!({"exists": true}), "$.o.k", true),
            (json!({"exists": false}), "$.o.x", true),
            (json!({"exists": true}), "$.o.x", false),
            (json!({"at_least": 5}), "$.n", true),
            (json!({"at_least": 5.5}), "$.n", false),
            (json!({"at_least": 1}), "$.s", false),
            (json!({"at_most": 4}), "$.n", false),
            (json!({"length": 3}), "$.s", true),
            (json!({"length": 1}), "$.l", false),
            (json!({"contains": "bc"}), "$.s", true),
            (json!({"contains": 2.0}), "$.l", true),
            (json!({"contains": 3}), "$.l", false),
            (json!({"matches": "^a.c$"}), "$.s", true),
            (json!({"matches": "^b"}), "$.s", false),
            (json!({"equals": {"k": null}}), "$.o", true),
            (json!({"k": null}), "$.o", true),
            (json!({"at_least": 1, "at_most": 5}), "$.n", true),
            (json!({"at_least": 1, "at_most": 4}), "$.n", false),
            (json!({"not": {"contains": "z"}}), "$.s", true),
            (json!({"not": {"contains": "b"}}), "$.s", false),
            (json!({"length": {"at_least": 2}}), "$.l", true),
            (json!({"length": {"at_least": 3}}), "$.l", false),
            (json!({"one_of": [4, 5.0]}), "$.n", true),
            (json!({"one_of": ["5"]}), "$.n", false),
            (json!({"type": "integer"}), "$.n", true),
            (json!({"type": "string"}), "$.n", false),
            (json!({"type": "null"}), "$.o.k", true),
            (json!({"each": {"type": "integer", "at_most": 2}}), "$.l", true),
            (json!({"each": {"at_most": 1}}), "$.l", false),
            (json!({"each": 1}), "$.n", false),
            (json!({"each": 1}), "$.nothing", false),
            // An empty list is no proof of anything about its items, inside of another matcher as well.
            (json!({"each": 1}), "$.empty", false),
            (json!({"each": {"each": 1}}), "$.lists", false),
            (json!({"not": {"each": 1}}), "$.empty", true),
            (json!({"not": 5}), "$.nothing", true),
            (json!({"not": {"exists": true}}), "$.nothing", true),
            (json!({"at_most": 5}), "$.n", true),
            (json!({"contains": "x"}), "$.nothing", false),
            (json!({"contains": {"k": null}}), "$.o", true),
            (json!({"contains": {"k": 1}}), "$.o", false),
        ] {
            assert_eq!(holds(matcher.clone(), path, &document), expected, "{matcher} at {path}");
        }
    }

    #[test]
    fn a_path_to_many_places_is_a_list_even_when_it_finds_one() {
        let document = json!({"l": [{"id": 1}], "*": 2});
        assert!(holds(json!([1]), "$.l[*].id", &document));
        assert!(holds(json!({"length": 1}), "$..id", &document));
        assert!(holds(json!({"length": 0}), "$.l[?@.id > 1]", &document));
        assert!(holds(json!({"exists": false}), "$.l[?@.id > 1]", &document));
        assert!(holds(json!(2), "$['*']", &document));
    }

    #[test]
    fn whole_numbers_beyond_the_precision_of_floats_are_told_apart() {
        let document = json!({"id": 9_007_199_254_740_993_i64});
        assert!(!holds(json!(9_007_199_254_740_992_i64), "$.id", &document));
    }

    #[test]
    fn what_was_found_is_told() {
        let mismatch =
            hold(&Matcher::Length(Box::new(Matcher::Equals(json!(2)))), Some(&json!([1]))).expect_err("it is shorter");
        assert_eq!((mismatch.expected.as_str(), mismatch.actual.as_str()), ("length 2", "length 1: [1]"));
    }
}
