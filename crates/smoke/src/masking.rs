//! Masks what must not be shown: the caller's secrets and the ones captured on the way. Which these are is decided by files and callers.

use plimsoll_core::{Redactor, Secret};
use serde_json::Value;

/// The caller's redactor with the secrets that answers have added.
pub(crate) struct Masking<'a> {
    given: &'a Redactor,
    secrets: Vec<Secret>,
    captured: Redactor,
}

impl<'a> Masking<'a> {
    pub(crate) fn new(given: &'a Redactor) -> Self {
        Self { given, secrets: Vec::new(), captured: Redactor::default() }
    }

    /// Masks this value from now on.
    pub(crate) fn learn(&mut self, secret: Secret) {
        self.secrets.push(secret);
        self.captured = Redactor::new(&self.secrets);
    }

    /// Masks a JSON value from now on: each text and number in it.
    pub(crate) fn learn_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.learn(Secret::new(text.as_str())),
            Value::Number(number) => self.learn(Secret::new(number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| self.learn_all(item)),
            Value::Object(entries) => entries.values().for_each(|entry| self.learn_all(entry)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        self.captured.redact(&self.given.redact(text)).into_owned()
    }

    /// Masks first and cuts afterwards, or half a secret could be left at the end.
    pub(crate) fn excerpt(&self, text: &str, characters: usize) -> String {
        let masked = self.apply(text);
        match masked.char_indices().nth(characters) {
            Some((end, _)) => format!("{}...", &masked[..end]),
            None => masked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_captured_secret_is_masked_from_then_on_and_never_cut_in_half() {
        let redactor = Redactor::new(&[Secret::new("given-one")]);
        let mut masking = Masking::new(&redactor);
        masking.learn_all(&serde_json::json!({"tokens": ["captured-one"], "on": true}));
        assert_eq!(masking.apply("given-one captured-one"), "*** ***");
        assert_eq!(masking.excerpt("token captured-one", 12), "token ***");
        assert_eq!(masking.excerpt("abcdef", 3), "abc...");
    }
}
