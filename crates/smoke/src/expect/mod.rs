//! Holds what was found against what a check expects. Finding it is `http`'s and `probe`'s.

pub(crate) mod http;
pub(crate) mod matcher;
pub(crate) mod probe;
pub(crate) mod schema;

use serde_json::Value;

use crate::masking::Masking;
use crate::model::Expectation;
use crate::report::{Finding, Part};
use matcher::Mismatch;

/// The longest value shown in a finding, in characters.
const LONGEST_SHOWN: usize = 200;

/// A finding with its texts masked and cut to a readable length.
pub(crate) fn finding(part: Part, of: &str, expected: &str, actual: &str, masking: &Masking<'_>) -> Finding {
    let shown = |text: &str| masking.excerpt(text, LONGEST_SHOWN);
    Finding { part, of: masking.apply(of), expected: shown(expected), actual: shown(actual) }
}

/// What JSONPaths do not find as expected.
fn json_findings(expected: &[Expectation], json: &Value, masking: &Masking<'_>) -> Vec<Finding> {
    let judged = expected.iter().map(|one| (one, matcher::hold(&one.is, matcher::find(&one.of, json).as_ref())));
    judged
        .filter_map(|(one, held)| held.err().map(|wrong| (one, wrong)))
        .map(|(one, Mismatch { expected, actual })| finding(Part::Json, &one.of, &expected, &actual, masking))
        .collect()
}

/// What does not fit a JSON Schema.
fn schema_findings(schema: Option<&jsonschema::Validator>, json: &Value, masking: &Masking<'_>) -> Vec<Finding> {
    let violations = schema.map(|schema| schema::violations(schema, json)).unwrap_or_default();
    violations.iter().map(|(at, why)| finding(Part::Schema, at, "what the schema says", why, masking)).collect()
}
