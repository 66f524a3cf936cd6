//! Turns a check's request into what is sent, and into a curl line without secrets. Sending is `http`'s.

use std::path::Path;

use plimsoll_core::Secret;
use plimsoll_core::secret::MASK;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::body::{self, Encoded};
use super::curl;
use crate::masking::Masking;
use crate::model::{Auth, HttpVersion, Request, Resolve, Timeouts};
use crate::report::{Unmeasured, UnmeasuredKind};

/// A request that can be sent.
pub(crate) struct Prepared {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Vec<u8>>,
    /// Cookies beside those of the suite.
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) redirects: u32,
    /// The version of HTTP that must be spoken.
    pub(crate) version: Option<HttpVersion>,
    pub(crate) timeouts: Timeouts,
    pub(crate) body_limit: Option<u64>,
    /// Which addresses of the target's name are asked.
    pub(crate) resolve: Option<Resolve>,
    /// Whether sending it twice may do something twice.
    pub(crate) repeats_its_effect: bool,
    /// The URL as it may be shown.
    pub(crate) shown_url: String,
    /// A shell line that sends the same request, with the secrets masked.
    pub(crate) curl: String,
}

/// Prepares a request to the target, its templates filled in. Files are looked for in `root`.
pub(crate) fn prepare(
    request: &Request,
    base: &Url,
    root: Option<&Path>,
    masking: &Masking,
) -> Result<Prepared, Unmeasured> {
    learn(request, masking);
    let wrong = |detail: String| Unmeasured { kind: UnmeasuredKind::NotPrepared, detail: masking.apply(&detail) };
    let url = address(base, &request.path, &request.query).map_err(|error| wrong(error.to_string()))?;
    let mut headers = request.headers.clone();
    let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let encoded = request.body.as_ref().map(|body| body::encode(body, root)).transpose();
    let encoded = encoded.map_err(|error| wrong(error.to_string()))?;
    if let Some(Encoded { media_type: Some(media_type), .. }) = &encoded
        && !has(&headers, "content-type")
    {
        headers.push(("content-type".to_owned(), media_type.clone()));
    }
    if let Some(key) = &request.idempotency_key {
        headers.push(("idempotency-key".to_owned(), key.clone()));
    }
    // Masked before the URL is encoded, so that no encoding can hide a secret from the masking.
    let masked: Vec<_> = request.query.iter().map(|(name, value)| (name.clone(), masking.apply(value))).collect();
    let shown_url = address(&shown_base(base), &masking.apply(&request.path), &masked)
        .map_err(|error| wrong(error.to_string()))?
        .to_string();
    let curl = curl::line(request, &shown_url, base, &headers, encoded.as_ref(), masking);
    headers.extend(request.auth.as_ref().map(|auth| ("authorization".to_owned(), authorization(auth))));
    let headers =
        headers.iter().map(|(name, value)| parse_header(name, value)).collect::<Result<_, _>>().map_err(wrong)?;
    Ok(Prepared {
        method: reqwest::Method::from_bytes(request.method.as_str().as_bytes())
            .map_err(|_| wrong(format!("`{}` is not a method", request.method.as_str())))?,
        url,
        headers,
        body: encoded.map(|encoded| encoded.bytes),
        cookies: request.cookies.clone(),
        redirects: request.redirects,
        version: request.http,
        timeouts: request.timeouts,
        body_limit: request.body_limit,
        resolve: request.resolve.clone(),
        repeats_its_effect: request.repeats_its_effect(),
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

/// Credentials are secret wherever they come from, in the form in which they travel too.
fn learn(request: &Request, masking: &Masking) {
    for (name, value) in request.headers.iter().filter(|(name, _)| curl::is_private(name)) {
        if name.eq_ignore_ascii_case("cookie") {
            value.split(';').filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| learn_value(value, masking));
        } else {
            learn_value(value.split_once(' ').map_or(value.as_str(), |(_, credentials)| credentials), masking);
        }
    }
    request.cookies.iter().for_each(|(_, value)| learn_value(value, masking));
    let Some(auth) = &request.auth else { return };
    match auth {
        Auth::Basic { password, .. } => masking.learn(Secret::new(password.as_str())),
        Auth::Bearer(token) => masking.learn(Secret::new(token.as_str())),
    }
    if let Some((_, credentials)) = authorization(auth).split_once(' ') {
        masking.learn(Secret::new(credentials));
    }
}

/// Credentials in a header or cookie; what is only on or off is none, and would black out what it is written in.
fn learn_value(value: &str, masking: &Masking) {
    if !matches!(value.trim(), "true" | "false") {
        masking.learn(Secret::new(value));
    }
}

fn authorization(auth: &Auth) -> String {
    match auth {
        Auth::Basic { user, password } => format!("Basic {}", body::base64(format!("{user}:{password}").as_bytes())),
        Auth::Bearer(token) => format!("Bearer {token}"),
    }
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is not a header name"))?;
    // The value may be a secret with a stray line break, so it is not repeated.
    let value = HeaderValue::from_str(value).map_err(|_| format!("the value of header `{name}` cannot be sent"))?;
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Method};
    use plimsoll_core::Redactor;
    use serde_json::json;

    fn sample() -> Request {
        Request {
            method: Method::POST,
            path: "/notes/7".to_owned(),
            query: vec![("key".to_owned(), "s3cret pass".to_owned())],
            headers: vec![("Authorization".to_owned(), "Bearer abc".to_owned()), ("x-a".to_owned(), "it's".to_owned())],
            body: Some(Body::Json(json!({"id": 7, "token": "s3cret pass"}))),
            ..Request::default()
        }
    }

    fn prepared(base: &str, request: &Request) -> Prepared {
        let secrets = [Secret::new("s3cret pass")];
        let redactor = Redactor::new(&secrets);
        let base = Url::parse(base).expect("a URL");
        prepare(request, &base, None, &Masking::new(&redactor)).expect("prepared")
    }

    #[test]
    fn the_curl_line_reproduces_the_request_without_its_secrets() {
        let prepared = prepared("http://user:pw@host/app/", &sample());
        assert_eq!(prepared.url.as_str(), "http://user:pw@host/app/notes/7?key=s3cret+pass");
        assert_eq!(prepared.body.as_deref(), Some(br#"{"id":7,"token":"s3cret pass"}"#.as_slice()));
        insta::assert_snapshot!(prepared.curl);
    }

    #[test]
    fn credentials_are_masked_in_the_form_in_which_they_travel() {
        let redactor = Redactor::default();
        let masking = Masking::new(&redactor);
        let auth = Some(Auth::Basic { user: "ann".to_owned(), password: "open sesame".to_owned() });
        let base = Url::parse("http://host").expect("a URL");
        let prepared = prepare(&Request { auth, path: "/".to_owned(), ..Request::default() }, &base, None, &masking);
        assert_eq!(prepared.expect("prepared").curl, "curl -sS -i -u 'ann:***' 'http://host/'");
        assert_eq!(masking.apply("YW5uOm9wZW4gc2VzYW1l open+sesame"), "*** ***");
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
