//! Sends one request on a connection of its own and classifies what can go wrong. Whether it is sent again is `run/retry.rs`'s.

mod body;
pub(crate) mod cookies;
mod curl;
mod prepare;

use std::error::Error as StdError;
use std::io::{self, Read};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::{Url, redirect};

use crate::error::{BaseUrlProblem, SmokeError};
use crate::report::{Unmeasured, UnmeasuredKind};

pub(crate) use prepare::{Prepared, address, prepare, shown_base};

/// The most redirects one request follows.
const MOST_REDIRECTS: usize = 10;

/// The connection settings for one target.
pub(crate) struct Http {
    pub(crate) base: Url,
    direct: Client,
    following: Option<Client>,
}

/// How much one request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) total: Duration,
    pub(crate) body_bytes: usize,
}

/// A complete answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order of the answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The URL that answered, after redirects.
    pub(crate) url: Url,
    pub(crate) body: Vec<u8>,
    pub(crate) elapsed: Duration,
}

/// A request without a complete answer.
pub(crate) struct SendError {
    pub(crate) what: Unmeasured,
    /// False only when it is certain that the server saw nothing of the request.
    pub(crate) bytes_sent: bool,
}

/// Makes the client for a target. Nothing is connected yet.
pub(crate) fn open(base_url: &str, connect_timeout: Duration, follow: bool) -> Result<Http, SmokeError> {
    let wrong = |problem| SmokeError::BaseUrl { problem };
    let base = Url::parse(base_url).map_err(|_| wrong(BaseUrlProblem::NotAUrl))?;
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return Err(wrong(BaseUrlProblem::NotHttp));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(wrong(BaseUrlProblem::Query));
    }
    if base.scheme() == "https" && !cfg!(feature = "tls") {
        return Err(wrong(BaseUrlProblem::NoTls));
    }
    #[cfg(feature = "tls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
    }
    let build = |policy| client(&base, connect_timeout, policy).map_err(|source| SmokeError::Client { source });
    let direct = build(redirect::Policy::none())?;
    let following = if follow { Some(build(redirect::Policy::limited(MOST_REDIRECTS))?) } else { None };
    Ok(Http { base, direct, following })
}

/// Sends a request and reads the whole answer.
pub(crate) fn send(http: &Http, request: &Prepared, limits: Limits) -> Result<Answer, SendError> {
    let client = match &http.following {
        Some(following) if request.redirects > 0 => following,
        _ => &http.direct,
    };
    let mut builder = client.request(request.method.clone(), request.url.clone()).timeout(limits.total);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if !request.headers.iter().any(|(name, _)| name == reqwest::header::CACHE_CONTROL) {
        // A cache between us and the service would prove nothing about the service.
        builder = builder.header(reqwest::header::CACHE_CONTROL, "no-cache");
    }
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    let started = Instant::now();
    let mut response = builder.send().map_err(|error| {
        let connecting = error.is_connect() || error.is_builder();
        SendError { what: explain(&error), bytes_sent: !connecting }
    })?;
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let (status, url) = (response.status().as_u16(), response.url().clone());
    let body = read_body(&mut response, limits.body_bytes).map_err(|what| SendError { what, bytes_sent: true })?;
    Ok(Answer { status, headers, url, body, elapsed: started.elapsed() })
}

fn client(base: &Url, connect_timeout: Duration, policy: redirect::Policy) -> reqwest::Result<Client> {
    let mut builder = Client::builder()
        .user_agent(concat!("plimsoll-smoke/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        .timeout(None)
        .redirect(policy)
        // A kept connection stays with one instance, which may be the old revision.
        .pool_max_idle_per_host(0);
    #[cfg(feature = "tls")]
    if base.scheme() == "http" {
        // The platform's certificates are not needed, and a machine may have none at all.
        builder = builder.tls_certs_only(Vec::<reqwest::Certificate>::new());
    }
    if is_loopback(base) {
        // CI sets proxies for the outside world; they cannot see our loopback.
        builder = builder.no_proxy();
    }
    builder.build()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn read_body(response: &mut impl Read, most: usize) -> Result<Vec<u8>, Unmeasured> {
    let mut body = Vec::new();
    response.take(most as u64 + 1).read_to_end(&mut body).map_err(|error| {
        let mut what = explain(&error);
        // After the headers, a lost connection means that the answer is not whole.
        if matches!(what.kind, UnmeasuredKind::Other | UnmeasuredKind::Reset) {
            what.kind = UnmeasuredKind::CutShort;
        }
        what
    })?;
    if body.len() > most {
        let detail = format!("more than {most} bytes");
        return Err(Unmeasured { kind: UnmeasuredKind::TooLarge, detail });
    }
    Ok(body)
}

/// Finds the reason in a chain of errors; the text is that of the innermost one, which names no URL.
fn explain(error: &(dyn StdError + 'static)) -> Unmeasured {
    let mut kind = UnmeasuredKind::Other;
    let mut detail = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = kind_of(error) {
            kind = found;
        }
        detail = match error.downcast_ref::<reqwest::Error>() {
            Some(outer) if outer.source().is_none() => outer_text(outer),
            _ => error.to_string(),
        };
        next = inner(error);
    }
    Unmeasured { kind, detail }
}

fn kind_of(error: &(dyn StdError + 'static)) -> Option<UnmeasuredKind> {
    #[cfg(feature = "tls")]
    if error.downcast_ref::<rustls::Error>().is_some() {
        return Some(UnmeasuredKind::Tls);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(UnmeasuredKind::Refused),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Some(UnmeasuredKind::Reset)
            }
            io::ErrorKind::UnexpectedEof => Some(UnmeasuredKind::CutShort),
            io::ErrorKind::TimedOut => Some(UnmeasuredKind::TimedOut),
            _ => None,
        };
    }
    let error = error.downcast_ref::<reqwest::Error>()?;
    if error.is_timeout() {
        Some(UnmeasuredKind::TimedOut)
    } else if error.is_redirect() {
        Some(UnmeasuredKind::Redirects)
    } else if error.is_dns() {
        Some(UnmeasuredKind::NameNotFound)
    } else if error.is_request() && !error.is_connect() {
        // Connected, then nothing: the server closed before it answered.
        Some(UnmeasuredKind::Reset)
    } else {
        None
    }
}

/// `io::Error` hides the error it wraps from `source`, so that is unpacked here.
fn inner<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The URL is shown by the report, masked; reqwest's text has it in clear.
fn outer_text(error: &reqwest::Error) -> String {
    let text = error.to_string();
    text.split(" for url (").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognized_by_name_and_number() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).expect("a URL"));
        assert!(loopback("http://localhost:1") && loopback("http://127.0.0.9") && loopback("http://[::1]:80"));
        assert!(!loopback("http://localhost.example.com") && !loopback("https://10.0.0.1"));
    }

    #[test]
    fn a_base_url_must_be_one_that_paths_can_be_added_to() {
        let open =
            |text: &str| open(text, Duration::from_secs(1), false).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(open("ftp://a").expect_err("ftp"), "the base URL is not http or https");
        assert_eq!(open("nowhere").expect_err("no URL"), "the base URL is not a URL");
        assert_eq!(open("http://a/?b").expect_err("query"), "the base URL has a query or a fragment");
        assert_eq!(open("http://127.0.0.1:9"), Ok(()));
    }
}
