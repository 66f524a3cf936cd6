//! Values without their engine: what a digest is made of, so that equal rows have equal digests wherever they are.

use plimsoll_core::db::{Column, ColumnKind};
use serde_json::{Value as Json, json};

use super::{array, number};

/// A canonical value in a form that no engine has a say in: numbers and booleans by their digits, documents and lists as such,
/// the rest as text. `declared` tells lists and documents from texts where a column has no type for them.
pub(crate) fn neutral(column: &Column, held: &Json, declared: Option<&Json>) -> Json {
    let nested = declared.is_some_and(|value| value.is_array() || value.is_object());
    match (column.kind, held) {
        (_, Json::Null) => Json::Null,
        (ColumnKind::Json, document) => json!({ "document": leaves(document) }),
        (_, Json::String(text)) if nested => {
            let list = array::read(text).filter(|_| array::holds(column));
            let document = list.or_else(|| serde_json::from_str(text).ok());
            document.map_or_else(|| json!({ "text": text }), |document| json!({ "document": leaves(&document) }))
        }
        (_, Json::Array(_) | Json::Object(_)) => json!({ "document": leaves(held) }),
        (_, Json::Bool(flag)) => json!({ "number": if *flag { "1" } else { "0" } }),
        (ColumnKind::Float, Json::Number(number)) if column.narrow => {
            #[expect(clippy::cast_possible_truncation, reason = "the column keeps no more")]
            let narrow = number.as_f64().unwrap_or_default() as f32;
            json!({ "number": number::plain(&format!("{narrow:e}")) })
        }
        (_, Json::Number(number)) => json!({ "number": number::plain(&number.to_string()) }),
        (ColumnKind::Decimal, Json::String(text)) => match number::plain(text) {
            Some(digits) => json!({ "number": digits }),
            None => json!({ "text": text }),
        },
        (_, Json::String(text)) => json!({ "text": text }),
    }
}

/// A document with its scalars as text: an array of numbers is one of texts where the engine has no lists of numbers.
fn leaves(document: &Json) -> Json {
    match document {
        Json::Array(items) => Json::Array(items.iter().map(leaves).collect()),
        Json::Object(object) => {
            Json::Object(object.iter().map(|(name, value)| (name.clone(), leaves(value))).collect())
        }
        Json::Number(number) => Json::String(number::plain(&number.to_string()).unwrap_or_else(|| number.to_string())),
        Json::Bool(flag) => Json::String(if *flag { "t" } else { "f" }.to_owned()),
        other => other.clone(),
    }
}
