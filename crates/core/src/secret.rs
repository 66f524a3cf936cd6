//! Secrets that redact themselves, and the redactor that removes them from text made elsewhere. Loading them is `project`'s.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// The shortest value that is masked inside other text: shorter ones would black out innocent words.
pub const SHORTEST_MASKED: usize = 4;

/// The shortest part of a secret that is told by its base64 form: shorter ones look like anything.
const SHORTEST_IN_BASE64: usize = 8;

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
    /// A redactor for these secrets, in their plain, percent-encoded, JSON-escaped, Rust-escaped and base64 forms.
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
        needles.sort_unstable();
        needles.dedup();
        Self { needles }
    }

    /// A redactor that knows what both know.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.needles.extend(other.needles);
        self
    }

    /// The text with every known secret replaced by [`MASK`]. Secrets that overlap share one mask.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for needle in &self.needles {
            let mut from = 0;
            // One character on, not past the match: an occurrence may begin inside another.
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(needle.as_str())) {
                found.push((from + at, from + at + needle.len()));
                from += at + text[from + at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut shown = 0;
        let mut found = found.into_iter().peekable();
        while let Some((start, mut end)) = found.next() {
            while let Some((_, further)) = found.next_if(|(next, _)| *next < end) {
                end = end.max(further);
            }
            out.push_str(&text[shown..start]);
            out.push_str(MASK);
            shown = end;
        }
        out.push_str(&text[shown..]);
        Cow::Owned(out)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.needles.len())
    }
}

fn push_forms(needles: &mut Vec<String>, plain: &str) {
    let form: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let component = form.replace('+', "%20");
    let json = serde_json::Value::from(plain).to_string();
    let debug = format!("{plain:?}");
    for quoted in [json, debug] {
        // Only the outer quotes: a secret may end with one of its own.
        needles.extend(quoted.get(1..quoted.len() - 1).map(str::to_owned));
    }
    needles.extend(in_base64(plain));
    needles.extend([in_userinfo(plain), lower_escapes(&form), lower_escapes(&component)].into_iter().flatten());
    needles.extend([plain.to_owned(), form, component]);
}

/// What is left of a secret inside of base64, wherever in the encoded text it begins: `user:password` is one such text.
/// The characters at both ends depend on what stands beside it and are no part of this.
fn in_base64(plain: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(plain.as_bytes());
        let encoded = base64_digits(&bytes);
        // Each byte before shares a character with the secret, and so does each one that completes the last group.
        let from = (before * 8).div_ceil(6);
        let to = bytes.len() * 8 / 6;
        if let Some(inner) = encoded.get(from..to).filter(|inner| inner.len() >= SHORTEST_IN_BASE64) {
            forms.extend([inner.to_owned(), inner.replace('+', "-").replace('/', "_")]);
        }
    }
    forms
}

/// Base64 without padding, the form in which credentials travel.
#[must_use]
pub fn base64_digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |index: usize| char::from(DIGITS[(number >> (18 - 6 * index)) as usize & 63]);
        out.extend((0..=three.len()).map(digit));
    }
    out
}

/// As the password of a URL, where fewer characters are encoded than in a query.
fn in_userinfo(plain: &str) -> Option<String> {
    let mut url = url::Url::parse("scheme://host").ok()?;
    // A percent sign is taken for an escape there, and would stay as it is.
    url.set_password(Some(&plain.replace('%', "%25"))).ok()?;
    url.password().map(str::to_owned)
}

/// The same with lower-case digits in the percent escapes, as some tools write them.
fn lower_escapes(encoded: &str) -> Option<String> {
    let mut pieces = encoded.split('%');
    let mut out = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        out.push('%');
        out.push_str(&digits.to_lowercase());
        out.push_str(rest);
    }
    Some(out)
}

