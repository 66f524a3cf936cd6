//! Removes known secrets from text that was made elsewhere, in whatever form they are in it. Which are secret is `project`'s.

use std::borrow::Cow;
use std::fmt;

use crate::secret::{MASK, SHORTEST_MASKED, Secret, base64_digits};
use crate::spelling::{Spelled, openings};

/// Lines of a secret that are shorter are no secrets of their own.
const SHORTEST_LINE: usize = 8;

/// Removes known secrets from text that was made elsewhere: driver errors, answers of a service, log lines.
#[derive(Clone, Default)]
pub struct Redactor {
    needles: Vec<Spelled>,
    /// For each byte the needles whose first letter begins with it; empty when there are none.
    starts: Vec<Vec<usize>>,
}

impl Redactor {
    /// A redactor for these secrets: as they are, escaped or encoded as in URLs, JSON, Rust, shells, HTML and SQL, also
    /// twice, in base64 and in hexadecimal.
    ///
    /// A database URL also gives up its password alone, and a secret of several lines each longer one. Values shorter
    /// than [`SHORTEST_MASKED`] bytes, blanks around them aside, are not masked inside text.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let plain = secret.expose();
            push_forms(&mut needles, plain);
            if plain.contains('\n') {
                let lines = plain.lines().filter(|line| line.trim().len() >= SHORTEST_LINE);
                lines.for_each(|line| push_forms(&mut needles, line));
            }
            if let Ok(url) = url::Url::parse(plain)
                && let Some(password) = url.password()
            {
                push_forms(&mut needles, password);
                push_forms(&mut needles, &percent_decode(password));
            }
        }
        Self::of(needles)
    }

    /// A redactor that knows what both know.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.needles.extend(other.needles);
        Self::of(self.needles)
    }

    /// The text with every known secret replaced by [`MASK`]. Secrets that overlap share one mask.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.needles.is_empty() {
            return Cow::Borrowed(text);
        }
        // Every place, not only those after a match: an occurrence may begin inside another.
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (at, _) in text.char_indices() {
            let here = openings(&text[at..]).into_iter().flatten().flat_map(|byte| &self.starts[usize::from(byte)]);
            let longest = here.filter_map(|needle| self.needles[*needle].at_start_of(&text[at..])).max();
            found.extend(longest.map(|length| (at, at + length)));
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
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

    /// The same for a text that is JSON and stays it, value by value: a secret may look like a part of its syntax. Names
    /// of entries stay when they are lower-case words, as the formats' own are.
    #[must_use]
    pub fn redact_json(&self, json: &str) -> String {
        let mut out = String::with_capacity(json.len());
        let mut rest = json;
        while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
            out.push_str(&rest[..at]);
            let (token, after) = rest[at..].split_at(token_length(&rest[at..]));
            let is_word = token.trim_matches('"').bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let is_name = is_word && after.trim_start().starts_with(':');
            let plain: Cow<'_, str> = match serde_json::from_str::<String>(token) {
                Ok(text) => Cow::Owned(text),
                Err(_) => Cow::Borrowed(token),
            };
            match self.redact(&plain) {
                Cow::Owned(masked) if !is_name => out.push_str(&serde_json::Value::from(masked).to_string()),
                _ => out.push_str(token),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn of(mut needles: Vec<Spelled>) -> Self {
        needles.sort_unstable();
        needles.dedup();
        let mut starts = vec![Vec::new(); 256];
        for (index, needle) in needles.iter().enumerate() {
            starts[usize::from(needle.first_byte())].push(index);
        }
        Self { needles, starts }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} forms)", self.needles.len())
    }
}

/// How long the text or number is with which this JSON begins.
fn token_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    if bytes.first() != Some(&b'"') {
        let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        return bytes.iter().take_while(|byte| is_part(byte)).count();
    }
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn push_forms(needles: &mut Vec<Spelled>, plain: &str) {
    // Blanks around it are no part of what is looked for.
    if plain.trim().len() < SHORTEST_MASKED {
        return;
    }
    needles.extend(Spelled::new(plain));
    let form: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let json = serde_json::Value::from(plain).to_string();
    let mut inner = vec![plain.to_owned(), form.replace('+', "%20"), form];
    // Only the outer quotes: a secret may end with one of its own.
    inner.extend(json.get(1..json.len() - 1).map(str::to_owned));
    inner.sort_unstable();
    inner.dedup();
    for text in inner {
        needles.extend(in_base64(&text).iter().filter_map(|form| Spelled::wrapped(form)));
        let hexadecimal: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        needles.extend([hexadecimal.to_uppercase(), hexadecimal].iter().filter_map(|form| Spelled::wrapped(form)));
    }
}

