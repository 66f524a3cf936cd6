//! Matchers: read from a file's values, rendered, and held against what an answer holds. Which part of the answer is `assertion.rs`'s.

use minijinja::{Environment, Error, Value as Name};
use plimsoll_core::template;
use serde_json::{Number, Value};
use serde_json_path::JsonPath;

use crate::model::{Expectation, Matcher};
use crate::problem::Invalid;

/// What was wanted and what was there, as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// Reads a file's value: an object with exactly one matcher's name is that matcher, everything else is equality.
pub(crate) fn from_value(value: Value) -> Result<Matcher, Invalid> {
    let named = match &value {
        Value::Object(entries) if entries.len() == 1 => entries.iter().next(),
        _ => None,
    };
    let Some((name, inner)) = named else { return Ok(Matcher::Equals(value)) };
    let wrong = |matcher, takes| Err(Invalid::MatcherValue { matcher, takes });
    let number = inner.is_number() || inner.as_str().is_some_and(template::is_template);
    match name.as_str() {
        "equals" => Ok(Matcher::Equals(inner.clone())),
        "not" => Ok(Matcher::Not(inner.clone())),
        "exists" => inner.as_bool().map_or_else(|| wrong("exists", "true or false"), |yes| Ok(Matcher::Exists(yes))),
        "at_least" if number => Ok(Matcher::AtLeast(inner.clone())),
        "at_most" if number => Ok(Matcher::AtMost(inner.clone())),
        "length" if number => Ok(Matcher::Length(inner.clone())),
        "at_least" => wrong("at_least", "a number"),
        "at_most" => wrong("at_most", "a number"),
        "length" => wrong("length", "a number"),
        "contains" => Ok(Matcher::Contains(inner.clone())),
        "matches" => match inner.as_str() {
            Some(pattern) if template::is_template(pattern) => Ok(Matcher::Matches(pattern.to_owned())),
            Some(pattern) => match regex::Regex::new(pattern) {
                Ok(_) => Ok(Matcher::Matches(pattern.to_owned())),
                Err(source) => Err(Invalid::Pattern { pattern: pattern.to_owned(), source: Box::new(source) }),
            },
            None => wrong("matches", "a regular expression"),
        },
        _ => Ok(Matcher::Equals(value)),
    }
}

/// Fills in the templates of a matcher.
pub(crate) fn render(env: &Environment<'_>, matcher: &Matcher, names: &Name) -> Result<Matcher, Error> {
    let value = |value: &Value| render_value(env, value, names);
    Ok(match matcher {
        Matcher::Equals(inner) => Matcher::Equals(value(inner)?),
        Matcher::Not(inner) => Matcher::Not(value(inner)?),
        Matcher::Exists(yes) => Matcher::Exists(*yes),
        Matcher::AtLeast(inner) => Matcher::AtLeast(value(inner)?),
        Matcher::AtMost(inner) => Matcher::AtMost(value(inner)?),
        Matcher::Length(inner) => Matcher::Length(value(inner)?),
        Matcher::Contains(inner) => Matcher::Contains(value(inner)?),
        Matcher::Matches(pattern) => Matcher::Matches(template::render(env, pattern, names)?),
    })
}

/// Fills in the templates of several expectations.
pub(crate) fn render_all(env: &Environment<'_>, list: &[Expectation], names: &Name) -> Result<Vec<Expectation>, Error> {
    list.iter().map(|one| Ok(Expectation { of: one.of.clone(), is: render(env, &one.is, names)? })).collect()
}

/// Fills in the templates of a value. A text that is one `{{ expression }}` keeps the type of what it names.
pub(crate) fn render_value(env: &Environment<'_>, value: &Value, names: &Name) -> Result<Value, Error> {
    Ok(match value {
        Value::String(text) => {
            let rendered = template::render(env, text, names)?;
            match lone_expression(text).map(|inner| env.compile_expression(inner)) {
                Some(Ok(expression)) => {
                    serde_json::to_value(expression.eval(names.clone())?).unwrap_or(Value::String(rendered))
                }
                _ => Value::String(rendered),
            }
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| render_value(env, item, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, entry)| Ok((key.clone(), render_value(env, entry, names)?)))
                .collect::<Result<_, Error>>()?,
        ),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain.clone(),
    })
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
    let holds = match (matcher, found) {
        (Matcher::Exists(yes), found) => found.is_some_and(|value| !is_empty_list(value)) == *yes,
        (Matcher::Not(unwanted), found) => found.is_none_or(|value| !same(value, unwanted)),
        (_, None) => false,
        (Matcher::Equals(wanted), Some(value)) => same(value, wanted),
        (Matcher::AtLeast(least), Some(value)) => order(value, least).is_some_and(std::cmp::Ordering::is_ge),
        (Matcher::AtMost(most), Some(value)) => order(value, most).is_some_and(std::cmp::Ordering::is_le),
        (Matcher::Length(wanted), Some(value)) => {
            length(value).is_some_and(|length| same(&Value::from(length), wanted))
        }
        (Matcher::Contains(part), Some(value)) => contains(value, part),
        (Matcher::Matches(pattern), Some(value)) => {
            value.as_str().is_some_and(|text| regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)))
        }
    };
    if holds {
        return Ok(());
    }
    let shown = |value: &Value| value.to_string();
    let mut actual = found.map_or_else(|| "nothing".to_owned(), shown);
    if let (Matcher::Length(_), Some(length)) = (matcher, found.and_then(length)) {
        actual = format!("length {length}: {actual}");
    }
    Err(Mismatch { expected: describe(matcher), actual })
}

/// What a matcher wants, in words.
pub(crate) fn describe(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Equals(value) => value.to_string(),
        Matcher::Not(value) => format!("anything but {value}"),
        Matcher::Exists(true) => "something".to_owned(),
        Matcher::Exists(false) => "nothing".to_owned(),
        Matcher::AtLeast(value) => format!("at least {value}"),
        Matcher::AtMost(value) => format!("at most {value}"),
        Matcher::Length(value) => format!("length {value}"),
        Matcher::Contains(value) => format!("something with {value} in it"),
        Matcher::Matches(pattern) => format!("a text that matches /{pattern}/"),
    }
}

fn lone_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let several = inner.contains("{{") || inner.contains("}}") || inner.contains("{%");
    (!several).then_some(inner)
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
        (Value::Array(items), part) => items.iter().any(|item| same(item, part)),
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
        let document = json!({"n": 5, "s": "abc", "l": [1, 2], "o": {"k": null}});
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
    fn a_lone_expression_keeps_its_type_and_text_around_it_does_not() {
        let env = template::environment();
        let names = minijinja::context! { n => 7 };
        let rendered = render_value(&env, &json!(["{{ n }}", "n={{ n }}"]), &names).expect("renders");
        assert_eq!(rendered, json!([7, "n=7"]));
        assert!(render_value(&env, &json!("{{ missing }}"), &names).is_err());
    }

    #[test]
    fn what_was_found_is_told() {
        let mismatch = hold(&Matcher::Length(json!(2)), Some(&json!([1]))).expect_err("it is shorter");
        assert_eq!((mismatch.expected.as_str(), mismatch.actual.as_str()), ("length 2", "length 1: [1]"));
    }
}