fn percent_decode(text: &str) -> String {
    // A lone value in form encoding; `+` and `&` are ordinary characters in a URL's password.
    let guarded = text.replace('+', "%2B").replace('&', "%26");
    url::form_urlencoded::parse(format!("v={guarded}").as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url_with(password: &str) -> url::Url {
        let mut url = url::Url::parse("postgres://app@db/app").expect("a good URL");
        url.set_password(Some(&password.replace('%', "%25"))).expect("the URL has a host");
        url
    }

    #[test]
    fn a_secret_cannot_be_printed_in_any_way() {
        let secret = Secret::new("hunter2!");
        let json = serde_json::to_string(&secret).expect("a string serializes");
        assert_eq!(format!("{secret} {secret:?} {json}"), "*** *** \"***\"");
    }

    #[test]
    fn a_url_gives_up_its_password_in_every_form() {
        let url = Secret::new("postgres://app:p%40ss+w&rd@db/app");
        let redactor = Redactor::new([&url]);
        assert_eq!(redactor.redact("login of p@ss+w&rd failed (p%40ss+w&rd)"), "login of *** failed (***)");
    }

    #[test]
    fn secrets_that_contain_or_overlap_each_other_leave_nothing_behind() {
        let secrets = [Secret::new("alpha"), Secret::new("alphabet"), Secret::new("betamax")];
        assert_eq!(Redactor::new(&secrets).redact("alphabet alpha alphabetamax"), "*** *** ***");
    }

    #[test]
    fn a_secret_keeps_no_quote_of_its_own_in_sight() {
        let redactor = Redactor::new([&Secret::new("pass\"")]);
        assert_eq!(redactor.redact(r#"{"a":"pass\""}"#), r#"{"a":"***"}"#);
    }

    #[test]
    fn lower_case_percent_escapes_are_secrets_too() {
        assert_eq!(Redactor::new([&Secret::new("P/wörd")]).redact("?p=P%2fw%c3%b6rd"), "?p=***");
    }

    #[test]
    fn a_secret_inside_of_base64_is_masked_wherever_it_begins() {
        let redactor = Redactor::new([&Secret::new("open sesame")]);
        // `a:`, `ann:` and `ab:` before it, and a text around it.
        for encoded in ["YTpvcGVuIHNlc2FtZQ==", "YW5uOm9wZW4gc2VzYW1l", "YWI6b3BlbiBzZXNhbWU=", "W29wZW4gc2VzYW1lXQ=="]
        {
            let shown = redactor.redact(encoded).into_owned();
            assert!(shown.contains(MASK) && shown.len() <= 12, "{encoded}: {shown}");
        }
        // The last character stands for a few bits of the secret and would stand for others' beside it.
        assert_eq!(Redactor::new([&Secret::new("??>long~~~")]).redact("Pz8-bG9uZ35-fg"), "***g");
    }

    #[test]
    fn short_values_do_not_black_out_words() {
        assert_eq!(Redactor::new([&Secret::new("a"), &Secret::new("")]).redact("banana"), "banana");
    }

    proptest! {
        // A star in a secret could be made by the mask itself.
        #[test]
        fn no_secret_survives_in_any_encoded_form(
            secret in "[^*]{4,24}",
            other in "[^*]{4,8}",
            around in ("\\PC{0,6}", "\\PC{0,6}"),
        ) {
            let redactor = Redactor::new(&[Secret::new(secret.as_str()), Secret::new(other.as_str())]);
            let json = serde_json::to_string(&secret).expect("a string serializes");
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let url = url_with(&secret);
            let userinfo = url.password().unwrap_or_default().to_owned();
            let debug = format!("{secret:?}");
            let forms = [
                secret.clone(), json[1..json.len() - 1].to_owned(), debug[1..debug.len() - 1].to_owned(),
                form.replace('+', "%20"), form, userinfo,
            ];
            for form in forms {
                let shown = redactor.redact(&format!("{}{form}{}", around.0, around.1)).into_owned();
                prop_assert!(!shown.contains(&form), "{shown} holds {form}");
            }
        }

        #[test]
        fn the_password_of_a_url_survives_neither_alone_nor_in_the_url(password in "[^*]{4,24}") {
            let url = url_with(&password);
            let redactor = Redactor::new([&Secret::new(url.as_str())]);
            for text in [password.as_str(), url.password().unwrap_or_default(), url.as_str()] {
                let shown = redactor.redact(&format!("the server says: {text}")).into_owned();
                prop_assert!(!shown.contains(text), "{shown}");
            }
        }

        #[test]
        fn text_without_secrets_comes_back_as_it_was(text in "[a-m ]{0,40}") {
            let redactor = Redactor::new([&Secret::new("opqrst")]);
            prop_assert_eq!(redactor.redact(&text), text.as_str());
        }
    }
}
