//! Holds the headers, cookies and media type of an answer against what a check expects. Its body is judged in `body.rs`.

use serde_json::Value;

use super::finding;
use super::matcher::{self, Mismatch};
use crate::http::{Answer, cookies};
use crate::masking::Masking;
use crate::model::{Expect, JsonType, Matcher};
use crate::report::{Finding, Part};

/// Everything in the head of an answer that is not as expected, its status aside.
pub(super) fn findings(expect: &Expect, answer: &Answer, masking: &Masking) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |part, of: &str, held: Result<(), Mismatch>| {
        findings.extend(held.err().map(|wrong| finding(part, of, &wrong.expected, &wrong.actual, masking)));
    };
    for one in &expect.headers {
        let values: Vec<&str> = named(answer, &one.of).collect();
        add(Part::Header, &one.of, hold(&one.of, &one.is, &values));
    }
    let set = cookies::set_by(&answer.headers);
    for one in &expect.cookies {
        // The last one of a name is the one that stays.
        let last = set.iter().rev().find(|(name, _)| *name == one.of).map(|(_, value)| value.as_str());
        add(Part::Cookie, &one.of, hold(&one.of, &one.is, last.as_slice()));
    }
    if let Some(wanted) = &expect.content_type {
        let matcher = Matcher::Equals(Value::String(wanted.clone()));
        let values: Vec<&str> = named(answer, "content-type").collect();
        add(Part::ContentType, "", hold("content-type", &matcher, &values));
    }
    findings
}

/// The first value of a header.
pub(crate) fn first<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    named(answer, name).next()
}

/// The media type of an answer in lower case, without parameters.
pub(super) fn media_type(answer: &Answer) -> String {
    first(answer, "content-type").map(bare).unwrap_or_default()
}

fn named<'a>(answer: &'a Answer, name: &str) -> impl Iterator<Item = &'a str> {
    let of_name = move |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
    answer.headers.iter().filter(of_name).map(|(_, value)| value.as_str()).collect::<Vec<_>>().into_iter()
}

/// A repeated header is right when one of its values is; a denial must hold for all of them.
fn hold(name: &str, matcher: &Matcher, values: &[&str]) -> Result<(), Mismatch> {
    if let Matcher::All(all) = matcher {
        return all.iter().try_for_each(|one| hold(name, one, values));
    }
    let results: Vec<_> = values.iter().map(|value| hold_one(name, matcher, value)).collect();
    let denies = matches!(matcher, Matcher::Not(_) | Matcher::Exists(false));
    if results.is_empty() {
        matcher::hold(matcher, None)
    } else if denies || values.len() == 1 {
        results.into_iter().collect()
    } else if results.iter().any(Result::is_ok) {
        Ok(())
    } else {
        Err(Mismatch { expected: matcher::describe(matcher), actual: format!("{:?}", values.join(", ")) })
    }
}

fn hold_one(name: &str, matcher: &Matcher, value: &str) -> Result<(), Mismatch> {
    let text = || Value::String(value.to_owned());
    let value = match matcher {
        // A media type without parameters means any parameters: `application/json` is also there with a charset.
        Matcher::Equals(Value::String(wanted))
            if name.eq_ignore_ascii_case("content-type") && !wanted.contains(';') =>
        {
            let wanted = Matcher::Equals(Value::String(wanted.to_ascii_lowercase()));
            return matcher::hold(&wanted, Some(&Value::String(bare(value))));
        }
        _ if wants_number(matcher) => serde_json::from_str(value).unwrap_or_else(|_| text()),
        _ => text(),
    };
    matcher::hold(matcher, Some(&value))
}

/// Whether a matcher compares with something else than text, which headers are.
fn wants_number(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Equals(value) => value.is_number() || value.is_boolean(),
        Matcher::OneOf(values) => values.iter().all(|value| value.is_number() || value.is_boolean()),
        Matcher::AtLeast(_) | Matcher::AtMost(_) => true,
        Matcher::Type(wanted) => *wanted != JsonType::String,
        Matcher::Not(inner) => wants_number(inner),
        _ => false,
    }
}

fn bare(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
