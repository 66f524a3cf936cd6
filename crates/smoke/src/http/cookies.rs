//! The cookies that answers set, and which of them go with a request. Whether a suite keeps them is said by its file.

use reqwest::Url;

/// The cookies of a suite, as far as RFC 6265 lets them go.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// The port of who set it, as other ports are other services; none for the usual one of HTTP and HTTPS.
    port: Option<u16>,
    /// Whether hosts below the domain get it too.
    below: bool,
    path: String,
    secure: bool,
}

/// Names and values of all cookies that an answer sets, in its order.
pub(crate) fn set_by(headers: &[(String, String)]) -> Vec<(String, String)> {
    let set = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.filter_map(|(_, value)| pair(value.split(';').next()?)).collect()
}

impl Jar {
    /// Keeps what an answer of a URL sets. Tells whether that changed anything.
    pub(crate) fn keep(&mut self, url: &Url, headers: &[(String, String)]) -> bool {
        let set = headers.iter().filter(|(name, _)| name == "set-cookie");
        set.map(|(_, value)| self.keep_one(url, value)).fold(false, |any, changed| any | changed)
    }

    /// The cookies that go with a request, those of longer paths first.
    pub(crate) fn of(&self, url: &Url) -> Vec<(String, String)> {
        let host = url.host_str().unwrap_or_default();
        let goes = |cookie: &&Cookie| {
            (cookie.domain == host || (cookie.below && is_below(host, &cookie.domain)))
                && cookie.port == url.port()
                && path_matches(url.path(), &cookie.path)
                && (!cookie.secure || url.scheme() == "https")
        };
        let mut found: Vec<_> = self.cookies.iter().filter(goes).collect();
        found.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        found.into_iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }

    fn keep_one(&mut self, url: &Url, text: &str) -> bool {
        let host = url.host_str().unwrap_or_default();
        let mut parts = text.split(';');
        let Some((name, value)) = parts.next().and_then(pair) else { return false };
        let mut cookie = Cookie {
            name,
            value,
            domain: host.to_owned(),
            port: url.port(),
            below: false,
            path: default_path(url),
            secure: false,
        };
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    // A host sets cookies for itself and what is above it, but not for a whole top level.
                    if domain != host && (!is_below(host, &domain) || !domain.contains('.')) {
                        return false;
                    }
                    (cookie.below, cookie.domain) = (domain.parse::<std::net::IpAddr>().is_err(), domain);
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => expires = moment(value),
                _ => {}
            }
        }
        let gone = match (max_age, expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(expires)) => expires <= chrono::Utc::now().naive_utc(),
            (None, None) => false,
        };
        let same = |other: &Cookie| {
            (&other.name, &other.domain, other.port, &other.path)
                == (&cookie.name, &cookie.domain, cookie.port, &cookie.path)
        };
        let before = self.cookies.iter().position(same);
        if before.is_some_and(|at| !gone && self.cookies[at] == cookie) || (gone && before.is_none()) {
            return false;
        }
        if let Some(at) = before {
            self.cookies.remove(at);
        }
        if !gone {
            self.cookies.push(cookie);
        }
        true
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), value.trim().trim_matches('"').to_owned()))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn path_matches(path: &str, wanted: &str) -> bool {
    path == wanted || (path.starts_with(wanted) && (wanted.ends_with('/') || path[wanted.len()..].starts_with('/')))
}

fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        Some(at) if at > 0 => url.path()[..at].to_owned(),
        _ => "/".to_owned(),
    }
}

fn moment(text: &str) -> Option<chrono::NaiveDateTime> {
    let formats = ["%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT"];
    formats.iter().find_map(|format| chrono::NaiveDateTime::parse_from_str(text, format).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn set(jar: &mut Jar, at: &str, cookie: &str) -> bool {
        jar.keep(&url(at), &[("set-cookie".to_owned(), cookie.to_owned())])
    }

    fn names(jar: &Jar, at: &str) -> Vec<String> {
        jar.of(&url(at)).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn cookies_go_back_to_whoever_set_them_and_nobody_else() {
        let mut jar = Jar::default();
        assert!(set(&mut jar, "http://app.test/a/login", "own=1"));
        assert!(set(&mut jar, "http://app.test/", "all=2; Domain=app.test; Path=/"));
        assert!(set(&mut jar, "http://app.test/", "safe=3; Secure"));
        assert!(!set(&mut jar, "http://app.test/", "evil=4; Domain=other.test"));
        assert!(!set(&mut jar, "http://app.test/", "evil=4; Domain=test"));
        assert_eq!(names(&jar, "http://app.test/a/x"), ["own=1", "all=2"]);
        assert_eq!(names(&jar, "http://app.test/ab"), ["all=2"]);
        assert_eq!(names(&jar, "http://sub.app.test/a/x"), ["all=2"]);
        assert_eq!(names(&jar, "https://app.test/"), ["all=2", "safe=3"]);
        assert!(names(&jar, "http://app.test:81/a/x").is_empty());
        assert!(names(&jar, "http://evilapp.test/a/x").is_empty());
    }

    #[test]
    fn a_cookie_is_replaced_and_taken_back() {
        let mut jar = Jar::default();
        assert!(set(&mut jar, "http://a/", "t=1"));
        assert!(!set(&mut jar, "http://a/", "t=1"), "it is the same");
        assert!(set(&mut jar, "http://a/", "t=2"));
        assert_eq!(names(&jar, "http://a/"), ["t=2"]);
        assert!(set(&mut jar, "http://a/", "t=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
        assert!(names(&jar, "http://a/").is_empty());
        assert!(set(&mut jar, "http://a/", "t=3; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
        assert!(set(&mut jar, "http://a/", "t=3; Max-Age=0"));
        assert!(names(&jar, "http://a/").is_empty());
    }
}
