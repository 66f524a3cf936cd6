//! Sends one request, follows its redirects and reads the answer, each within its time. What may be followed is `redirect.rs`'s.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Response, Url};
use tokio::time::{Instant, timeout_at};

use super::client::{Http, Key, Line};
use super::decode::{self, decode, too_large};
use super::redirect::{self, Hop};
use super::{Answer, Limits, Prepared, Route, SendError, failure};
use crate::report::{Unmeasured, UnmeasuredKind};

pub(super) async fn exchange(
    http: &Http,
    request: &Prepared,
    limits: Limits,
    route: Route<'_>,
) -> Result<Answer, SendError> {
    let unsent = |what| SendError { what, bytes_sent: false };
    let line = http.line(route.suite).map_err(unsent)?;
    let until = Until { started: Instant::now(), limits };
    let mut hop = Hop { method: request.method.clone(), url: request.url.clone(), with_body: request.body.is_some() };
    let (mut redirects, mut seen) = (0, BTreeSet::new());
    loop {
        seen.insert((hop.method.to_string(), hop.url.to_string()));
        // Whatever came before the last hop has been sent.
        let sent_before = |mut error: SendError| {
            error.bytes_sent |= redirects > 0;
            error
        };
        let response = ask(http, line, request, &hop, until, route).await.map_err(sent_before)?;
        let headers = named(response.headers());
        let changed = line
            .and_then(|line| line.cookies.as_ref())
            .is_some_and(|jar| jar.lock().unwrap_or_else(PoisonError::into_inner).keep(&hop.url, &headers));
        if changed {
            // The same page may answer otherwise to whoever has the cookie.
            seen.clear();
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let next = redirect::next(&hop, response.status().as_u16(), location);
        if let Some(mut next) = next.filter(|_| redirects < request.redirects) {
            if redirect::is_same(&request.url, &next.url) {
                // Fails only for URLs that cannot have a password.
                next.url.set_username(request.url.username()).ok();
                next.url.set_password(request.url.password()).ok();
            }
            if seen.contains(&(next.method.to_string(), next.url.to_string())) {
                let detail = format!("{} leads back to {}", bare(&hop.url), bare(&next.url));
                let what = Unmeasured { kind: UnmeasuredKind::Redirects, detail };
                return Err(SendError { what, bytes_sent: true });
            }
            (hop, redirects) = (next, redirects + 1);
            continue;
        }
        return read(response, &hop, headers, redirects, until).await;
    }
}

/// When which part has to be done.
#[derive(Clone, Copy)]
struct Until {
    started: Instant,
    limits: Limits,
}

impl Until {
    /// The end for the head of an answer, with the words for passing it.
    fn head(&self, began: Instant) -> (Instant, &'static str, Duration) {
        let (end, words, after) = self.end();
        match self.limits.first_byte {
            Some(first) if began + first < end => (began + first, "no byte of an answer", first),
            _ => (end, words, after),
        }
    }

    fn end(&self) -> (Instant, &'static str, Duration) {
        (self.started + self.limits.total, "not complete", self.limits.total)
    }
}

/// One hop, up to the head of its answer.
async fn ask(
    http: &Http,
    line: Option<&Line>,
    request: &Prepared,
    hop: &Hop,
    until: Until,
    route: Route<'_>,
) -> Result<Response, SendError> {
    let unsent = |what| SendError { what, bytes_sent: false };
    let at_home = redirect::is_same(&request.url, &hop.url);
    let may_be_repeated = hop.method.is_safe();
    let mut key = Key {
        suite: route.suite.to_owned(),
        https: hop.url.scheme() == "https",
        version: request.version,
        address: route.address.filter(|_| at_home),
        connect: until.limits.connect,
        // On a kept connection nobody could tell whether the server saw what changes something.
        fresh: route.fresh || !may_be_repeated,
        lane: route.lane,
    };
    let kept = http.client(key.clone(), line).map_err(unsent)?;
    // Lets a connection that the server has closed meanwhile be noticed before it is used.
    tokio::task::yield_now().await;
    // A new connection cannot have been closed meanwhile, so that what is lost on it is told.
    let keeps = !key.fresh;
    let may_be_stale =
        keeps && kept.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |idle| idle.checked_sub(1)).is_ok();
    let headers = headers(line, request, hop, at_home);
    let mut sent = once(&kept.client, request, hop, &headers, until).await;
    if may_be_stale && matches!(&sent, Err(error) if error.what.kind == UnmeasuredKind::Reset) {
        // The server may close a kept connection at any time: what it says on a new one counts.
        key.fresh = true;
        let fresh = http.client(key, line).map_err(unsent)?;
        sent = once(&fresh.client, request, hop, &headers, until).await;
    }
    let response = sent?;
    let closes =
        response.headers().get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    if keeps && !closes {
        kept.idle.fetch_add(1, Ordering::Relaxed);
    }
    Ok(response)
}

