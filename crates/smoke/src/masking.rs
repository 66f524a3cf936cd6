//! Masks what must not be shown: the caller's secrets and the ones captured on the way. Which these are is decided by files and callers.

use std::sync::{PoisonError, RwLock};

use plimsoll_core::{Redactor, Secret};
use serde_json::Value;

use crate::report::{CheckReport, Finding};

/// The caller's redactor with the secrets that answers have added. Checks that run side by side share it.
pub(crate) struct Masking<'a> {
    given: &'a Redactor,
    captured: RwLock<Captured>,
}

#[derive(Default)]
struct Captured {
    secrets: Vec<Secret>,
    redactor: Redactor,
}

impl<'a> Masking<'a> {
    pub(crate) fn new(given: &'a Redactor) -> Self {
        Self { given, captured: RwLock::default() }
    }

    /// Masks this value from now on.
    pub(crate) fn learn(&self, secret: Secret) {
        let mut captured = self.captured.write().unwrap_or_else(PoisonError::into_inner);
        captured.secrets.push(secret);
        captured.redactor = Redactor::new(&captured.secrets);
    }

    /// Masks a JSON value from now on: each text and number in it.
    pub(crate) fn learn_all(&self, value: &Value) {
        match value {
            Value::String(text) => self.learn(Secret::new(text.as_str())),
            Value::Number(number) => self.learn(Secret::new(number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| self.learn_all(item)),
            Value::Object(entries) => entries.values().for_each(|entry| self.learn_all(entry)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    pub(crate) fn apply(&self, text: &str) -> String {
        let captured = self.captured.read().unwrap_or_else(PoisonError::into_inner);
        captured.redactor.redact(&self.given.redact(text)).into_owned()
    }

    /// Masks a report once more, by what has become known since it was written.
    pub(crate) fn apply_to(&self, report: &mut CheckReport) {
        if self.captured.read().unwrap_or_else(PoisonError::into_inner).secrets.is_empty() {
            return;
        }
        let CheckReport { request, findings, unmeasured, first_attempt, stopped_on, answer, curl, .. } = report;
        let texts = [first_attempt, stopped_on, answer, curl].into_iter().flatten().chain([request]);
        let of_findings = findings.iter_mut().flat_map(|finding| {
            let Finding { of, expected, actual, diff, .. } = finding;
            [of, expected, actual].into_iter().chain(diff)
        });
        let details = unmeasured.iter_mut().map(|unmeasured| &mut unmeasured.detail);
        for text in texts.chain(of_findings).chain(details) {
            *text = self.apply(text);
        }
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
        let masking = Masking::new(&redactor);
        masking.learn_all(&serde_json::json!({"tokens": ["captured-one"], "on": true}));
        assert_eq!(masking.apply("given-one captured-one"), "*** ***");
        assert_eq!(masking.excerpt("token captured-one", 12), "token ***");
        assert_eq!(masking.excerpt("abcdef", 3), "abc...");
    }
}
