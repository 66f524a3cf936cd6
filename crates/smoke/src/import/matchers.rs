//! Several matchers for one place as one, in which no name is twice. What each matcher means is `expect`'s.

use serde_json::{Map, Value};

use crate::model::{JsonType, Matcher};

/// Adds a matcher to what is expected already.
pub(super) fn and(known: Option<Matcher>, more: Matcher) -> Matcher {
    match (known, more) {
        (None, more) => more,
        (Some(Matcher::All(mut all)), Matcher::All(more)) => {
            all.extend(more);
            Matcher::All(all)
        }
        (Some(Matcher::All(mut all)), more) => {
            all.push(more);
            Matcher::All(all)
        }
        (Some(known), Matcher::All(mut more)) => {
            more.insert(0, known);
            Matcher::All(more)
        }
        (Some(known), more) => Matcher::All(vec![known, more]),
    }
}

/// The same as a value of a file, or nothing where the format has no words for it.
pub(super) fn to_value(matcher: &Matcher) -> Option<Value> {
    match matcher {
        Matcher::Equals(value) if value.is_object() => Some(table("equals", value.clone())),
        Matcher::Equals(value) => Some(value.clone()),
        Matcher::All(all) => together(all),
        other => named(other).map(|(name, value)| table(name, value)),
    }
}

fn named(matcher: &Matcher) -> Option<(&'static str, Value)> {
    Some(match matcher {
        Matcher::Equals(value) => ("equals", value.clone()),
        Matcher::Not(inner) => ("not", to_value(inner)?),
        Matcher::Exists(yes) => ("exists", Value::from(*yes)),
        Matcher::AtLeast(least) => ("at_least", least.clone()),
        Matcher::AtMost(most) => ("at_most", most.clone()),
        Matcher::Length(inner) => ("length", to_value(inner)?),
        Matcher::Contains(part) => ("contains", part.clone()),
        Matcher::Matches(pattern) => ("matches", Value::from(pattern.as_str())),
        Matcher::OneOf(values) => ("one_of", Value::from(values.clone())),
        Matcher::Type(wanted) => {
            let name = JsonType::ALL.iter().find(|(_, known)| known == wanted)?.0;
            ("type", Value::from(name))
        }
        Matcher::Each(inner) => ("each", to_value(inner)?),
        Matcher::All(_) => return None,
    })
}

/// One table. A name that is taken goes into a table of its own, which is denied twice.
fn together(all: &[Matcher]) -> Option<Value> {
    let (mut denied, mut others): (Vec<&Matcher>, Vec<&Matcher>) = (Vec::new(), Vec::new());
    for one in all {
        if matches!(one, Matcher::Not(_)) { denied.push(one) } else { others.push(one) }
    }
    let mut level = Map::new();
    let mut rest = Vec::new();
    for one in others {
        let (name, value) = named(one)?;
        if level.contains_key(name) {
            if level[name] != value {
                rest.push(one.clone());
            }
        } else {
            level.insert(name.to_owned(), value);
        }
    }
    let denial = if rest.is_empty() {
        unwanted(&denied)?
    } else {
        rest.extend(denied.into_iter().cloned());
        Some(table("not", together(&rest)?))
    };
    level.extend(denial.map(|denial| ("not".to_owned(), denial)));
    Some(Value::Object(level))
}

/// Several denials as one: none of these values.
fn unwanted(denied: &[&Matcher]) -> Option<Option<Value>> {
    let inner = |matcher: &Matcher| match matcher {
        Matcher::Not(inner) => Some(inner.as_ref().clone()),
        _ => None,
    };
    match denied {
        [] => Some(None),
        [one] => Some(Some(to_value(&inner(one)?)?)),
        several => {
            let mut values = Vec::new();
            for one in several {
                match inner(one)? {
                    Matcher::Equals(value) => values.push(value),
                    Matcher::OneOf(more) => values.extend(more),
                    _ => return None,
                }
            }
            Some(Some(table("one_of", Value::Array(values))))
        }
    }
}

fn table(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::matcher::{from_value, hold};
    use serde_json::json;

    #[test]
    fn several_matchers_are_one_that_means_all_of_them() {
        let contains = |part: &str| Matcher::Contains(json!(part));
        let not = |inner: Matcher| Matcher::Not(Box::new(inner));
        let all = [contains("a"), contains("b"), contains("c"), not(contains("z"))];
        let one = all.into_iter().fold(None, |known, more| Some(and(known, more))).expect("there are some");
        let written = to_value(&one).expect("there are words for it");
        let read = from_value(written.clone()).expect("it is a matcher");
        for (text, right) in [("abc", true), ("cab", true), ("ab", false), ("bc", false), ("abcz", false)] {
            assert_eq!(hold(&read, Some(&json!(text))).is_ok(), right, "{written} for {text}");
        }
        assert!(hold(&read, None).is_err(), "nothing is not all of them");
        let between = and(
            Some(and(Some(Matcher::AtLeast(json!(1))), not(Matcher::Equals(json!(1))))),
            and(Some(Matcher::AtMost(json!(5))), not(Matcher::Equals(json!(5)))),
        );
        assert_eq!(to_value(&between), Some(json!({"at_least": 1, "at_most": 5, "not": {"one_of": [1, 5]}})));
        assert_eq!(to_value(&and(Some(not(contains("a"))), not(contains("b")))), None);
    }
}
