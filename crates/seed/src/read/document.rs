//! JSON documents: reading, places of JSON pointers, and checking against a JSON Schema. Which files are read is `load`'s.

use std::path::Path;

use jsonc_parser::ast;
use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::error::Problem;
use crate::read::overlay::Overlay;
use crate::read::source::SourceFile;

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) file: SourceFile,
    pub(crate) json: Json,
    /// The same as `json`, as expressions see it.
    pub(crate) value: minijinja::Value,
}

impl Document {
    /// Reads and parses a file. `shown` is its name in errors.
    pub(crate) fn read(file: &Path, shown: &Path, overlay: &Overlay) -> Result<Self, Problem> {
        let text = overlay.read(file, shown).map_err(|error| {
            let message = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            Problem::new(ErrorCode::FileUnreadable, None, format!("cannot read `{}`: {message}", shown.display()))
        })?;
        let file = SourceFile::new(shown, text);
        let json: Json = serde_json::from_str(&file.text).map_err(|error| broken(&file, &error))?;
        let value = minijinja::Value::from(minijinja::value::Serde(&json));
        Ok(Self { file, json, value })
    }

    /// The place of a JSON pointer: of the property's name where there is one, else of the value.
    pub(crate) fn location(&self, pointer: &str) -> Location {
        self.file.location(self.offset(pointer).unwrap_or(0))
    }

    /// Every way in which the document does not fit a schema.
    pub(crate) fn violations(&self, schema: &Validator) -> Vec<Problem> {
        // Asking first is several times faster than collecting, and nearly every document is right.
        if schema.is_valid(&self.json) {
            return Vec::new();
        }
        schema.iter_errors(&self.json).map(|error| self.violation(&error)).collect()
    }

    fn violation(&self, error: &jsonschema::ValidationError<'_>) -> Problem {
        let mut pointer = error.instance_path().as_str().to_owned();
        let message = explain(error);
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind()
            && let [property] = unexpected.as_slice()
        {
            pointer = format!("{pointer}/{}", escaped(property));
        }
        let shown = if pointer.is_empty() { "the document" } else { pointer.as_str() };
        Problem::new(ErrorCode::DocumentInvalid, Some(self.location(&pointer)), format!("{shown}: {message}"))
    }

    fn offset(&self, pointer: &str) -> Option<usize> {
        let parsed = jsonc_parser::parse_to_ast(&self.file.text, &Default::default(), &Default::default()).ok()?;
        let mut value = parsed.value?;
        let mut offset = start(&value);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            match value {
                ast::Value::Object(object) => {
                    let property = object.properties.into_iter().find(|property| property.name.as_str() == part)?;
                    offset = property.range.start;
                    value = property.value;
                }
                ast::Value::Array(array) => {
                    value = array.elements.into_iter().nth(part.parse().ok()?)?;
                    offset = start(&value);
                }
                _ => return None,
            }
        }
        Some(offset)
    }
}

/// Compiles a JSON Schema file.
pub(crate) fn schema(file: &Path, shown: &Path, overlay: &Overlay) -> Result<Validator, Problem> {
    let document = Document::read(file, shown, overlay)?;
    jsonschema::options().build(&document.json).map_err(|error| {
        let at = document.location(error.instance_path().as_str());
        Problem::new(ErrorCode::DocumentInvalid, Some(at), format!("not a usable JSON Schema: {error}"))
    })
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn start(value: &ast::Value<'_>) -> usize {
    use jsonc_parser::common::Ranged;
    value.range().start
}

fn broken(file: &SourceFile, error: &serde_json::Error) -> Problem {
    // serde_json appends its place to the text; ours counts characters and carries the file.
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    let line_start = file.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (line_start + error.column().saturating_sub(1)).min(file.text.len());
    Problem::new(ErrorCode::Syntax, Some(file.location(offset)), format!("broken JSON: {message}"))
}

/// What was expected, without repeating whole values.
fn explain(error: &jsonschema::ValidationError<'_>) -> String {
    let found = || shortened(&error.instance().to_string());
    match error.kind() {
        ValidationErrorKind::Required { property } => format!("the property {property} is missing"),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!(
                "unknown {} `{}`",
                if unexpected.len() == 1 { "property" } else { "properties" },
                unexpected.join("`, `")
            )
        }
        ValidationErrorKind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or "),
            };
            format!("expected {expected}, found {}", found())
        }
        ValidationErrorKind::Enum { options } => format!("expected one of {options}, found {}", found()),
        ValidationErrorKind::Constant { expected_value } => format!("expected {expected_value}, found {}", found()),
        ValidationErrorKind::Pattern { pattern } => format!("expected a text like `{pattern}`, found {}", found()),
        ValidationErrorKind::Minimum { limit } => format!("expected at least {limit}, found {}", found()),
        ValidationErrorKind::Maximum { limit } => format!("expected at most {limit}, found {}", found()),
        ValidationErrorKind::MinItems { limit } => format!("expected at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("expected at most {limit} items"),
        ValidationErrorKind::MinLength { limit } => format!("expected at least {limit} characters, found {}", found()),
        ValidationErrorKind::MaxLength { limit } => format!("expected at most {limit} characters"),
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            // The alternative that got furthest is the one that was meant.
            let nearest = context.iter().flatten().max_by_key(|inner| inner.instance_path().as_str().len());
            match nearest {
                Some(inner) => format!("fits none of the alternatives, the nearest: {}", explain(inner)),
                None => format!("fits none of the alternatives, found {}", found()),
            }
        }
        other => shortened(&format!("{error} ({})", other.keyword())),
    }
}

fn shortened(text: &str) -> String {
    crate::reconcile::show::shorten(text, 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(text: &str) -> Document {
        let json: Json = serde_json::from_str(text).expect("is JSON");
        let value = minijinja::Value::from(minijinja::value::Serde(&json));
        Document { file: SourceFile::new(Path::new("a.json"), text.to_owned()), json, value }
    }

    #[test]
    fn a_pointer_is_found_at_its_line_and_column() {
        let document = document("{\n  \"a/b\": [1,\n    {\"c\": true}]\n}");
        assert_eq!(document.location("/a~1b/1/c").to_string(), "a.json:3:6");
        assert_eq!(document.location("/a~1b").to_string(), "a.json:2:3");
        assert_eq!(document.location("/gone").to_string(), "a.json:1:1");
    }

    #[test]
    fn all_violations_of_a_document_are_told_with_their_places() {
        let schema = jsonschema::validator_for(&json!({
            "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": {"id": {}, "n": {"type": "integer"}, "k": {"enum": ["a", "b"]}}
        }))
        .expect("is a schema");
        let found: Vec<_> = document("{\n \"n\": \"x\",\n \"k\": \"c\",\n \"z\": 1}")
            .violations(&schema)
            .iter()
            .map(|problem| format!("{} {problem}", problem.at.as_ref().expect("has a place")))
            .collect();
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.contains(&"a.json:2:2 /n: expected integer, found \"x\"".to_owned()), "{found:?}");
        assert!(found.contains(&"a.json:4:2 /z: unknown property `z`".to_owned()), "{found:?}");
    }
}
