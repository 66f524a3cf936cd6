//! YAML 1.2 with places, by the core schema: `yes` is a text. Grammar is saphyr's; what it means as JSON is decided here.

use std::cell::Cell;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value as Json};

use super::{DEPTH, Fault, Inner, Node, Parsed, number};

/// Values that aliases may repeat: a few lines of YAML can ask for billions.
const REPEATED: usize = 100_000;

/// The key that takes over the entries of another mapping.
const MERGE: &str = "<<";

struct Builder<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    lines: Vec<usize>,
    /// The last place that was looked for: line, column and offset. The next one is nearly always behind it.
    last: Cell<(usize, usize, usize)>,
    anchors: HashMap<usize, Json>,
    repeated: usize,
}

/// Parses a stream. Several documents in one become a list of them.
pub(super) fn parse(text: &str) -> Result<Parsed, Fault> {
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let parser = Parser::new_from_str(text);
    let mut builder = Builder { parser, text, lines, last: Cell::default(), anchors: HashMap::new(), repeated: 0 };
    let mut documents = Vec::new();
    loop {
        match builder.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, span) => documents.push(builder.value(event, span, 0)?),
        }
    }
    let parts = documents.len();
    let (json, places) = match parts {
        0 => (Json::Null, Node::leaf(0)),
        1 => documents.remove(0),
        _ => {
            let (values, nodes) = documents.into_iter().unzip();
            (Json::Array(values), Node { offset: 0, inner: Inner::Items(nodes) })
        }
    };
    Ok(Parsed { json, places: Some(places), parts, ..Parsed::default() })
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                Err(Fault::new(self.offset(*error.marker()), format!("broken YAML: {}", plainly(error.info()))))
            }
            None => Err(Fault::new(self.text.len(), "broken YAML: it ends in the middle")),
        }
    }

    fn value(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<(Json, Node), Fault> {
        let offset = self.offset(span.start);
        if depth > DEPTH {
            return Err(Fault::new(offset, "the document is nested too deeply"));
        }
        let (json, inner, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let json = scalar(&text, plain, tag.as_deref()).map_err(|message| Fault::new(offset, message))?;
                (json, Inner::Leaf, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                collection(tag.as_deref(), "seq", offset)?;
                let (json, inner) = self.sequence(depth)?;
                (json, inner, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                collection(tag.as_deref(), "map", offset)?;
                let (json, inner) = self.mapping(depth)?;
                (json, inner, anchor)
            }
            Event::Alias(anchor) => (self.repeat(anchor, offset)?, Inner::Leaf, 0),
            other => return Err(Fault::new(offset, format!("broken YAML: unexpected {other:?}"))),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, json.clone());
        }
        Ok((json, Node { offset, inner }))
    }

    fn sequence(&mut self, depth: usize) -> Result<(Json, Inner), Fault> {
        let (mut items, mut nodes) = (Vec::new(), Vec::new());
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok((Json::Array(items), Inner::Items(nodes))),
                (event, span) => {
                    let (json, node) = self.value(event, span, depth + 1)?;
                    items.push(json);
                    nodes.push(node);
                }
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<(Json, Inner), Fault> {
        let (mut object, mut nodes, mut merged) = (Map::new(), Vec::new(), Vec::new());
        loop {
            let (name, offset) = match self.next()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(text, ..), span) => (text.into_owned(), self.offset(span.start)),
                (_, span) => {
                    let message = "a key that is itself a list or a mapping has no place in JSON";
                    return Err(Fault::new(self.offset(span.start), message));
                }
            };
            let (event, span) = self.next()?;
            let (json, node) = self.value(event, span, depth + 1)?;
            if name == MERGE {
                merged.push((json, offset));
                continue;
            }
            if object.contains_key(&name) {
                return Err(Fault::new(offset, format!("there are two entries `{name}`")));
            }
            object.insert(name.clone(), json);
            nodes.push((name, Node { offset, ..node }));
        }
        for (json, offset) in merged {
            merge(&mut object, json, offset)?;
        }
        Ok((Json::Object(object), Inner::Fields(nodes)))
    }

    fn repeat(&mut self, anchor: usize, offset: usize) -> Result<Json, Fault> {
        let Some(json) = self.anchors.get(&anchor) else {
            return Err(Fault::new(offset, "this alias stands inside of what it repeats"));
        };
        self.repeated += size(json);
        if self.repeated > REPEATED {
            return Err(Fault::new(offset, "aliases repeat more values than a document can sensibly have"));
        }
        Ok(json.clone())
    }

    fn offset(&self, marker: Marker) -> usize {
        let (line, column, start) = match self.last.get() {
            last if last.0 == marker.line() && last.1 <= marker.col() => last,
            _ => {
                let start = self.lines.get(marker.line().saturating_sub(1)).copied();
                (marker.line(), 0, start.unwrap_or(self.text.len()))
            }
        };
        let rest = &self.text[start..];
        let offset = start + rest.char_indices().nth(marker.col() - column).map_or(rest.len(), |(at, _)| at);
        self.last.set((line, marker.col(), offset));
        offset
    }
}

/// The parser's words, plainer where people get them most.
fn plainly(info: &str) -> &str {
    match info {
        "mapping values are not allowed in this context" => {
            "a second `:`, put a text with `: ` in quotes, or look at the indentation"
        }
        "while parsing node, found unknown anchor" => "nothing before this alias has its name",
        "while parsing a node, did not find expected node content" => "a value is missing",
        "tabs disallowed within this context (block indentation)" => "indentation is made of spaces, not of tabs",
        "invalid indentation in quoted scalar" => "the quote is not closed, or its text is not indented",
        other => other,
    }
}

