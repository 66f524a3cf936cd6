//! Splits the URL of a source: its host becomes the environment's base URL, its query a table. Escaping again is `http`'s.

use super::draft::Draft;
use super::text::{has_mark, mark_end, shown};

/// The first host of a source, which all of its requests go to.
#[derive(Default)]
pub(super) struct Base(Option<String>);

/// A request that goes somewhere else than the first one.
#[derive(Debug, thiserror::Error)]
#[error("this request goes to `{host}` and others to `{first}`: a file of checks has one base URL")]
pub(super) struct OtherHost {
    host: String,
    first: String,
}

impl Base {
    /// Fills in path, query and user. Requests to another host than the first are refused with the reason.
    pub(super) fn take(&mut self, url: &str, draft: &mut Draft) -> Result<(), OtherHost> {
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
                Some(first) if *first != host => {
                    return Err(OtherHost { host: shown(&host), first: shown(first) });
                }
                _ => self.0 = Some(host),
            }
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        path_and_query(path, query, draft);
        Ok(())
    }

    /// A URL without the host that all requests go to; another one stays whole.
    pub(super) fn without(&self, url: &str) -> String {
        let (host, rest) = split(url);
        if self.0.as_deref() == Some(host) && rest.starts_with('/') { rest.to_owned() } else { url.to_owned() }
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
        base.take(url, &mut draft).expect("it is the only host");
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
    fn requests_to_two_hosts_do_not_go_into_one_file() {
        let (mut base, mut draft) = (Base::default(), Draft::default());
        base.take("http://a/", &mut draft).expect("the first one");
        assert!(base.take("http://b/", &mut draft).expect_err("another one").to_string().contains("`http://b`"));
        base.take("http://ann:s3cret@a/", &mut draft).expect("the same host");
        assert_eq!(
            draft.request.auth,
            Some(crate::Auth::Basic { user: "ann".to_owned(), password: "s3cret".to_owned() })
        );
    }
}
