//! Holds a complete answer over HTTP against what a check expects. How single values are compared is `matcher.rs`'s.

use reqwest::Url;
use serde_json::Value;

use super::{finding, json_findings, schema_findings};
use crate::duration::show_millis;
use crate::expect::matcher::{self, Mismatch};
use crate::http::Answer;
use crate::masking::Masking;
use crate::model::{Expect, Expectation, Matcher, StatusPattern};
use crate::report::{Finding, Part};

/// The body of an answer as JSON, or why it is not, which matters only when JSON is wanted.
pub(crate) struct Body<'a> {
    pub(crate) json: Result<&'a Value, &'a serde_json::Error>,
    pub(crate) wants_json: bool,
}

/// Everything in an answer that is not as expected.
pub(crate) fn judge(
    expect: &Expect,
    answer: &Answer,
    body: &Body<'_>,
    schema: Option<&jsonschema::Validator>,
    base: &Url,
    masking: &Masking<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |part, of: &str, mismatch: Mismatch| {
        findings.push(finding(part, of, &mismatch.expected, &mismatch.actual, masking));
    };
    if let Err(mismatch) = judge_status(&expect.status, answer) {
        add(Part::Status, "", mismatch);
    }
    if let Some(wanted) = &expect.url
        && !is_at(wanted, &answer.url, base)
    {
        add(Part::Url, "", Mismatch { expected: wanted.clone(), actual: answer.url.to_string() });
    }
    for Expectation { of, is } in &expect.headers {
        if let Err(mismatch) = judge_header(of, is, answer) {
            add(Part::Header, of, mismatch);
        }
    }
    if let Some(wanted) = &expect.body {
        let text = Value::String(String::from_utf8_lossy(&answer.body).into_owned());
        if let Err(mismatch) = matcher::hold(wanted, Some(&text)) {
            add(Part::Body, "", mismatch);
        }
    }
    match body.json {
        Ok(json) => {
            findings.extend(json_findings(&expect.json, json, masking));
            findings.extend(schema_findings(schema, json, masking));
        }
        Err(reason) if body.wants_json => {
            let actual = what_it_is_instead(answer, reason);
            findings.push(finding(Part::Json, "", "a JSON body", &actual, masking));
        }
        Err(_) => {}
    }
    if let Some(most) = expect.within_ms.filter(|most| answer.elapsed.as_millis() > u128::from(*most)) {
        let actual = format!("{}ms", answer.elapsed.as_millis());
        findings.push(finding(Part::Time, "", &format!("within {}", show_millis(most)), &actual, masking));
    }
    findings
}

