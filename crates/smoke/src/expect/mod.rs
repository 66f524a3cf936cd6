//! Holds what was found against what a check expects. Finding it is `http`'s and `probe`'s.

mod body;
mod diff;
pub(crate) mod header;
pub(crate) mod http;
pub(crate) mod matcher;
pub(crate) mod probe;
pub(crate) mod schema;
mod tls;

use serde_json::Value;

use crate::masking::Masking;
use crate::model::{Expectation, Matcher};
use crate::report::{Finding, Part};
use matcher::Mismatch;

pub(crate) use body::parse_json;

/// The longest value shown in a finding, in characters.
const LONGEST_SHOWN: usize = 200;

/// A finding with its texts masked and cut to a readable length.
pub(crate) fn finding(part: Part, of: &str, expected: &str, actual: &str, masking: &Masking) -> Finding {
    let shown = |text: &str| masking.excerpt(text, LONGEST_SHOWN);
    Finding { part, of: masking.apply(of), expected: shown(expected), actual: shown(actual), diff: None, from: None }
}

/// A finding about a value, with the lines that differ where it is a long one.
fn compared(
    part: Part,
    of: &str,
    matcher: &Matcher,
    found: Option<&Value>,
    wrong: Mismatch,
    masking: &Masking,
) -> Finding {
    let diff = match (matcher, found) {
        (Matcher::Equals(wanted), Some(found)) => {
            // Masked first: a part of a secret could stand alone in a line.
            let shown = |value| masking.apply(&diff::text_of(value));
            diff::lines(&shown(wanted), &shown(found))
        }
        _ => None,
    };
    Finding { diff, ..finding(part, of, &wrong.expected, &wrong.actual, masking) }
}

/// What JSONPaths do not find as expected.
fn json_findings(expected: &[Expectation], json: &Value, masking: &Masking) -> Vec<Finding> {
    let judged = expected.iter().filter_map(|Expectation { of, is }| {
        let found = matcher::find(of, json);
        let wrong = matcher::hold(is, found.as_ref()).err()?;
        Some(compared(Part::Json, of, is, found.as_ref(), wrong, masking))
    });
    judged.collect()
}

/// What does not fit a JSON Schema.
fn schema_findings(schema: Option<&jsonschema::Validator>, json: &Value, masking: &Masking) -> Vec<Finding> {
    let violations = schema.map(|schema| schema::violations(schema, json)).unwrap_or_default();
    violations.iter().map(|(at, why)| finding(Part::Schema, at, "what the schema says", why, masking)).collect()
}
