//! Holds what a probe found against what a check expects. Answers over HTTP are judged by `expect/http.rs`.

use serde_json::Value;

use super::{finding, json_findings, schema_findings};
use crate::duration::show_millis;
use crate::expect::matcher::{self, Mismatch};
use crate::masking::Masking;
use crate::model::{Expect, Matcher, Probe};
use crate::probe::Observation;
use crate::report::{Finding, Part};

/// Everything in an observation that is not as expected.
pub(crate) fn judge(
    probe: &Probe,
    expect: &Expect,
    schema: Option<&jsonschema::Validator>,
    found: &Observation,
    masking: &Masking,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut hold = |part, matcher: &Matcher, value: Option<&Value>| {
        if let Err(Mismatch { expected, actual }) = matcher::hold(matcher, value) {
            findings.push(finding(part, "", &expected, &actual, masking));
        }
    };
    let text = |text: &str| Value::String(text.to_owned());
    match (&expect.error, &found.error) {
        (Some(wanted), error) => hold(Part::Error, wanted, error.as_deref().map(text).as_ref()),
        (None, Some(error)) => {
            hold(Part::Error, &Matcher::Exists(false), Some(&text(error)));
            // Without a result nothing more can be said.
            return findings;
        }
        (None, None) => {}
    }
    if matches!(probe, Probe::Command(_)) {
        let success = Matcher::Equals(Value::from(0));
        hold(Part::Exit, expect.exit.as_ref().unwrap_or(&success), found.exit.map(Value::from).as_ref());
    }
    if let Some((missing, instead)) = &found.missing {
        findings.push(finding(Part::Log, "", missing, instead, masking));
        return findings;
    }
    for (part, matcher, value) in [
        (Part::Rows, &expect.rows, found.rows.map(Value::from)),
        (Part::Body, &expect.body, Some(text(&found.text))),
        (Part::Stdout, &expect.stdout, Some(text(&found.stdout))),
        (Part::Stderr, &expect.stderr, Some(text(&found.stderr))),
    ] {
        if let Some(matcher) = matcher {
            hold(part, matcher, value.as_ref());
        }
    }
    let wants_json = !expect.json.is_empty() || schema.is_some();
    match &found.json {
        Some(json) => {
            findings.extend(json_findings(&expect.json, json, masking));
            findings.extend(schema_findings(schema, json, masking));
        }
        None if wants_json && found.error.is_none() => {
            findings.push(finding(Part::Json, "", "JSON", &format!("{:?}", found.text), masking));
        }
        None => {}
    }
    if let Some(most) = expect.within_ms.filter(|most| found.elapsed.as_millis() > u128::from(*most)) {
        let actual = format!("{}ms", found.elapsed.as_millis());
        findings.push(finding(Part::Time, "", &format!("within {}", show_millis(most)), &actual, masking));
    }
    findings
}
