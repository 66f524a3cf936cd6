//! JSON Schemas of checks: compiled from a file or the check itself, and held against a body. When is `expect`'s to say.

use std::path::Path;

use serde_json::Value;

use crate::load::{ConfineError, confined};
use crate::model::Schema;

/// The most violations that are told of one body.
const MOST_TOLD: usize = 10;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaError {
    /// Its file is not there, or not the project's.
    #[error("`{path}`: {source}")]
    Place { path: String, source: ConfineError },
    /// Nobody said where the project is.
    #[error("`{path}` is looked for in the project, and none was given")]
    NoProject { path: String },
    /// The file is not JSON.
    #[error("`{path}` is not JSON: {source}")]
    NotJson { path: String, source: serde_json::Error },
    /// It is not a schema.
    #[error("{0}")]
    NotASchema(String),
}

/// Compiles a schema. One in a file is looked for in `root`.
pub(crate) fn compile(schema: &Schema, root: Option<&Path>) -> Result<jsonschema::Validator, SchemaError> {
    let read;
    let value = match schema {
        Schema::Inline(value) => value,
        Schema::File(path) => {
            let wrong = |source| SchemaError::Place { path: path.clone(), source };
            let root = root.ok_or_else(|| SchemaError::NoProject { path: path.clone() })?;
            let bytes = std::fs::read(confined(root, path).map_err(wrong)?).map_err(|error| wrong(error.into()))?;
            read = serde_json::from_slice::<Value>(&bytes)
                .map_err(|source| SchemaError::NotJson { path: path.clone(), source })?;
            &read
        }
    };
    jsonschema::options().build(value).map_err(|error| SchemaError::NotASchema(error.to_string()))
}

/// What does not fit, as pairs of a JSON pointer and what is wrong there.
pub(crate) fn violations(validator: &jsonschema::Validator, value: &Value) -> Vec<(String, String)> {
    let told = validator.iter_errors(value).take(MOST_TOLD);
    told.map(|error| (error.instance_path().as_str().to_owned(), error.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}});
        let validator = compile(&Schema::Inline(schema), None).expect("a schema");
        assert!(violations(&validator, &json!({"id": 1})).is_empty());
        let found = violations(&validator, &json!({"id": "x"}));
        assert_eq!(found, [("/id".to_owned(), "\"x\" is not of type \"integer\"".to_owned())]);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert!(compile(&Schema::Inline(json!({"type": "integr"})), None).is_err());
        assert!(compile(&Schema::File("a.json".to_owned()), None).is_err());
    }
}
