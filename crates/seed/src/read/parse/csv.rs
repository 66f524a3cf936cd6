//! CSV by RFC 4180 and nothing looser: a field that is not there is NULL, a field in quotes is a text. Types are the column's.
//!
//! Own, because the parsers at hand do not tell `""` from nothing, and not where a field stands.

use serde_json::{Map, Value as Json};

use super::{Fault, Inner, Node, Parsed};

struct Field {
    offset: usize,
    /// Nothing between two separators.
    text: Option<String>,
}

/// Parses a text with a header line. Records that do not fit the header are faults, and left out.
pub(super) fn parse(text: &str, separator: char) -> Result<Parsed, Fault> {
    let mut rest = Scanner { text, at: 0, separator };
    let Some(header) = rest.record()? else { return Err(Fault::new(0, "the file is empty, it has no header line")) };
    let names = names(&header, separator)?;
    let mut parsed = Parsed::default();
    let (mut records, mut nodes) = (Vec::new(), Vec::new());
    while let Some(fields) = rest.record()? {
        let start = fields[0].offset;
        if fields.len() != names.len() {
            parsed.faults.push(Fault::new(start, ragged(fields.len(), names.len())));
            continue;
        }
        let mut object = Map::new();
        let mut places = Vec::with_capacity(fields.len());
        for (name, field) in names.iter().zip(fields) {
            object.insert(name.clone(), field.text.map_or(Json::Null, Json::String));
            places.push((name.clone(), Node::leaf(field.offset)));
        }
        records.push(Json::Object(object));
        nodes.push(Node { offset: start, inner: Inner::Fields(places) });
    }
    parsed.json = Json::Array(records);
    parsed.places = Some(Node { offset: 0, inner: Inner::Items(nodes) });
    Ok(parsed)
}

fn names(header: &[Field], separator: char) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = Vec::with_capacity(header.len());
    for field in header {
        let name = field.text.as_deref().unwrap_or_default().trim().to_owned();
        if name.is_empty() {
            return Err(Fault::new(field.offset, format!("column {} has no name in the header", names.len() + 1)));
        }
        if names.contains(&name) {
            return Err(Fault::new(field.offset, format!("two columns are named `{name}`")));
        }
        names.push(name);
    }
    let other = [',', ';', '\t', '|'].into_iter().find(|other| *other != separator && names[0].contains(*other));
    match (names.len(), other) {
        (1, Some(other)) => {
            let hint = if other == '\t' { ", write `format = \"tsv\"`" } else { "" };
            let shown = |separator: char| if separator == '\t' { "tabs".to_owned() } else { format!("`{separator}`") };
            let message = format!(
                "fields are separated by {}, and the header seems to use {}{hint}",
                shown(separator),
                shown(other)
            );
            Err(Fault::new(header[0].offset, message))
        }
        _ => Ok(names),
    }
}

fn ragged(found: usize, expected: usize) -> String {
    let fields = |count: usize| if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
    format!("the record has {}, the header has {expected}", fields(found))
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    separator: char,
}

impl Scanner<'_> {
    /// The next record that is not an empty line.
    fn record(&mut self) -> Result<Option<Vec<Field>>, Fault> {
        loop {
            match self.peek() {
                None => return Ok(None),
                Some('\r' | '\n') => self.at += 1,
                Some(_) => break,
            }
        }
        let mut fields = vec![self.field()?];
        while self.peek() == Some(self.separator) {
            self.at += self.separator.len_utf8();
            fields.push(self.field()?);
        }
        // `field` stops at a separator, a line's end or the end.
        if self.text[self.at..].starts_with("\r\n") {
            self.at += 2;
        } else if self.at < self.text.len() {
            self.at += 1;
        }
        Ok(Some(fields))
    }

    fn field(&mut self) -> Result<Field, Fault> {
        let offset = self.at;
        if self.peek() == Some('"') {
            return self.quoted(offset);
        }
        let stops = |character: char| character == self.separator || matches!(character, '\r' | '\n' | '"');
        let rest = &self.text[offset..];
        let length = rest.find(stops).unwrap_or(rest.len());
        self.at += length;
        if self.peek() == Some('"') {
            let message = "a quote inside of a field: put all of the field in quotes, and double this one";
            return Err(Fault::new(self.at, message));
        }
        Ok(Field { offset, text: (length > 0).then(|| rest[..length].to_owned()) })
    }

    fn quoted(&mut self, offset: usize) -> Result<Field, Fault> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(quote) = rest.find('"') else {
                return Err(Fault::new(offset, "the quote that opens this field is never closed"));
            };
            text.push_str(&rest[..quote]);
            self.at += quote + 1;
            match self.peek() {
                Some('"') => {
                    text.push('"');
                    self.at += 1;
                }
                Some(next) if next != self.separator && !matches!(next, '\r' | '\n') => {
                    return Err(Fault::new(self.at, "text behind the quote that closes the field"));
                }
                _ => return Ok(Field { offset, text: Some(text) }),
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn nothing_is_null_and_quotes_are_texts() {
        let text = "a,b , c\r\n1,,\"\"\r\n\r\n\"x, \"\"y\"\"\nz\",2,3";
        let parsed = parse(text, ',').expect("is CSV");
        assert_eq!(parsed.json, json!([{"a": "1", "b": null, "c": ""}, {"a": "x, \"y\"\nz", "b": "2", "c": "3"}]));
        assert_eq!(parsed.places.expect("has places").find("/1/b"), text.find("2,3").expect("is there"));
    }

    #[test]
    fn records_that_do_not_fit_the_header_are_left_out() {
        let parsed = parse("a,b\n1\n2,3\n4,5,6\n", ',').expect("is CSV");
        assert_eq!(parsed.json, json!([{"a": "2", "b": "3"}]));
        assert_eq!(parsed.faults[0], Fault::new(4, "the record has 1 field, the header has 2"));
        assert_eq!(parsed.faults[1].offset, 10);
    }

    proptest! {
        #[test]
        fn whatever_is_written_in_quotes_is_read_again(fields in proptest::collection::vec(".*", 2..5), ends in any::<bool>()) {
            let end = if ends { "\r\n" } else { "\n" };
            let quoted: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            let names: Vec<String> = (0..fields.len()).map(|index| format!("c{index}")).collect();
            let text = format!("{}{end}{}{end}", names.join(","), quoted.join(","));
            let parsed = parse(&text, ',').expect("is CSV");
            let read: Vec<&str> = names.iter().filter_map(|name| parsed.json[0][name].as_str()).collect();
            prop_assert_eq!(read, fields.iter().map(String::as_str).collect::<Vec<_>>());
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "[a-c,;\"'\\[\\]{}:&*!<>|#\n\r \t-]{0,60}") {
            for format in [crate::read::format::Format::Csv, crate::read::format::Format::Json,
                crate::read::format::Format::JsonLines, crate::read::format::Format::Yaml,
                crate::read::format::Format::Toml, crate::read::format::Format::Markdown] {
                if let Err(fault) = super::super::parse(format, &text) {
                    prop_assert!(fault.offset <= text.len());
                }
            }
        }
    }
}
