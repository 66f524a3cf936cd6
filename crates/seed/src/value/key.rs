//! The natural key of a row, kept as text: there are as many as rows, and most are only compared. How one is shown is `show`'s.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::value::{canonical_text, text, write_json};

/// The natural key of a row as JSON, columns in the order of the key and references by theirs, such as `{"slug":"tutor"}`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RowKey(Arc<str>);

impl RowKey {
    /// The key of these columns.
    pub(crate) fn of<'a>(columns: impl IntoIterator<Item = (&'a str, &'a Json)>) -> Self {
        let mut out = vec![b'{'];
        for (column, value) in columns {
            if out.len() > 1 {
                out.push(b',');
            }
            write_json(column, &mut out);
            out.push(b':');
            write_json(value, &mut out);
        }
        out.push(b'}');
        Self(text(out).into())
    }

    /// The key as JSON: an object of its columns.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// The key as the ledger writes it.
    pub(crate) fn canonical(&self) -> String {
        canonical_text(&self.json())
    }
}

impl From<&Json> for RowKey {
    fn from(key: &Json) -> Self {
        Self(key.to_string().into())
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RowKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RowKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|key| Self::from(&key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_key_is_the_same_text_however_it_was_made() {
        let (spec, position) = (json!({"ref": "spec", "key": {"slug": "a\"b"}}), json!(0.1));
        let key = RowKey::of([("spec_id", &spec), ("position", &position)]);
        let json = json!({"spec_id": spec, "position": position});
        assert_eq!(key.json(), json);
        assert_eq!(key, RowKey::from(&json));
        let stored = serde_json::to_string(&key).expect("is JSON");
        assert_eq!(serde_json::from_str::<RowKey>(&stored).expect("is a key"), key);
    }

    proptest! {
        #[test]
        fn numbers_in_keys_are_exact(number in proptest::num::f64::NORMAL) {
            let number = json!(number);
            let key = RowKey::of([("number", &number)]);
            prop_assert_eq!(&key.json()["number"], &number);
        }
    }
}
