//! Holds a complete answer over HTTP against what a check expects. Its headers, body and certificate are judged beside it.

use std::time::SystemTime;

use reqwest::Url;
use serde_json::Value;

use super::matcher::{self, Mismatch};
use super::{body, finding, header, tls};
use crate::duration::show_millis;
use crate::http::Answer;
use crate::masking::Masking;
use crate::model::{Expect, Expectation, HttpVersion, StatusPattern};
use crate::report::{Finding, Part};

/// What an answer is held against.
pub(crate) struct Wanted<'a> {
    pub(crate) expect: &'a Expect,
    pub(crate) schema: Option<&'a jsonschema::Validator>,
    /// The version of HTTP that was asked for.
    pub(crate) version: Option<HttpVersion>,
    /// What else the check says about the JSON of the answer.
    pub(crate) until: &'a [Expectation],
    pub(crate) json: WantsJson,
    /// A path is meant on this.
    pub(crate) base: &'a Url,
    pub(crate) now: SystemTime,
}

/// How much a check needs JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantsJson {
    /// Not at all.
    No,
    /// The request asks for it, so that a page in its place is wrong.
    Accepts,
    /// Something is looked for in it.
    Needs,
}

/// Everything in an answer that is not as expected.
pub(crate) fn judge(
    wanted: &Wanted<'_>,
    answer: &Answer,
    json: Result<&Value, &serde_json::Error>,
    masking: &Masking,
) -> Vec<Finding> {
    let expect = wanted.expect;
    let mut findings = Vec::new();
    let mut add = |part, held: Result<(), Mismatch>| {
        findings.extend(held.err().map(|wrong| finding(part, "", &wrong.expected, &wrong.actual, masking)));
    };
    add(Part::Status, judge_status(&expect.status, answer));
    if let Some(wanted) = expect.url.as_ref().filter(|at| !is_at(at, &answer.url, wanted.base)) {
        add(Part::Url, Err(Mismatch { expected: wanted.clone(), actual: answer.url.to_string() }));
    }
    if let Some(matcher) = &expect.redirects {
        add(Part::Redirects, matcher::hold(matcher, Some(&Value::from(answer.redirects))));
    }
    if let Some(version) = wanted.version.filter(|version| !speaks(*version, answer.version)) {
        let expected = format!("HTTP/{}", version.as_str());
        add(Part::Version, Err(Mismatch { expected, actual: format!("{:?}", answer.version) }));
    }
    findings.extend(header::findings(expect, answer, masking));
    findings.extend(body::findings(wanted, answer, json, masking));
    if let Some(expected) = &expect.tls {
        findings.extend(tls::findings(expected, answer.certificate.as_deref(), wanted.now, masking));
    }
    if let Some(most) = expect.within_ms.filter(|most| answer.elapsed.as_millis() > u128::from(*most)) {
        let actual = format!("{}ms", answer.elapsed.as_millis());
        findings.push(finding(Part::Time, "", &format!("within {}", show_millis(most)), &actual, masking));
    }
    findings
}

fn judge_status(expected: &[StatusPattern], answer: &Answer) -> Result<(), Mismatch> {
    let success = (200..300).contains(&answer.status);
    if (expected.is_empty() && success) || expected.iter().any(|pattern| pattern.fits(answer.status)) {
        return Ok(());
    }
    let to = header::first(answer, "location").map(|location| format!(" to {location}")).unwrap_or_default();
    let expected = match expected {
        [] => "a status of success".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
    };
    Err(Mismatch { expected, actual: format!("{}{to}", answer.status) })
}

/// Whether the final URL is the expected one: a whole URL, or a path of the target itself.
fn is_at(wanted: &str, actual: &Url, base: &Url) -> bool {
    let wanted = match crate::http::address(base, wanted, &[]) {
        Ok(url) => url,
        Err(_) => match Url::parse(wanted) {
            Ok(url) => url,
            Err(_) => return false,
        },
    };
    wanted.origin() == actual.origin() && wanted.path() == actual.path() && wanted.query() == actual.query()
}

fn speaks(wanted: HttpVersion, spoken: reqwest::Version) -> bool {
    match wanted {
        HttpVersion::One => spoken == reqwest::Version::HTTP_11,
        HttpVersion::Two => spoken == reqwest::Version::HTTP_2,
    }
}

#[cfg(test)]
mod tests;
