//! Texts of every format become one JSON value with places, and faults with theirs. Reading files is `document`'s.

mod csv;
mod json;
mod markdown;
mod number;
mod toml;
mod yaml;

use serde_json::{Value as Json, json};

use crate::read::format::Format;

/// Nested deeper than this, a document is an accident or an attack.
const DEPTH: usize = 100;

/// What a text holds.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) json: Json,
    /// Where its parts are; `None` when they are only looked for on demand, see [`places`].
    pub(crate) places: Option<Node>,
    /// Records that could not be read; they are not in `json`.
    pub(crate) faults: Vec<Fault>,
    /// How many documents a YAML file holds; elsewhere 0.
    pub(crate) parts: usize,
}

/// Something that cannot be read, at a byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

/// A part of a document and where it begins: at the name of a property, else at the value.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) offset: usize,
    pub(crate) inner: Inner,
}

/// The parts of a part.
#[derive(Debug)]
pub(crate) enum Inner {
    Leaf,
    Fields(Vec<(String, Node)>),
    Items(Vec<Node>),
}

/// Parses a text. The error is one that leaves nothing to go on with.
pub(crate) fn parse(format: Format, text: &str) -> Result<Parsed, Fault> {
    match format {
        Format::Json => json::parse(text),
        Format::JsonLines => Ok(json::parse_lines(text)),
        Format::Yaml => yaml::parse(text),
        Format::Toml => toml::parse(text),
        Format::Csv => csv::parse(text, ','),
        Format::Tsv => csv::parse(text, '\t'),
        Format::Markdown => markdown::parse(text),
        Format::Text => Ok(plain(text)),
    }
}

/// One line of JSON lines.
pub(crate) fn record(line: &str) -> Result<Json, Fault> {
    json::value(line)
}

/// The numbers of a TOML text that would not be kept as they are written.
pub(crate) fn inexact(text: &str) -> Vec<Fault> {
    toml::inexact(text)
}

/// The places of a text that parsed without them.
pub(crate) fn places(format: Format, text: &str) -> Option<Node> {
    match format {
        Format::Json => json::places(text),
        _ => parse(format, text).ok()?.places,
    }
}

impl Fault {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

impl Node {
    pub(crate) fn leaf(offset: usize) -> Self {
        Self { offset, inner: Inner::Leaf }
    }

    /// The offset of a JSON pointer, or of the last part on the way to it that is there.
    pub(crate) fn find(&self, pointer: &str) -> usize {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &node.inner {
                Inner::Leaf => None,
                Inner::Fields(fields) => fields.iter().find(|(name, _)| *name == part).map(|(_, node)| node),
                Inner::Items(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.offset
    }

    /// Moves every place behind a text that stands before it.
    pub(crate) fn shift(&mut self, by: usize) {
        self.offset += by;
        match &mut self.inner {
            Inner::Leaf => {}
            Inner::Fields(fields) => fields.iter_mut().for_each(|(_, node)| node.shift(by)),
            Inner::Items(items) => items.iter_mut().for_each(|node| node.shift(by)),
        }
    }
}

/// A text without structure: all of it, and its lines.
fn plain(text: &str) -> Parsed {
    let mut places = Vec::new();
    let mut lines = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        places.push(Node::leaf(offset));
        lines.push(line.trim_end_matches(['\n', '\r']));
        offset += line.len();
    }
    let fields =
        vec![("text".to_owned(), Node::leaf(0)), ("lines".to_owned(), Node { offset: 0, inner: Inner::Items(places) })];
    Parsed {
        json: json!({ "text": text, "lines": lines }),
        places: Some(Node { offset: 0, inner: Inner::Fields(fields) }),
        ..Parsed::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_that_leads_nowhere_is_found_at_its_last_part_that_is_there() {
        let places = places(Format::Json, "{\n \"a\": [1, {\"b\": 2}]}").expect("is JSON");
        assert_eq!(places.find("/a/1/b"), 13);
        assert_eq!(places.find("/a/1/c"), 12);
        assert_eq!(places.find("/z"), 0);
    }

    #[test]
    fn plain_text_has_its_lines_whatever_their_ends() {
        let parsed = parse(Format::Text, "one\r\ntwo\n\nlast").expect("is text");
        assert_eq!(parsed.json["lines"], json!(["one", "two", "", "last"]));
        assert_eq!(parsed.places.expect("has places").find("/lines/3"), 10);
    }
}
