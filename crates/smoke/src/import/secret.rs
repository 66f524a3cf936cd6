//! Takes secrets out of a request: each becomes a variable that the environment has to give. Masking them later is `masking`'s.

use regex::Regex;
use serde_json::Value;

use super::Remarks;
use super::draft::Draft;
use super::text::{has_mark, mark};
use crate::model::{Auth, Body, MultipartValue};

/// The variables of a file. The same value is the same variable.
#[derive(Default)]
pub(super) struct Secrets {
    known: Vec<(String, String)>,
}

/// Parts of names that say what is in them. They are compared without `-` and `_`.
const PRIVATE: [&str; 12] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "apikey",
    "privatekey",
    "credential",
    "session",
    "signature",
    "accesskey",
];

/// Whether a name says that its value is secret.
pub(super) fn is_private(name: &str) -> bool {
    let plain: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    PRIVATE.iter().any(|part| plain.contains(part)) || matches!(plain.as_str(), "pwd" | "pass" | "auth" | "xauth")
}

impl Secrets {
    /// Hides what is secret in a request.
    pub(super) fn hide(&mut self, draft: &mut Draft, remarks: &mut Remarks) {
        let line = draft.line;
        let mut hide = |name: &str, value: &mut String| self.variable(name, value, line, remarks);
        let request = &mut draft.request;
        let mut headers = Vec::new();
        for (name, mut value) in std::mem::take(&mut request.headers) {
            if name.eq_ignore_ascii_case("authorization") {
                let (scheme, mut rest) = value
                    .split_once(' ')
                    .map_or(("", value.clone()), |(scheme, rest)| (scheme, rest.trim().to_owned()));
                let scheme = scheme.to_owned();
                hide(if scheme.eq_ignore_ascii_case("bearer") { "API_TOKEN" } else { "AUTHORIZATION" }, &mut rest);
                if scheme.eq_ignore_ascii_case("bearer") && request.auth.is_none() {
                    request.auth = Some(Auth::Bearer(rest));
                    continue;
                }
                value = if scheme.is_empty() { rest } else { format!("{scheme} {rest}") };
            } else if name.eq_ignore_ascii_case("cookie") {
                for part in value.split(';') {
                    let (name, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
                    if !name.is_empty() {
                        request.cookies.push((name.to_owned(), value.to_owned()));
                    }
                }
                continue;
            } else if is_private(&name) {
                hide(&name, &mut value);
            }
            headers.push((name, value));
        }
        request.headers = headers;
        match &mut request.auth {
            Some(Auth::Basic { password, .. }) if !password.is_empty() => hide("PASSWORD", password),
            Some(Auth::Bearer(token)) => hide("API_TOKEN", token),
            Some(Auth::Basic { .. }) | None => {}
        }
        for (name, value) in &mut request.cookies {
            hide(&format!("COOKIE_{name}"), value);
        }
        let mut fields: Vec<&mut (String, String)> = request.query.iter_mut().collect();
        match &mut request.body {
            Some(Body::Form(form)) => fields.extend(form.iter_mut()),
            Some(Body::Json(value)) => json(value, "", &mut hide),
            Some(Body::Multipart(parts)) => {
                for part in parts.iter_mut().filter(|part| is_private(&part.name)) {
                    if let MultipartValue::Text(value) = &mut part.value {
                        hide(&part.name.clone(), value);
                    }
                }
            }
            Some(Body::Text(text)) => written(text, &mut hide),
            Some(Body::File(_)) | None => {}
        }
        // What is no list of pairs stays in the path.
        if let Some((path, query)) = request.path.split_once('?') {
            request.path = format!("{path}?{}", in_pairs(query, &mut hide));
        }
        if let Some((path, query)) = draft.expect.url.as_deref().and_then(|url| url.split_once('?')) {
            draft.expect.url = Some(format!("{path}?{}", in_pairs(query, &mut hide)));
        }
        for (name, value) in fields.into_iter().filter(|(name, _)| is_private(name)) {
            hide(name, value);
        }
    }

    /// Hides one value, unless it is empty or a variable already.
    pub(super) fn variable(&mut self, name: &str, value: &mut String, line: usize, remarks: &mut Remarks) {
        if value.is_empty() || has_mark(value) {
            return;
        }
        let known = self.known.iter().find(|(_, known)| known == value).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = self.free(&spelled(name));
            self.known.push((name.clone(), value.clone()));
            remarks.note(
                line,
                format!(
                    "a secret was taken out: declare `[variables.{name}]` with `secret = true` and give it a value"
                ),
            );
            name
        });
        *value = mark(&name);
    }

    fn free(&self, name: &str) -> String {
        let taken = |name: &str| self.known.iter().any(|(known, _)| known == name);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }
}

/// A name in the way of the environment's.
fn spelled(name: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String =
        name.trim_matches(|character: char| !character.is_ascii_alphanumeric()).chars().map(word).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("SECRET_{name}") }
}

/// Hides what is secret in a text that is sent as it is: fields of a form, and entries of what is nearly JSON.
fn written(text: &mut String, hide: &mut impl FnMut(&str, &mut String)) {
    if !text.contains('"') {
        *text = in_pairs(text, hide);
        return;
    }
    let Ok(entry) = Regex::new(r#""([^"\\]*)"\s*:\s*"((?:[^"\\]|\\.)*)""#) else { return };
    let (mut out, mut at) = (String::new(), 0);
    for found in entry.captures_iter(text) {
        let (Some(name), Some(value)) = (found.get(1), found.get(2)) else { continue };
        if is_private(name.as_str()) {
            let mut hidden = value.as_str().to_owned();
            hide(name.as_str(), &mut hidden);
            out.push_str(&text[at..value.start()]);
            out.push_str(&hidden);
            at = value.end();
        }
    }
    out.push_str(&text[at..]);
    *text = out;
}

/// `name=value` and others between `&`, the secret values hidden. Nothing else is changed, escapes included.
fn in_pairs(text: &str, hide: &mut impl FnMut(&str, &mut String)) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, value)) if is_private(name) => {
            let mut hidden = value.to_owned();
            hide(name, &mut hidden);
            format!("{name}={hidden}")
        }
        _ => part.to_owned(),
    };
    text.split('&').map(part).collect::<Vec<_>>().join("&")
}

fn json(value: &mut Value, name: &str, hide: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::String(text) if is_private(name) => hide(name, text),
        Value::Array(items) => items.iter_mut().for_each(|item| json(item, name, hide)),
        Value::Object(entries) => entries.iter_mut().for_each(|(name, entry)| json(entry, name, hide)),
        _ => {}
    }
}
