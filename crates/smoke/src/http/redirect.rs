//! What a redirect asks for: the next URL, method and body, and what may go there. Following it is `exchange.rs`'s.

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};

/// Headers that say nothing about who asks. All others stay with the target.
const HARMLESS: [&str; 5] = ["accept", "accept-encoding", "accept-language", "cache-control", "user-agent"];

/// One request of a chain.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) with_body: bool,
}

/// Where an answer leads, or `None` when it is the last one.
pub(super) fn next(hop: &Hop, status: u16, location: Option<&str>) -> Option<Hop> {
    let url = hop.url.join(location?).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let safe = matches!(hop.method, Method::GET | Method::HEAD);
    let as_get = match status {
        301 | 302 => hop.method == Method::POST,
        303 => !safe,
        307 | 308 => false,
        _ => return None,
    };
    if hop.with_body && !as_get && !is_same(&hop.url, &url) {
        // What was meant for the target may hold a password.
        return None;
    }
    let method = if as_get { Method::GET } else { hop.method.clone() };
    Some(Hop { method, url, with_body: hop.with_body && !as_get })
}

/// Whether two URLs are of the same server.
pub(super) fn is_same(left: &Url, right: &Url) -> bool {
    left.origin() == right.origin()
}

/// The headers of a request that may go to another server, and those of its body while it has one.
pub(super) fn headers_for<'a>(
    headers: &'a [(HeaderName, HeaderValue)],
    target: &Url,
    hop: &Hop,
    had_body: bool,
) -> impl Iterator<Item = &'a (HeaderName, HeaderValue)> {
    let at_home = is_same(target, &hop.url);
    let bare = had_body && !hop.with_body;
    headers.iter().filter(move |(name, _)| {
        (at_home || HARMLESS.contains(&name.as_str())) && !(bare && name.as_str().starts_with("content-"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(method: Method, with_body: bool) -> Hop {
        Hop { method, url: Url::parse("http://app.test/a/b").expect("a URL"), with_body }
    }

    fn to(method: Method, with_body: bool, status: u16, location: &str) -> Option<(String, String, bool)> {
        let next = next(&hop(method, with_body), status, Some(location))?;
        Some((next.method.to_string(), next.url.to_string(), next.with_body))
    }

    #[test]
    fn methods_are_rewritten_as_browsers_do() {
        let here = "http://app.test/c".to_owned();
        for (method, status, expected) in [
            (Method::POST, 301, "GET"),
            (Method::POST, 302, "GET"),
            (Method::PUT, 302, "PUT"),
            (Method::PUT, 303, "GET"),
            (Method::HEAD, 303, "HEAD"),
            (Method::POST, 307, "POST"),
            (Method::DELETE, 308, "DELETE"),
        ] {
            let with_body = matches!(method, Method::POST | Method::PUT);
            let keeps = with_body && expected != "GET";
            assert_eq!(
                to(method, with_body, status, "/c"),
                Some((expected.to_owned(), here.clone(), keeps)),
                "{status}"
            );
        }
    }

    #[test]
    fn what_is_no_redirect_is_the_last_answer() {
        for (status, location) in [(200, "/c"), (304, "/c"), (300, "/c"), (302, "ftp://app.test/"), (302, "http://")] {
            assert_eq!(to(Method::GET, false, status, location), None, "{status} {location}");
        }
        assert!(next(&hop(Method::GET, false), 302, None).is_none());
    }

    #[test]
    fn a_body_never_goes_to_another_server() {
        assert_eq!(to(Method::POST, true, 307, "http://evil.test/"), None);
        assert!(
            to(Method::POST, true, 302, "http://evil.test/").is_some_and(|(method, _, body)| method == "GET" && !body)
        );
    }

    #[test]
    fn only_harmless_headers_go_to_another_server() {
        let headers = ["accept", "authorization", "cookie", "x-token", "content-type"]
            .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("v")));
        let target = Url::parse("http://app.test/").expect("a URL");
        let names = |url: &str, with_body| {
            let hop = Hop { method: Method::GET, url: Url::parse(url).expect("a URL"), with_body };
            headers_for(&headers, &target, &hop, true).map(|(name, _)| name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("http://evil.test/", false), ["accept"]);
        assert_eq!(names("http://app.test:81/", false), ["accept"]);
        assert_eq!(names("https://app.test/", false), ["accept"]);
        assert_eq!(names("http://app.test/x", false), ["accept", "authorization", "cookie", "x-token"]);
        assert_eq!(names("http://app.test/x", true).len(), 5);
    }
}