/// The first value of a header.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The body as JSON, with a byte order mark tolerated as browsers do.
pub(crate) fn parse_json(body: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

fn judge_status(expected: &[StatusPattern], answer: &Answer) -> Result<(), Mismatch> {
    let success = (200..300).contains(&answer.status);
    if (expected.is_empty() && success) || expected.iter().any(|pattern| pattern.fits(answer.status)) {
        return Ok(());
    }
    let to = header(answer, "location").map(|location| format!(" to {location}")).unwrap_or_default();
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

/// A repeated header is right when one of its values is; a denial must hold for all of them.
fn judge_header(name: &str, matcher: &Matcher, answer: &Answer) -> Result<(), Mismatch> {
    let values: Vec<&str> = answer
        .headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    let results: Vec<_> = values.iter().map(|value| judge_header_value(name, matcher, value)).collect();
    let denies = matches!(matcher, Matcher::Not(_) | Matcher::Exists(false));
    if results.is_empty() {
        matcher::hold(matcher, None)
    } else if denies {
        results.into_iter().collect()
    } else if results.iter().any(Result::is_ok) {
        Ok(())
    } else {
        Err(Mismatch { expected: matcher::describe(matcher), actual: format!("{:?}", values.join(", ")) })
    }
}

fn judge_header_value(name: &str, matcher: &Matcher, value: &str) -> Result<(), Mismatch> {
    let text = match matcher {
        // A media type without parameters means any parameters: `application/json` is also there with a charset.
        Matcher::Equals(Value::String(wanted))
            if name.eq_ignore_ascii_case("content-type") && !wanted.contains(';') =>
        {
            let wanted = Matcher::Equals(Value::String(wanted.to_ascii_lowercase()));
            let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            return matcher::hold(&wanted, Some(&Value::String(media_type)));
        }
        Matcher::Equals(Value::Number(_) | Value::Bool(_)) | Matcher::AtLeast(_) | Matcher::AtMost(_) => {
            serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
        }
        _ => Value::String(value.to_owned()),
    };
    matcher::hold(matcher, Some(&text))
}

fn what_it_is_instead(answer: &Answer, reason: &serde_json::Error) -> String {
    if answer.body.is_empty() {
        return "an empty body".to_owned();
    }
    let text = String::from_utf8_lossy(&answer.body);
    let media_type = header(answer, "content-type").unwrap_or_default();
    if media_type.contains("html") || text.trim_start().starts_with('<') {
        return match html_title(&text) {
            Some(title) => format!("an HTML page with the title {title:?}"),
            None => "an HTML page without a title".to_owned(),
        };
    }
    match header(answer, "content-encoding") {
        Some(encoding) => format!("a body that is not JSON, encoded as {encoding}"),
        None => format!("a body that is not JSON ({reason})"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::Redactor;
    use serde_json::json;
    use std::time::Duration;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let url = Url::parse("http://host/a").expect("a URL");
        Answer { status, headers, url, body: body.as_bytes().to_vec(), elapsed: Duration::from_millis(5) }
    }

    fn findings(expect: &Expect, answer: &Answer) -> Vec<String> {
        let redactor = Redactor::default();
        let base = Url::parse("http://host").expect("a URL");
        let json = parse_json(&answer.body);
        let body = Body { json: json.as_ref(), wants_json: !expect.json.is_empty() };
        let found = judge(expect, answer, &body, None, &base, &Masking::new(&redactor));
        found.iter().map(ToString::to_string).collect()
    }

    fn of(of: &str, is: Matcher) -> Vec<Expectation> {
        vec![Expectation { of: of.to_owned(), is }]
    }

    #[test]
    fn a_page_in_place_of_json_is_shown_by_its_title() {
        let page = answer(200, &[("content-type", "text/html")], "<html><TITLE>Sign\n in</TITLE></html>");
        let expect = Expect { json: of("$.ok", Matcher::Equals(json!(true))), ..Expect::default() };
        assert_eq!(
            findings(&expect, &page),
            ["json: expected a JSON body, found an HTML page with the title \"Sign in\""]
        );
    }

    #[test]
    fn a_redirect_that_was_not_followed_shows_where_it_leads() {
        let found = findings(&Expect::default(), &answer(302, &[("location", "/login")], ""));
        assert_eq!(found, ["status: expected a status of success, found 302 to /login"]);
    }

    #[test]
    fn a_media_type_is_met_with_any_parameters_unless_they_are_written() {
        let typed = answer(200, &[("content-type", "application/json; charset=utf-8")], "{}");
        let header =
            |wanted: &str| Expect { headers: of("Content-Type", Matcher::Equals(json!(wanted))), ..Expect::default() };
        assert!(findings(&header("application/json"), &typed).is_empty());
        assert_eq!(findings(&header("application/json; charset=latin1"), &typed).len(), 1);
    }

    #[test]
    fn one_value_of_a_repeated_header_is_enough_but_a_denial_is_for_all() {
        let twice = answer(200, &[("x-a", "1"), ("x-a", "2")], "");
        let header = |is| Expect { headers: of("x-a", is), ..Expect::default() };
        assert!(findings(&header(Matcher::Equals(json!("2"))), &twice).is_empty());
        assert!(findings(&header(Matcher::AtLeast(json!(2))), &twice).is_empty());
        assert_eq!(findings(&header(Matcher::Not(Box::new(Matcher::Equals(json!("2"))))), &twice).len(), 1);
        assert_eq!(findings(&header(Matcher::Exists(false)), &twice).len(), 1);
    }

    #[test]
    fn the_final_url_is_a_path_of_the_target_or_a_whole_url() {
        let base = Url::parse("http://host/app").expect("a URL");
        let at = |wanted: &str, actual: &str| is_at(wanted, &Url::parse(actual).expect("a URL"), &base);
        assert!(at("/home", "http://host/app/home"));
        assert!(!at("/home", "http://other/app/home"));
        assert!(!at("/home", "http://host/app/home?next=1"));
        assert!(at("https://other/x", "https://other/x"));
    }
}
