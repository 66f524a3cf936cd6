//! The captures of an entry. Their names are kept by `variables.rs`, asserts are beside it.

use super::lines::pair;
use super::query::{Query, query};
use super::token::{Token, tokens};
use super::variables::Variables;
use crate::import::Remarks;
use crate::import::draft::Draft;
use crate::import::secret::is_private;
use crate::model::{Capture, Source};

/// Reads one line of a `[Captures]` section.
pub(super) fn read(number: usize, line: &str, draft: &mut Draft, variables: &mut Variables, remarks: &mut Remarks) {
    let parts = pair(line).and_then(|(name, rest)| Some((name, tokens(rest, variables)?)));
    let Some((name, mut words)) = parts else {
        remarks.left_out(number, "this line, which is no capture");
        return;
    };
    let redacted = words.last() == Some(&Token::Word("redact".to_owned()));
    if redacted {
        words.pop();
    }
    match query(&words).as_ref().and_then(source) {
        Some(from) => {
            let secret = redacted || is_private(name);
            draft.capture.push(Capture { name: variables.capture(name), from, is: None, secret });
        }
        None => remarks.left_out(
            number,
            format!("the capture `{name}`: a check keeps JSONPaths, headers, cookies and what a pattern finds"),
        ),
    }
}

fn source(query: &Query) -> Option<Source> {
    if query.name == "body"
        && let [Token::Word(word), Token::Text(pattern)] = query.filters.as_slice()
    {
        return (word == "regex").then(|| pattern_of(pattern)).flatten();
    }
    if !query.filters.is_empty() {
        return None;
    }
    match (query.name.as_str(), &query.of) {
        ("jsonpath", _) => {
            let path = query.plain()?;
            serde_json_path::JsonPath::parse(path).ok().map(|_| Source::Json(path.to_owned()))
        }
        ("header", _) => query.plain().map(|name| Source::Header(name.to_owned())),
        ("cookie", _) => query.plain().filter(|name| !name.contains('[')).map(|name| Source::Cookie(name.to_owned())),
        ("regex", Some(Token::Text(pattern) | Token::Pattern(pattern))) => pattern_of(pattern),
        ("body", _) => Some(Source::Regex(r"(?s)\A(.*)\z".to_owned())),
        _ => None,
    }
}

fn pattern_of(pattern: &str) -> Option<Source> {
    regex::Regex::new(pattern).ok().map(|_| Source::Regex(pattern.to_owned()))
}