async fn once(
    client: &reqwest::Client,
    request: &Prepared,
    hop: &Hop,
    headers: &HeaderMap,
    until: Until,
) -> Result<Response, SendError> {
    let mut builder = client.request(hop.method.clone(), hop.url.clone()).headers(headers.clone());
    if let Some(body) = request.body.as_ref().filter(|_| hop.with_body) {
        builder = builder.body(body.clone());
    }
    let (end, words, after) = until.head(Instant::now());
    match timeout_at(end, builder.send()).await {
        Ok(sent) => sent.map_err(|error| failure::of_sending(&error, until.limits.connect)),
        Err(_) => Err(failure::out_of_time(words, after)),
    }
}

fn headers(line: Option<&Line>, request: &Prepared, hop: &Hop, at_home: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let declared = redirect::headers_for(&request.headers, &request.url, hop, request.body.is_some());
    for (name, value) in declared {
        headers.append(name, value.clone());
    }
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    // A cache between us and the service would prove nothing about the service.
    default(CACHE_CONTROL, "no-cache");
    default(ACCEPT_ENCODING, decode::ACCEPTED);
    let own = request.cookies.iter().filter(|_| at_home).cloned();
    let jar = line.and_then(|line| line.cookies.as_ref());
    let kept = jar.map(|jar| jar.lock().unwrap_or_else(PoisonError::into_inner).of(&hop.url)).unwrap_or_default();
    let kept = kept.into_iter().filter(|(name, _)| !request.cookies.iter().any(|(own, _)| own == name));
    let cookies: Vec<_> = own.chain(kept).map(|(name, value)| format!("{name}={value}")).collect();
    if !cookies.is_empty() {
        let declared = headers.get(COOKIE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let all: Vec<_> = declared.into_iter().chain(cookies).collect();
        if let Ok(mut value) = HeaderValue::from_str(&all.join("; ")) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }
    headers
}

async fn read(
    mut response: Response,
    hop: &Hop,
    headers: Vec<(String, String)>,
    redirects: u32,
    until: Until,
) -> Result<Answer, SendError> {
    let most = until.limits.body_bytes;
    let broken = |what| SendError { what, bytes_sent: true };
    // What is announced need not be waited for; an answer to HEAD announces a body that does not come.
    let announced = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if hop.method != reqwest::Method::HEAD && announced.is_some_and(|length| length > most) {
        return Err(broken(too_large(most)));
    }
    let (status, version) = (response.status().as_u16(), response.version());
    let certificate = certificate(&response);
    let (end, words, after) = until.end();
    let mut raw = Vec::new();
    loop {
        match timeout_at(end, response.chunk()).await {
            Err(_) => return Err(failure::out_of_time(words, after)),
            Ok(Err(error)) => return Err(failure::of_reading(&error)),
            Ok(Ok(None)) => break,
            Ok(Ok(Some(chunk))) => raw.extend_from_slice(&chunk),
        }
        if raw.len() as u64 > most {
            return Err(broken(too_large(most)));
        }
    }
    let body = decode(raw, &headers, most).map_err(broken)?;
    let elapsed = until.started.elapsed();
    Ok(Answer { status, version, headers, url: bare(&hop.url), redirects, body, certificate, elapsed })
}

#[cfg(feature = "tls")]
fn certificate(response: &Response) -> Option<Vec<u8>> {
    let info = response.extensions().get::<reqwest::tls::TlsInfo>()?;
    info.peer_certificate().map(<[u8]>::to_vec)
}

#[cfg(not(feature = "tls"))]
fn certificate(_response: &Response) -> Option<Vec<u8>> {
    None
}

fn named(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// A URL without who asks.
fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    // Fails only for URLs that cannot have a password.
    bare.set_password(None).ok();
    bare.set_username("").ok();
    bare
}
