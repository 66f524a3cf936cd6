//! Masks what must not be shown: the caller's secrets and the ones captured on the way. Which these are is decided by files and callers.

use std::sync::{PoisonError, RwLock};

use plimsoll_core::{Redactor, Secret};
use reqwest::Url;
use serde_json::Value;

use crate::event::Event;
use crate::http::Http;
use crate::report::SmokeReport;

/// The caller's redactor with the secrets that answers have added. Checks that run side by side share it.
pub(crate) struct Masking {
    known: RwLock<Known>,
}

/// All that is masked by now. One redactor, because a secret may hold another one.
struct Known {
    secrets: Vec<Secret>,
    redactor: Redactor,
}

impl Masking {
    pub(crate) fn new(given: &Redactor) -> Self {
        Self { known: RwLock::new(Known { secrets: Vec::new(), redactor: given.clone() }) }
    }

    /// The same, with the password of the target's URL.
    pub(crate) fn of(given: &Redactor, target: &Http) -> Self {
        let masking = Self::new(given);
        masking.learn_url(target.base.as_str());
        masking
    }

    /// Masks the password of a URL from now on, when it has one, as it stands there and as it is meant.
    pub(crate) fn learn_url(&self, url: &str) {
        if Url::parse(url).is_ok_and(|url| url.password().is_some()) {
            // It gives up its password by itself.
            self.learn(Secret::new(url));
        }
    }

    /// Masks this value from now on.
    pub(crate) fn learn(&self, secret: Secret) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !known.secrets.contains(&secret) {
            known.redactor = std::mem::take(&mut known.redactor).and(Redactor::new([&secret]));
            known.secrets.push(secret);
        }
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
        self.known.read().unwrap_or_else(PoisonError::into_inner).redactor.redact(text).into_owned()
    }

    /// The gate of everything that is told while the run goes on, whoever made its texts.
    pub(crate) fn event(&self, event: &Event) -> Event {
        let mut event = event.clone();
        event.each_text(&mut |text| *text = self.apply(text));
        event
    }

    /// The gate of everything that is told at the end. A secret that was captured late may be in what was found before.
    pub(crate) fn report(&self, mut report: SmokeReport) -> SmokeReport {
        report.each_text(&mut |text| *text = self.apply(text));
        report
    }

    /// Masks first and cuts afterwards, or half a secret could be left at the end.
    pub(crate) fn excerpt(&self, text: &str, characters: usize) -> String {
        let masked = self.apply(text);
        match masked.char_indices().nth(characters) {
            Some((end, _)) => format!("{}...", &masked[..end]),
            None => masked,
        }
    }

    /// The same for the end, in whole lines where there are some.
    pub(crate) fn ending(&self, text: &str, characters: usize) -> String {
        let masked = self.apply(text);
        let masked = masked.trim_end();
        let cut = masked.char_indices().rev().nth(characters.saturating_sub(1)).map_or(0, |(start, _)| start);
        let (before, end) = masked.split_at(cut);
        let whole = if before.ends_with('\n') { Some(end) } else { end.split_once('\n').map(|(_, whole)| whole) };
        match whole {
            _ if before.is_empty() => end.to_owned(),
            Some(whole) => format!("...\n{whole}"),
            None => format!("...{end}"),
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
        assert_eq!(masking.ending("captured-one\nend\n", 6), "...\nend");
        assert_eq!(masking.ending("abc\ndef", 3), "...\ndef");
        assert_eq!(masking.ending("abcdef", 3), "...def");
        assert_eq!(masking.ending("abc", 3), "abc");
    }

    #[test]
    fn a_given_secret_inside_of_a_captured_one_leaves_nothing_of_it() {
        let redactor = Redactor::new(&[Secret::new("given-one")]);
        let masking = Masking::new(&redactor);
        masking.learn(Secret::new("left given-one right"));
        assert_eq!(masking.apply("<left given-one right>"), "<***>");
    }
}