/// Entries that are there win over those that are taken over.
fn merge(object: &mut Map<String, Json>, json: Json, offset: usize) -> Result<(), Fault> {
    match json {
        Json::Object(other) => {
            for (name, value) in other {
                object.entry(name).or_insert(value);
            }
            Ok(())
        }
        Json::Array(others) => others.into_iter().try_for_each(|other| merge(object, other, offset)),
        _ => Err(Fault::new(offset, "`<<` takes over a mapping or a list of mappings, and this is neither")),
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Json, String> {
    let core = match tag {
        None => None,
        // A lone `!` means: not resolved.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Some("str"),
        Some(tag) if tag.is_yaml_core_schema() => Some(tag.suffix.as_str()),
        Some(tag) => return Err(format!("the tag `{tag}` has no meaning here")),
    };
    match core {
        None if plain => resolve(text),
        None | Some("str") => Ok(Json::from(text)),
        Some(core @ ("int" | "float" | "bool" | "null")) => {
            let json = resolve(text)?;
            let fits = match core {
                "int" => json.is_i64() || json.is_u64(),
                "float" => json.is_number(),
                "bool" => json.is_boolean(),
                _ => json.is_null(),
            };
            if fits { Ok(json) } else { Err(format!("`{text}` is no {core}, as its tag says")) }
        }
        Some(other) => Err(format!("the tag `!!{other}` has no meaning here")),
    }
}

/// A list or a mapping may carry only the tag that says so.
fn collection(tag: Option<&Tag>, own: &str, offset: usize) -> Result<(), Fault> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() || tag.suffix != own => {
            Err(Fault::new(offset, format!("the tag `{tag}` has no meaning here")))
        }
        _ => Ok(()),
    }
}

/// What an unquoted word means by the core schema.
fn resolve(text: &str) -> Result<Json, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Json::Null),
        "true" | "True" | "TRUE" => return Ok(Json::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Json::Bool(false)),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && let Ok(number) = u64::from_str_radix(digits, radix)
        {
            return Ok(Json::from(number));
        }
    }
    if is_number(text) {
        // A leading zero is a digit here; `007` is more often a code than a seven, and is kept as it is written.
        let digits = text.trim_start_matches(['-', '+']);
        if digits.len() > 1 && digits.starts_with('0') && !digits.contains(['.', 'e', 'E']) {
            return Ok(Json::from(text));
        }
        return number::number(text).map_err(|error| error.to_string());
    }
    if matches!(text.trim_start_matches(['-', '+']), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is not a number that a database could keep"));
    }
    Ok(Json::from(text))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

fn size(json: &Json) -> usize {
    1 + match json {
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(object) => object.values().map(size).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(text: &str) -> Fault {
        parse(text).expect_err("is broken")
    }

    #[test]
    fn words_mean_what_the_core_schema_says() {
        let text = "a: yes\nb: true\nc: ~\nd: 12\ne: 1.50\nf: 0x1F\ng: '12'\nh: 2024-01-31\ni: 007\nj: !!str 5\nk:\nl: 1e3\nm: 1.2.3\n";
        assert_eq!(
            parse(text).expect("is YAML").json,
            json!({"a": "yes", "b": true, "c": null, "d": 12, "e": 1.5, "f": 31, "g": "12", "h": "2024-01-31",
                "i": "007", "j": "5", "k": null, "l": 1000.0, "m": "1.2.3"})
        );
    }

    #[test]
    fn places_count_characters_and_name_the_key() {
        let text = "ä: 1\nlist:\n  - ö: [x,\n      y]\n";
        let places = parse(text).expect("is YAML").places.expect("has places");
        assert_eq!(places.find("/list/0/ö"), text.find('ö').expect("is there"));
        assert_eq!(places.find("/list/0/ö/1"), text.rfind('y').expect("is there"));
    }

    #[test]
    fn aliases_and_merges_repeat_and_do_not_explode() {
        let text = "base: &b {a: 1, b: 2}\nnext:\n  <<: *b\n  b: 3\nsame: *b\n";
        assert_eq!(
            parse(text).expect("is YAML").json,
            json!({"base": {"a": 1, "b": 2}, "next": {"b": 3, "a": 1}, "same": {"a": 1, "b": 2}})
        );
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let last = level - 1;
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 10].join(", ")));
        }
        assert_eq!(fault(&bomb).message, "aliases repeat more values than a document can sensibly have");
    }

    #[test]
    fn what_json_has_no_place_for_is_refused() {
        assert_eq!(fault("a: 1\na: 2\n"), Fault::new(5, "there are two entries `a`"));
        assert_eq!(fault("? [a]\n: 1\n").offset, 2);
        assert!(fault("a: !point 1\n").message.starts_with("the tag `!point`"));
        assert!(fault("a: .nan\n").message.contains("not a number"));
        assert_eq!(fault(&"[".repeat(200)).message, "the document is nested too deeply");
    }

    #[test]
    fn a_long_line_takes_no_longer_than_many() {
        const ITEMS: usize = 100_000;
        let text = format!("ä: [{}]\n", vec!["éx"; ITEMS].join(", "));
        let places = parse(&text).expect("is YAML").places.expect("has places");
        assert_eq!(places.find(&format!("/ä/{}", ITEMS - 1)), text.rfind('é').expect("is there"));
    }

    #[test]
    fn several_documents_are_a_list() {
        assert_eq!(parse("---\na: 1\n---\na: 2\n").expect("is YAML").json, json!([{"a": 1}, {"a": 2}]));
        assert_eq!(parse("# nothing\n").expect("is YAML").json, Json::Null);
    }
}
