//! Checking documents and records against a JSON Schema, each violation with its place and, for names, a suggestion.

use std::path::Path;

use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use plimsoll_core::ErrorCode;
use plimsoll_core::toml_file::nearest;
use serde_json::Value as Json;

use crate::error::Problem;
use crate::read::document::{Document, escaped};
use crate::read::format::Format;

/// A compiled schema.
pub(crate) struct Schema {
    validator: Validator,
    /// Its text as data, for suggestions.
    json: Json,
}

impl Schema {
    /// Compiles the text of a schema file, JSON unless its extension says otherwise.
    pub(crate) fn compile(shown: &Path, text: String) -> Result<Self, Problem> {
        let format = Format::of(shown).unwrap_or(Format::Json);
        let (document, _) = Document::parse(format, shown, text)?;
        match jsonschema::options().build(&document.json) {
            Ok(validator) => Ok(Self { validator, json: document.json }),
            Err(error) => {
                let at = document.location(error.instance_path().as_str());
                let message = format!("not a usable JSON Schema: {}", shortened(&error.to_string()));
                Err(Problem::new(ErrorCode::DocumentInvalid, Some(at), message))
            }
        }
    }

    /// Every way in which the part of a document at a JSON pointer does not fit.
    pub(crate) fn violations(&self, document: &Document, pointer: &str) -> Vec<Problem> {
        let Some(part) = document.json.pointer(pointer) else { return Vec::new() };
        // Asking first is several times faster than collecting, and nearly every document is right.
        if self.validator.is_valid(part) {
            return Vec::new();
        }
        self.validator.iter_errors(part).map(|error| self.violation(document, pointer, &error)).collect()
    }

    fn violation(&self, document: &Document, base: &str, error: &jsonschema::ValidationError<'_>) -> Problem {
        let mut pointer = error.instance_path().as_str().to_owned();
        let mut message = explain(error);
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind()
            && let [property] = unexpected.as_slice()
        {
            pointer = format!("{pointer}/{}", escaped(property));
            if let Some(near) = self.known(error.schema_path().as_str(), property) {
                message.push_str(&format!(", did you mean `{near}`?"));
            }
        }
        let whole = if base.is_empty() { "the document" } else { "the record" };
        let shown = if pointer.is_empty() { whole } else { pointer.as_str() };
        let at = document.location(&format!("{base}{pointer}"));
        Problem::new(ErrorCode::DocumentInvalid, Some(at), format!("{shown}: {message}"))
    }

    /// The property that a schema knows at the place of an `additionalProperties` and that a name is much like.
    fn known(&self, schema_path: &str, name: &str) -> Option<String> {
        let parent = schema_path.rsplit_once('/')?.0;
        let properties = self.json.pointer(&format!("{parent}/properties"))?.as_object()?;
        nearest(name, properties.keys().map(String::as_str)).map(str::to_owned)
    }
}

/// What was expected, without repeating whole values.
fn explain(error: &jsonschema::ValidationError<'_>) -> String {
    let found = || shortened(&error.instance().to_string());
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("the property `{}` is missing", property.as_str().unwrap_or_default())
        }
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
        ValidationErrorKind::Enum { options } => {
            let near = options.as_array().zip(error.instance().as_str()).and_then(|(options, found)| {
                nearest(found, options.iter().filter_map(Json::as_str)).map(str::to_owned)
            });
            let hint = near.map(|near| format!(", did you mean \"{near}\"?")).unwrap_or_default();
            format!("expected one of {}, found {}{hint}", shortened(&options.to_string()), found())
        }
        ValidationErrorKind::Constant { expected_value } => format!("expected {expected_value}, found {}", found()),
        ValidationErrorKind::Pattern { pattern } => format!("expected a text like `{pattern}`, found {}", found()),
        ValidationErrorKind::Minimum { limit } => format!("expected at least {limit}, found {}", found()),
        ValidationErrorKind::Maximum { limit } => format!("expected at most {limit}, found {}", found()),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("expected more than {limit}, found {}", found()),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("expected less than {limit}, found {}", found()),
        ValidationErrorKind::MultipleOf { multiple_of } => {
            format!("expected a multiple of {multiple_of}, found {}", found())
        }
        ValidationErrorKind::MinItems { limit } => format!("expected at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("expected at most {limit} items"),
        ValidationErrorKind::UniqueItems => "expected no item twice".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("expected at least {limit} characters, found {}", found()),
        ValidationErrorKind::MaxLength { limit } => format!("expected at most {limit} characters"),
        ValidationErrorKind::Not { .. } => format!("{} is what the schema rules out", found()),
        ValidationErrorKind::FalseSchema => "the schema allows nothing here".to_owned(),
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            // The alternative that got furthest is the one that was meant.
            let nearest = context.iter().flatten().max_by_key(|inner| inner.instance_path().as_str().len());
            match nearest {
                Some(inner) => format!("fits none of the alternatives, the nearest: {}", explain(inner)),
                None => format!("fits none of the alternatives, found {}", found()),
            }
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => "fits more than one of the alternatives".to_owned(),
        other => shortened(&format!("{error} ({})", other.keyword())),
    }
}

fn shortened(text: &str) -> String {
    crate::reconcile::show::shorten(text, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(schema: &str, format: Format, name: &str, text: &str) -> Vec<String> {
        let schema = Schema::compile(Path::new("s.json"), schema.to_owned()).expect("is a schema");
        let (document, _) = Document::parse(format, Path::new(name), text.to_owned()).expect("parses");
        let problems = schema.violations(&document, "");
        problems.iter().map(|problem| format!("{} {problem}", problem.at.as_ref().expect("has a place"))).collect()
    }

    const SCHEMA: &str = r#"{"type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {"id": {}, "n": {"type": "integer"}, "kind": {"enum": ["alpha", "beta"]}}}"#;

    #[test]
    fn all_violations_of_a_document_are_told_with_their_places() {
        let found = found(SCHEMA, Format::Json, "a.json", "{\n \"n\": \"x\",\n \"kind\": \"alhpa\",\n \"kin\": 1}");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.contains(&"a.json:1:1 the document: the property `id` is missing".to_owned()), "{found:?}");
        assert!(found.contains(&"a.json:2:2 /n: expected integer, found \"x\"".to_owned()), "{found:?}");
        assert!(
            found.contains(&"a.json:4:2 /kin: unknown property `kin`, did you mean `kind`?".to_owned()),
            "{found:?}"
        );
        assert!(found.iter().any(|one| one.ends_with("did you mean \"alpha\"?")), "{found:?}");
    }

    #[test]
    fn yaml_and_front_matter_are_checked_at_their_lines() {
        let yaml = found(SCHEMA, Format::Yaml, "a.yaml", "id: 1\nn:\n  - x\n");
        assert_eq!(yaml, ["a.yaml:2:1 /n: expected integer, found [\"x\"]"]);
        let schema = SCHEMA.replace("\"id\": {}", "\"id\": {}, \"body\": {}");
        let markdown = found(&schema, Format::Markdown, "a.md", "---\nid: 1\nn: x\n---\ntext\n");
        assert_eq!(markdown, ["a.md:3:1 /n: expected integer, found \"x\""]);
    }
}
