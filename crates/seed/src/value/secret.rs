//! Values that are nobody's to read: shown as a word, remembered as a digest. Which columns have them is the dataset's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};

use serde_json::{Value as Json, json};

use super::{canonical_text, hash, same};
use crate::read::Seeds;

/// Columns whose values are neither shown nor remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretColumns(BTreeMap<String, BTreeSet<String>>);

impl SecretColumns {
    /// Adds a column of a table.
    pub fn add(&mut self, table: &str, column: &str) {
        self.0.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    /// Whether a column is one of them.
    #[must_use]
    pub fn has(&self, table: &str, column: &str) -> bool {
        self.0.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Whether a table has any.
    #[must_use]
    pub fn any(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }
}

impl Seeds {
    /// The columns that datasets call secret.
    #[must_use]
    pub fn secret_columns(&self) -> SecretColumns {
        let mut secret = SecretColumns::default();
        for block in &self.blocks {
            block.secret.iter().for_each(|column| secret.add(&block.table, column));
        }
        secret
    }
}

/// What is shown for a value of a secret column, NULL included.
pub(crate) fn shown() -> Json {
    Json::String("(secret)".to_owned())
}

/// What the ledger remembers of a secret value: a digest with a salt of its own, so that equal secrets look different and no
/// list of digests helps.
pub(crate) fn sealed(value: &Json) -> Json {
    let salt = format!("{:016x}", RandomState::new().build_hasher().finish());
    json!({ "sealed": digest(&salt, value), "salt": salt })
}

/// Whether a remembered value is a digest.
pub(crate) fn is_sealed(remembered: &Json) -> bool {
    remembered.as_object().is_some_and(|object| object.len() == 2)
        && remembered["sealed"].is_string()
        && remembered["salt"].is_string()
}

/// Whether a remembered value is this one.
pub(crate) fn is(remembered: &Json, value: &Json) -> bool {
    match (remembered["sealed"].as_str(), remembered["salt"].as_str()) {
        (Some(sealed), Some(salt)) if is_sealed(remembered) => sealed == digest(salt, value),
        _ => same(remembered, value),
    }
}

fn digest(salt: &str, value: &Json) -> String {
    hash(&format!("{salt}\n{}", canonical_text(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_is_known_again_and_never_told() {
        let secret = json!("correct horse");
        let (one, two) = (sealed(&secret), sealed(&secret));
        assert!(is(&one, &secret) && is(&two, &secret) && one != two);
        assert!(!is(&one, &json!("battery staple")) && !one.to_string().contains("horse"));
        assert!(is(&json!("plain"), &json!("plain")), "what was remembered before is understood");
    }
}
