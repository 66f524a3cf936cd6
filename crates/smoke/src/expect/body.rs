//! Holds the body of an answer against what a check expects, and against what no good answer has. Its head is `header.rs`'s.

use plimsoll_core::template::sha256_hex;
use serde_json::Value;

use super::http::{Wanted, WantsJson};
use super::matcher::{self, Mismatch};
use super::{compared, finding, header, json_findings, schema_findings};
use crate::http::Answer;
use crate::masking::Masking;
use crate::model::Matcher;
use crate::report::{Finding, Part};

/// Everything in the body of an answer that is not as expected.
pub(super) fn findings(
    wanted: &Wanted<'_>,
    answer: &Answer,
    json: Result<&Value, &serde_json::Error>,
    masking: &Masking,
) -> Vec<Finding> {
    let expect = wanted.expect;
    let mut findings = Vec::new();
    if let Some(matcher) = &expect.body
        && let Err(wrong) = hold_text(matcher, &answer.body)
    {
        let text = Value::String(String::from_utf8_lossy(&answer.body).into_owned());
        findings.push(compared(Part::Body, "", matcher, Some(&text), wrong, masking));
    }
    if let Some(matcher) = &expect.bytes
        && let Err(Mismatch { expected, actual }) = matcher::hold(matcher, Some(&Value::from(answer.body.len())))
    {
        findings.push(finding(Part::Bytes, "", &expected, &actual, masking));
    }
    if let Some(digest) = &expect.sha256 {
        let actual = sha256_hex(&answer.body);
        if !actual.eq_ignore_ascii_case(digest) {
            findings.push(finding(Part::Sha256, "", digest, &actual, masking));
        }
    }
    match json {
        Ok(json) => {
            findings.extend(json_findings(&expect.json, json, masking));
            findings.extend(schema_findings(wanted.schema, json, masking));
            if (200..300).contains(&answer.status) {
                findings.extend(own_failure(wanted, json, masking));
            }
        }
        Err(reason) if is_missed(wanted.json, answer) => {
            findings.push(finding(Part::Json, "", "a JSON body", &what_it_is_instead(answer, reason), masking));
        }
        Err(_) => {}
    }
    findings
}

/// The body as JSON, with a byte order mark tolerated as browsers do.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

/// An empty body has no text to look into, and `not` says nothing about what is not there.
fn hold_text(matcher: &Matcher, body: &[u8]) -> Result<(), Mismatch> {
    let text = Value::String(String::from_utf8_lossy(body).into_owned());
    if !body.is_empty() {
        return matcher::hold(matcher, Some(&text));
    }
    match matcher {
        Matcher::Exists(_) => matcher::hold(matcher, None),
        matcher if speaks_of_nothing(matcher) => matcher::hold(matcher, Some(&text)),
        _ => Err(Mismatch { expected: matcher::describe(matcher), actual: "an empty body".to_owned() }),
    }
}

fn speaks_of_nothing(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Equals(value) => value.as_str() == Some(""),
        Matcher::OneOf(values) => values.iter().any(|value| value.as_str() == Some("")),
        Matcher::Length(_) => true,
        Matcher::All(all) => all.iter().all(speaks_of_nothing),
        _ => false,
    }
}

fn is_missed(wants: WantsJson, answer: &Answer) -> bool {
    match wants {
        WantsJson::No => false,
        WantsJson::Accepts => (200..300).contains(&answer.status) && is_html(answer),
        WantsJson::Needs => true,
    }
}

/// What services say when they answer 200 and mean something else, unless the check speaks of it.
fn own_failure(wanted: &Wanted<'_>, json: &Value, masking: &Masking) -> Option<Finding> {
    let says = [("ok", Value::Bool(false)), ("success", Value::Bool(false)), ("status", Value::from("error"))];
    let (key, value) = says.iter().find(|(key, value)| json.get(key) == Some(value))?;
    let paths = [format!("$.{key}"), format!("$['{key}']"), format!("$[\"{key}\"]"), "$".to_owned()];
    let is_spoken_of = wanted.expect.json.iter().chain(wanted.until).any(|one| paths.contains(&one.of));
    let expected = format!("anything but {value}, unless the check expects it");
    (!is_spoken_of).then(|| finding(Part::Json, &paths[0], &expected, &value.to_string(), masking))
}

fn what_it_is_instead(answer: &Answer, reason: &serde_json::Error) -> String {
    if answer.body.is_empty() {
        return "an empty body".to_owned();
    }
    let text = String::from_utf8_lossy(&answer.body);
    if is_html(answer) || text.trim_start().starts_with('<') {
        return match html_title(&text) {
            Some(title) => format!("an HTML page with the title {title:?}"),
            None => "an HTML page without a title".to_owned(),
        };
    }
    match header::first(answer, "content-encoding").filter(|encoding| !["gzip", "br"].contains(encoding)) {
        Some(encoding) => format!("a body that is not JSON, encoded as {encoding}"),
        None => format!("a body that is not JSON ({reason})"),
    }
}

fn is_html(answer: &Answer) -> bool {
    let start = answer.body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or_default();
    let begins =
        |with: &[u8]| answer.body[start..].get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    header::media_type(answer).contains("html") || begins(b"<!doctype html") || begins(b"<html")
}

fn html_title(text: &str) -> Option<String> {
    // ASCII case folding keeps every byte in its place.
    let lower = text.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = text[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}
