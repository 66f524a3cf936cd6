//! Documents and files of rows in memory, with the places of their parts. Which files are read is `files`'s.

use std::path::Path;
use std::sync::OnceLock;

use minijinja::value::Serde;
use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::error::Problem;
use crate::read::format::Format;
use crate::read::parse::{self, Fault, Node};
use crate::read::source::SourceFile;

/// A parsed file, or what a program gave in place of one.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) file: SourceFile,
    pub(crate) json: Json,
    pub(crate) origin: Origin,
    /// How many documents a YAML file holds; elsewhere 0.
    pub(crate) parts: usize,
    places: OnceLock<Option<Node>>,
}

/// What a document was read from.
#[derive(Debug)]
pub(crate) enum Origin {
    File(Format),
    /// A list of records, each with its place in the program.
    Program(Vec<Location>),
}

impl Document {
    /// Parses a text. Records that could not be read come as problems beside it.
    pub(crate) fn parse(format: Format, shown: &Path, text: String) -> Result<(Self, Vec<Problem>), Problem> {
        let file = SourceFile::new(shown, text);
        let problem = |fault: Fault| Problem::new(ErrorCode::Syntax, Some(file.location(fault.offset)), fault.message);
        let parsed = parse::parse(format, &file.text).map_err(problem)?;
        let faults = parsed.faults.into_iter().map(problem).collect();
        let places = match parsed.places {
            Some(places) => OnceLock::from(Some(places)),
            None => OnceLock::new(),
        };
        let document = Self { file, json: parsed.json, origin: Origin::File(format), parts: parsed.parts, places };
        Ok((document, faults))
    }

    /// The records that a program gave under a name.
    pub(crate) fn of_program(name: &str, records: Vec<(Json, Location)>) -> Self {
        let (values, places): (Vec<Json>, Vec<Location>) = records.into_iter().unzip();
        Self {
            file: SourceFile::new(Path::new(name), String::new()),
            json: Json::Array(values),
            origin: Origin::Program(places),
            parts: 0,
            places: OnceLock::from(None),
        }
    }

    /// The part at a JSON pointer as expressions see it: a copy, which is worth keeping only while it is used.
    pub(crate) fn value(&self, pointer: &str) -> minijinja::Value {
        self.json.pointer(pointer).map(|part| minijinja::Value::from(Serde(part))).unwrap_or_default()
    }

    /// The place of a JSON pointer: of the property's name where there is one, else of the value.
    pub(crate) fn location(&self, pointer: &str) -> Location {
        match &self.origin {
            Origin::File(format) => {
                let places = self.places.get_or_init(|| parse::places(*format, &self.file.text));
                self.file.location(places.as_ref().map_or(0, |places| places.find(pointer)))
            }
            Origin::Program(places) => {
                let index = pointer.split('/').nth(1).and_then(|index| index.parse::<usize>().ok());
                let place = index.and_then(|index| places.get(index)).cloned();
                place.unwrap_or_else(|| Location::start_of(&self.file.path))
            }
        }
    }

    /// Whether all values are texts, whatever they mean.
    pub(crate) fn is_text_only(&self) -> bool {
        matches!(self.origin, Origin::File(Format::Csv | Format::Tsv))
    }

    /// How the ledger and plans name a part: by its line where lines are records, else by its JSON pointer.
    pub(crate) fn source_text(&self, pointer: &str) -> String {
        match &self.origin {
            Origin::File(format) if format.has_lines_of_records() => self.location(pointer).to_string(),
            Origin::File(_) | Origin::Program(_) => format!("{}#{pointer}", self.file.path.display()),
        }
    }
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_found_at_its_line_and_column() {
        let text = "{\n  \"a/b\": [1,\n    {\"c\": true}]\n}".to_owned();
        let (document, _) = Document::parse(Format::Json, Path::new("a.json"), text).expect("is JSON");
        assert_eq!(document.location("/a~1b/1/c").to_string(), "a.json:3:6");
        assert_eq!(document.location("/a~1b").to_string(), "a.json:2:3");
        assert_eq!(document.location("/gone").to_string(), "a.json:1:1");
    }
}
