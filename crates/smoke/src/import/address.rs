//! Splits the URL of a source: its host becomes the environment's base URL, its query a table. Escaping again is `http`'s.

use super::draft::Draft;
use super::text::{has_mark, mark_end, shown};

/// The first host of a source, which its requests go to unless they name another one.
#[derive(Default)]
pub(super) struct Base(Option<String>);

impl Base {
    /// Fills in path, query and user, and for requests to another host than the first one that host.
    pub(super) fn take(&mut self, url: &str, draft: &mut Draft) {
        let (authority, rest) = split(url);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => {
                // The scheme stands before the user.
                let (scheme, user) = user.split_once("://").map_or(("", user), |(scheme, user)| (scheme, user));
                (Some(user), format!("{scheme}{}{host}", if scheme.is_empty() { "" } else { "://" }))
            }
            None => (None, authority.to_owned()),
        };
        if let Some(user) = user {
            draft.basic(&decoded(user).unwrap_or_else(|| user.to_owned()));
        }
        if !host.is_empty() {
            match &self.0 {
                Some(first) if *first != host => draft.request.base_url = Some(with_scheme(host)),
                _ => self.0 = Some(host),
            }
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        path_and_query(path, query, draft);
    }

    /// A URL without the host that a request goes to; another one stays whole.
    pub(super) fn without(&self, url: &str, draft: &Draft) -> String {
        let (host, rest) = split(url);
        let asked = draft.request.base_url.as_deref().or(self.0.as_deref());
        if asked == Some(host) && rest.starts_with('/') { rest.to_owned() } else { url.to_owned() }
    }

    pub(super) fn shown(&self) -> Option<String> {
        self.0.as_deref().map(shown)
    }
}

fn path_and_query(path: &str, query: &str, draft: &mut Draft) {
    draft.request.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    if query.is_empty() {
        return;
    }
    match pairs(query) {
        Some(pairs) => draft.request.query.extend(pairs),
        None => draft.request.path.push_str(&format!("?{query}")),
    }
}

/// Names and values, when writing them again gives the same text.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for part in text.split('&') {
        let (name, value) = part.split_once('=')?;
        let (name, value) = (decoded(name)?, decoded(value)?);
        if name.is_empty() || has_mark(&name) {
            return None;
        }
        pairs.push((name, value));
    }
    if !has_mark(text) {
        let again: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let same = |text: &str| text.replace("%20", "+").to_ascii_lowercase();
        if same(&again) != same(text) && pairs.iter().any(|(name, value)| !is_plain(name) || !is_plain(value)) {
            return None;
        }
    }
    Some(pairs)
}

/// Text whose escaping nobody minds.
fn is_plain(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_alphanumeric() || "-_.~:/@,!*$'() ".contains(character))
}

/// What the tools take for a host without a scheme. A variable may have its own.
fn with_scheme(host: String) -> String {
    if host.contains("://") || has_mark(&host) { host } else { format!("http://{host}") }
}

/// Everything up to the path, and the rest.
fn split(url: &str) -> (&str, &str) {
    let after_scheme = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let begin = after_scheme.map_or(0, |rest| url.len() - rest.len());
    if begin == 0 && url.starts_with('/') {
        return ("", url);
    }
    let mut at = begin;
    while at < url.len() {
        if let Some(end) = mark_end(&url[at..]) {
            at += end;
            continue;
        }
        let Some(character) = url[at..].chars().next() else { break };
        if matches!(character, '/' | '?' | '#') {
            break;
        }
        at += character.len_utf8();
    }
    url.split_at(at)
}

/// Without percent escapes, when what comes of it is text.
fn decoded(text: &str) -> Option<String> {
    let plus = text.replace('+', " ");
    let mut bytes = Vec::with_capacity(plus.len());
    let mut rest = plus.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::text::mark;

    fn taken(url: &str) -> (String, Vec<(String, String)>, Option<String>) {
        let (mut base, mut draft) = (Base::default(), Draft::default());
        base.take(url, &mut draft);
        (draft.request.path, draft.request.query, base.shown())
    }

    #[test]
    fn a_url_is_split_into_host_path_and_query() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            taken("https://example.org:8443/a/b?x=1&y=a%20b#top"),
            ("/a/b".to_owned(), vec![pair("x", "1"), pair("y", "a b")], Some("https://example.org:8443".to_owned()))
        );
        let (path, query, host) = taken(&format!("{}/a/{}?x={}", mark("host"), mark("id"), mark("x")));
        assert_eq!((shown(&path).as_str(), query.len(), host.as_deref()), ("/a/{{id}}", 1, Some("{{host}}")));
        assert_eq!(taken("example.org").0, "/");
        assert_eq!(taken("http://h/a?flag&x=1").0, "/a?flag&x=1", "what has no pairs stays as it is");
        assert_eq!(taken("http://h/a?x=%ff").0, "/a?x=%ff");
    }

    #[test]
    fn a_request_to_another_host_names_it() {
        let (mut base, mut draft, mut other) = (Base::default(), Draft::default(), Draft::default());
        base.take("http://a/", &mut draft);
        base.take("http://ann:s3cret@b:8080/x", &mut other);
        assert_eq!((other.request.base_url.as_deref(), other.request.path.as_str()), (Some("http://b:8080"), "/x"));
        assert_eq!(base.without("http://b:8080/y", &other), "/y");
        assert_eq!(base.without("http://a/y", &other), "http://a/y");
        base.take("b", &mut other);
        assert_eq!(other.request.base_url.as_deref(), Some("http://b"));
        base.take("http://ann:s3cret@a/", &mut draft);
        assert_eq!(draft.request.base_url, None);
        assert_eq!(
            draft.request.auth,
            Some(crate::Auth::Basic { user: "ann".to_owned(), password: "s3cret".to_owned() })
        );
    }
}
