//! Turns a check's request into the bytes to send, and into a curl line without secrets. Sending is `client.rs`'s.

use minijinja::{Environment, Value as Name};
use plimsoll_core::secret::MASK;
use plimsoll_core::template;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use crate::masking::Masking;
use crate::matcher;
use crate::model::{Body, Method, Request};
use crate::problem::template_text;
use crate::report::{Unmeasured, UnmeasuredKind};

/// Headers whose values are never shown, whoever made them.
const PRIVATE_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// A request with every template filled in.
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) follow_redirects: bool,
    /// The URL as it may be shown.
    pub(crate) shown_url: String,
    /// A shell line that sends the same request, with the secrets masked.
    pub(crate) curl: String,
}

/// Fills in the templates of a request to the target.
pub(crate) fn prepare(
    env: &Environment<'_>,
    request: &Request,
    base: &Url,
    names: &Name,
    masking: &Masking<'_>,
) -> Result<Prepared, Unmeasured> {
    let wrong = |detail: String| Unmeasured { kind: UnmeasuredKind::NotPrepared, detail: masking.apply(&detail) };
    let render = |text: &str| template::render(env, text, names).map_err(|error| wrong(template_text(&error)));
    let path = render(&request.path)?;
    let query = pairs(&request.query, render)?;
    let url = address(base, &path, &query).map_err(|error| wrong(error.to_string()))?;
    let mut headers = pairs(&request.headers, render)?;
    let body = match &request.body {
        None => None,
        Some(Body::Text(text)) => Some(render(text)?),
        Some(Body::Json(value)) => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            let value = matcher::render_value(env, value, names).map_err(|error| wrong(template_text(&error)))?;
            Some(value.to_string())
        }
    };
    // Masked before the URL is encoded, so that no encoding can hide a secret from the masking.
    let masked: Vec<_> = query.iter().map(|(name, value)| (name.clone(), masking.apply(value))).collect();
    let shown_url = address(&shown_base(base), &masking.apply(&path), &masked)
        .map_err(|error| wrong(error.to_string()))?
        .to_string();
    let curl = curl(request, &shown_url, &headers, body.as_deref(), masking);
    let headers =
        headers.iter().map(|(name, value)| parse_header(name, value)).collect::<Result<_, _>>().map_err(wrong)?;
    Ok(Prepared {
        method: request.method,
        url,
        headers,
        body: body.map(String::into_bytes),
        follow_redirects: request.follow_redirects,
        shown_url,
        curl,
    })
}

/// A path that cannot be added to the target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("the path `{0}` does not start with `/`")]
    NotAbsolute(String),
    #[error("`{0}` does not make a URL")]
    NotAUrl(String),
}

/// The URL of a path on the target. The base may have a path of its own.
pub(crate) fn address(base: &Url, path: &str, query: &[(String, String)]) -> Result<Url, AddressError> {
    // Anything else, glued to the base, could name another host.
    if !path.starts_with('/') {
        return Err(AddressError::NotAbsolute(path.to_owned()));
    }
    let text = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let mut url = Url::parse(&text).map_err(|_| AddressError::NotAUrl(path.to_owned()))?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// The base URL as it may be shown.
pub(crate) fn shown_base(base: &Url) -> Url {
    let mut shown = base.clone();
    if shown.password().is_some() {
        // Fails only for URLs that cannot have a password.
        shown.set_password(Some(MASK)).ok();
    }
    shown
}

type Pairs = Vec<(String, String)>;

fn pairs(list: &Pairs, render: impl Fn(&str) -> Result<String, Unmeasured>) -> Result<Pairs, Unmeasured> {
    list.iter().map(|(name, value)| Ok((name.clone(), render(value)?))).collect()
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header name"))?;
    // The value may be a secret with a stray line break, so it is not repeated.
    let value = HeaderValue::from_str(value).map_err(|_| format!("the value of header `{name}` cannot be sent"))?;
    Ok((parsed, value))
}

fn curl(request: &Request, url: &str, headers: &Pairs, body: Option<&str>, masking: &Masking<'_>) -> String {
    let mut words = vec!["curl -sS".to_owned()];
    words.push(match request.method {
        Method::Head => "-I".to_owned(),
        Method::Get if body.is_none() => "-i".to_owned(),
        other => format!("-i -X {}", other.as_str()),
    });
    if request.follow_redirects {
        words.push("-L --max-redirs 10".to_owned());
    }
    for (name, value) in headers {
        let value = if PRIVATE_HEADERS.iter().any(|private| name.eq_ignore_ascii_case(private)) {
            value.split_once(' ').map_or_else(|| MASK.to_owned(), |(scheme, _)| format!("{scheme} {MASK}"))
        } else {
            masking.apply(value)
        };
        words.push(format!("-H {}", quote(&format!("{name}: {value}"))));
    }
    words.extend(body.map(|body| format!("--data-raw {}", quote(&masking.apply(body)))));
    words.push(quote(url));
    words.join(" ")
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_core::{Redactor, Secret};
    use serde_json::json;

    fn sample() -> Request {
        Request {
            method: Method::Post,
            path: "/notes/{{ id }}".to_owned(),
            query: vec![("key".to_owned(), "{{ token }}".to_owned())],
            headers: vec![("Authorization".to_owned(), "Bearer abc".to_owned()), ("x-a".to_owned(), "it's".to_owned())],
            body: Some(Body::Json(json!({"id": "{{ id }}", "token": "{{ token }}"}))),
            follow_redirects: false,
        }
    }

    fn prepared(base: &str) -> Prepared {
        let names = minijinja::context! { id => 7, token => "s3cret pass" };
        let secrets = [Secret::new("s3cret pass")];
        let redactor = Redactor::new(&secrets);
        let base = Url::parse(base).expect("a URL");
        prepare(&template::environment(), &sample(), &base, &names, &Masking::new(&redactor)).expect("prepared")
    }

    #[test]
    fn the_curl_line_reproduces_the_request_without_its_secrets() {
        let prepared = prepared("http://user:pw@host/app/");
        assert_eq!(prepared.url.as_str(), "http://user:pw@host/app/notes/7?key=s3cret+pass");
        assert_eq!(prepared.body.as_deref(), Some(br#"{"id":7,"token":"s3cret pass"}"#.as_slice()));
        insta::assert_snapshot!(prepared.curl);
    }

    #[test]
    fn a_path_cannot_name_another_host() {
        let base = Url::parse("http://host").expect("a URL");
        for path in ["@evil/", ".evil/", ":1/", "evil"] {
            assert!(address(&base, path, &[]).is_err(), "{path}");
        }
        assert_eq!(address(&base, "//evil/", &[]).expect("a path").host_str(), Some("host"));
    }
}