/// What is left of a secret inside of base64, wherever in the encoded text it begins: `user:password` is one such text.
/// The characters at both ends depend on what stands beside it and are no part of this, except where it stands alone.
fn in_base64(plain: &str) -> Vec<String> {
    let mut forms = vec![base64_digits(plain.as_bytes())];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(plain.as_bytes());
        let encoded = base64_digits(&bytes);
        // Each byte before shares a character with the secret, and so does each one that completes the last group.
        let from = (before * 8).div_ceil(6);
        let to = bytes.len() * 8 / 6;
        forms.extend(encoded.get(from..to).map(str::to_owned));
    }
    let for_urls: Vec<_> = forms.iter().map(|form| form.replace('+', "-").replace('/', "_")).collect();
    forms.extend(for_urls);
    forms
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
        assert_eq!(Redactor::new([&Secret::new("??>long~~~")]).redact("Pz8-bG9uZ35-fg"), "***");
    }

    #[test]
    fn the_shortest_secrets_are_masked_as_credentials_and_in_hexadecimal_too() {
        let redactor = Redactor::new([&Secret::new("k-7!")]);
        // `ann:k-7!`, `a:k-7!`, alone, and in hexadecimal of both kinds.
        for text in ["YW5uOmstNyE=", "YTprLTch", "ay03IQ==", "6b2d3721", "6B2D3721", "\\x6b2d3721"] {
            assert!(redactor.redact(text).contains(MASK), "{text}");
        }
    }

    #[test]
    fn what_is_escaped_before_it_is_encoded_is_masked_and_so_is_what_is_wrapped() {
        let long = "sesame \"seeds\" ".repeat(6);
        let redactor = Redactor::new([&Secret::new(long.as_str())]);
        let json = serde_json::json!({ "password": long }).to_string();
        let encoded = base64_digits(json.as_bytes());
        let wrapped = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        for text in [encoded, wrapped] {
            let shown = redactor.redact(&text).into_owned();
            assert!(shown.contains(MASK) && shown.len() < 30, "{shown}");
        }
    }

    #[test]
    fn a_line_of_a_secret_of_several_lines_is_a_secret() {
        let redactor = Redactor::new([&Secret::new("first line of it\nsecond line\nend")]);
        assert_eq!(redactor.redact("- first line of it\n- second line\n- end"), "- ***\n- ***\n- end");
    }

    #[test]
    fn json_stays_json_whatever_the_secrets_are() {
        let secrets = ["1234", "name", "pa\"ss", "null", "\":1,\"", "[5, 6]"].map(Secret::new);
        let redactor = Redactor::new(&secrets);
        let text = r#"{"name":"my pa\"ss","a":1234,"b":12345.5,"c":null,"d":-1234,"e":[5, 6],"f":"x\\"}"#;
        let shown = redactor.redact_json(text);
        assert_eq!(shown, r#"{"name":"my ***","a":"***","b":"***5.5","c":null,"d":"-***","e":[5, 6],"f":"x\\"}"#);
        assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{shown}");
    }

    #[test]
    fn short_values_do_not_black_out_words() {
        assert_eq!(Redactor::new([&Secret::new("a"), &Secret::new("")]).redact("banana"), "banana");
    }

    #[test]
    fn blanks_do_not_make_a_short_value_a_secret() {
        assert_eq!(Redactor::new([&Secret::new("an  "), &Secret::new("\n\nb\n\n")]).redact("banana"), "banana");
    }

    #[test]
    fn long_texts_that_look_escaped_take_no_longer_than_others() {
        let redactor = Redactor::new([&Secret::new("&<secret>")]);
        let began = std::time::Instant::now();
        for escape in ["&", "\\u{"] {
            let text = escape.repeat(300_000);
            assert_eq!(redactor.redact(&text), text);
        }
        // Looking for the end of each to the end of the text took a minute.
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    }

    /// Texts that are long enough without the blanks around them.
    fn maskable(pattern: &'static str) -> impl Strategy<Value = String> {
        pattern.prop_filter("too short", |text| text.trim().len() >= SHORTEST_MASKED)
    }

    proptest! {
        // A star in a secret could be made by the mask itself.
        #[test]
        fn no_secret_survives_in_any_encoded_form(
            secret in maskable("[^*]{4,24}"),
            other in maskable("[^*]{4,8}"),
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
        fn the_password_of_a_url_survives_neither_alone_nor_in_the_url(password in maskable("[^*]{4,24}")) {
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
