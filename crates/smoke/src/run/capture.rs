//! Takes the values that later checks use out of what was found. What is not there is a finding.

use std::sync::PoisonError;

use minijinja::Value as Name;
use serde_json::Value;

use super::session::Session;
use crate::expect::{finding, matcher};
use crate::http::cookies;
use crate::model::{Capture, Check, JsonType, Source};
use crate::report::{Finding, Part};

impl Session<'_> {
    /// Keeps what later checks need, also from an answer that only warns.
    pub(super) fn capture(
        &self,
        check: &Check,
        json: Option<&Value>,
        text: &str,
        headers: &[(String, String)],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for capture in &check.capture {
            if matches!(capture.from, Source::Json(_)) && json.is_none() {
                // That it is not JSON is told already.
                continue;
            }
            let found = find(&capture.from, json, text, headers);
            if capture.secret
                && let Some(value) = &found
            {
                self.masking.learn_all(value);
            }
            match found.ok_or("nothing".to_owned()).and_then(|value| typed(value, capture.is)) {
                Ok(value) => {
                    if capture.secret {
                        // As the text that it may have become too.
                        self.masking.learn_all(&value);
                    }
                    if let Some(journal) = &self.journal {
                        // Kept in memory for this run in any case; only the next one misses what cannot be written.
                        journal.value(capture, &value, &self.masking).ok();
                    }
                    let value = Name::from(minijinja::value::Serde(&value));
                    self.names.write().unwrap_or_else(PoisonError::into_inner).insert(capture.name.clone(), value);
                }
                Err(actual) => {
                    let at = wanted(capture);
                    findings.push(finding(Part::Capture, &capture.name, &at, &actual, &self.masking));
                }
            }
        }
        findings
    }
}

fn find(source: &Source, json: Option<&Value>, text: &str, headers: &[(String, String)]) -> Option<Value> {
    match source {
        Source::Json(path) => matcher::find(path, json?),
        Source::Header(name) => {
            let (_, value) = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
            Some(Value::String(value.clone()))
        }
        Source::Cookie(name) => {
            let (_, value) = cookies::set_by(headers).into_iter().rev().find(|(own, _)| own == name)?;
            Some(Value::String(value))
        }
        Source::Regex(pattern) => {
            let found = regex::Regex::new(pattern).ok()?.captures(text)?;
            let group = found.get(1).or_else(|| found.get(0))?;
            Some(Value::String(group.as_str().to_owned()))
        }
    }
}

/// The value as the type that was asked for; a text is read as JSON for that.
fn typed(value: Value, wanted: Option<JsonType>) -> Result<Value, String> {
    let Some(wanted) = wanted else { return Ok(value) };
    if matcher::is_of(&value, wanted) {
        return Ok(value);
    }
    if wanted == JsonType::String && !matches!(value, Value::Null | Value::Array(_) | Value::Object(_)) {
        return Ok(Value::String(value.to_string()));
    }
    let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
    read.filter(|read| matcher::is_of(read, wanted)).ok_or_else(|| value.to_string())
}

fn wanted(Capture { from, is, .. }: &Capture) -> String {
    let what = is.map_or_else(|| "a value".to_owned(), |is| format!("a value of type {}", is.as_str()));
    match from {
        Source::Json(path) => format!("{what} at {path}"),
        Source::Header(name) => format!("{what} in header {name}"),
        Source::Cookie(name) => format!("{what} in cookie {name}"),
        Source::Regex(pattern) => format!("{what} by /{pattern}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_captured_text_becomes_what_it_is_wanted_as() {
        assert_eq!(typed(json!("42"), Some(JsonType::Integer)), Ok(json!(42)));
        assert_eq!(typed(json!(42), Some(JsonType::String)), Ok(json!("42")));
        assert_eq!(typed(json!("x"), Some(JsonType::Integer)), Err("\"x\"".to_owned()));
        assert_eq!(typed(json!("42"), None), Ok(json!("42")));
    }

    #[test]
    fn values_are_found_in_headers_cookies_and_text() {
        let headers = [("etag", "\"v1\""), ("set-cookie", "t=a; Path=/"), ("set-cookie", "t=b")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let find = |source| find(&source, None, "job id=42 done", &headers);
        assert_eq!(find(Source::Header("ETag".to_owned())), Some(json!("\"v1\"")));
        assert_eq!(find(Source::Cookie("t".to_owned())), Some(json!("b")));
        assert_eq!(find(Source::Regex(r"id=(\d+)".to_owned())), Some(json!("42")));
        assert_eq!(find(Source::Regex("done".to_owned())), Some(json!("done")));
        assert_eq!(find(Source::Regex("failed".to_owned())), None);
    }
}
