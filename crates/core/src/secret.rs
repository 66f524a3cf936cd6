//! Secrets that redact themselves, and the redactor that removes them from text made elsewhere. Loading them is `project`'s.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// The shortest value that is masked inside other text: shorter ones would black out innocent words.
pub const SHORTEST_MASKED: usize = 4;

/// A value that cannot be printed: Debug, Display and Serialize all give [`MASK`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that has to hand it on.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// Removes known secrets from text that was made elsewhere: driver errors, answers of a service, log lines.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<String>,
}

impl Redactor {
    /// A redactor for these secrets, in their plain, percent-encoded and JSON-escaped forms.
    ///
    /// A database URL also gives up its password alone. Values shorter than [`SHORTEST_MASKED`] bytes are not
    /// masked inside text.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let plain = secret.expose();
            push_forms(&mut needles, plain);
            if let Ok(url) = url::Url::parse(plain)
                && let Some(password) = url.password()
            {
                push_forms(&mut needles, password);
                push_forms(&mut needles, &percent_decode(password));
            }
        }
        needles.retain(|needle| needle.len() >= SHORTEST_MASKED);
        // Longest first, or a secret that contains another would leave its tail behind.
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    /// The text with every known secret replaced by [`MASK`].
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for needle in &self.needles {
            if out.contains(needle.as_str()) {
                out = Cow::Owned(out.replace(needle.as_str(), MASK));
            }
        }
        out
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.needles.len())
    }
}

fn push_forms(needles: &mut Vec<String>, plain: &str) {
    needles.push(plain.to_owned());
    needles.push(url::form_urlencoded::byte_serialize(plain.as_bytes()).collect());
    let json = serde_json::Value::from(plain).to_string();
    needles.push(json.trim_matches('"').to_owned());
}

fn percent_decode(text: &str) -> String {
    // A lone value in form encoding; `+` must stay a plus in a URL's password.
    let guarded = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("v={guarded}").as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed_in_any_way() {
        let secret = Secret::new("hunter2!");
        let json = serde_json::to_string(&secret).expect("a string serializes");
        assert_eq!(format!("{secret} {secret:?} {json}"), "*** *** \"***\"");
    }

    #[test]
    fn a_url_gives_up_its_password_in_every_form() {
        let url = Secret::new("postgres://app:p%40ss+word@db/app");
        let redactor = Redactor::new([&url]);
        assert_eq!(redactor.redact("login of p@ss+word failed (p%40ss+word)"), "login of *** failed (***)");
    }

    #[test]
    fn the_longer_secret_is_masked_first() {
        let secrets = [Secret::new("alpha"), Secret::new("alphabet")];
        assert_eq!(Redactor::new(&secrets).redact("alphabet alpha"), "*** ***");
    }

    #[test]
    fn short_values_do_not_black_out_words() {
        assert_eq!(Redactor::new([&Secret::new("a"), &Secret::new("")]).redact("banana"), "banana");
    }
}
