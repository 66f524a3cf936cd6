//! The ways in which a text is written inside of others: escaped, encoded, quoted, also twice. What is looked for is `redact`'s.

/// A text that is found however each of its characters is written.
///
/// A character is itself; percent-encoded; escaped as in JSON, Rust, C or a shell; an entity of HTML; a doubled quote of
/// SQL or CSV. Blanks are any blanks, as texts are wrapped and squeezed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spelled {
    letters: Vec<Letter>,
    /// Whether lines may break between its letters, as those of base64 do.
    wrapped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Letter {
    Of(char),
    /// One blank or more.
    Blanks,
}

impl Spelled {
    /// `None` for a text of nothing but blanks.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut letters = Vec::new();
        // Around it blanks are trimmed by whoever likes to, as the ends of headers are.
        for letter in text.trim().chars() {
            match letter.is_whitespace() {
                true if letters.last() == Some(&Letter::Blanks) => {}
                true => letters.push(Letter::Blanks),
                false => letters.push(Letter::Of(letter)),
            }
        }
        (!letters.is_empty()).then_some(Self { letters, wrapped: false })
    }

    /// The same for a text whose lines may be broken anywhere.
    pub(crate) fn wrapped(text: &str) -> Option<Self> {
        Self::new(text).map(|spelled| Self { wrapped: true, ..spelled })
    }

    /// The first byte of its first letter, see [`openings`].
    pub(crate) fn first_byte(&self) -> u8 {
        match self.letters.first() {
            Some(Letter::Of(letter)) => first_byte(*letter),
            // It begins with a letter: blanks around it are trimmed.
            Some(Letter::Blanks) | None => b' ',
        }
    }

    /// Where it ends in a text that begins with it.
    pub(crate) fn at_start_of(&self, text: &str) -> Option<usize> {
        // As long as there is one way only, which is nearly always to the end or to a difference.
        let mut at = 0;
        let mut plain = 0;
        while let Some(Letter::Of(letter)) = self.letters.get(plain) {
            if !letter.is_alphanumeric() || !text[at..].starts_with(*letter) {
                break;
            }
            at += letter.len_utf8();
            plain += 1;
        }
        match (self.letters.get(plain), text[at..].chars().next()) {
            (None, _) => return Some(at),
            (Some(Letter::Of(letter)), Some(next)) if letter.is_alphanumeric() && is_plain(next, self.wrapped) => {
                return None;
            }
            _ => {}
        }
        let mut ends = vec![at];
        for (index, letter) in self.letters.iter().enumerate().skip(plain) {
            if self.wrapped && index > 0 {
                blanks(text, &ends.clone(), &mut ends);
            }
            let mut next = Vec::new();
            match letter {
                Letter::Of(letter) => ends.iter().for_each(|end| spellings(text, *end, *letter, &mut next)),
                Letter::Blanks => blanks(text, &ends, &mut next),
            }
            next.sort_unstable();
            next.dedup();
            ends = next;
            if ends.is_empty() {
                return None;
            }
        }
        ends.last().copied()
    }
}

/// Whether this can be nothing but itself.
fn is_plain(next: char, wrapped: bool) -> bool {
    !matches!(next, '%' | '\\' | '&') && !(wrapped && (next.is_whitespace() || next == '+'))
}

fn first_byte(letter: char) -> u8 {
    let mut utf8 = [0; 4];
    letter.encode_utf8(&mut utf8).as_bytes()[0]
}

/// The first bytes of all letters with which a text may begin, however they are written there.
pub(crate) fn openings(text: &str) -> [Option<u8>; 3] {
    let first = text.as_bytes().first().copied();
    let [second, third] = match first {
        Some(b'%') => {
            let after = text[1..].trim_start_matches("25");
            [hexadecimal(after.get(..2)).and_then(|byte| u8::try_from(byte).ok()), None]
        }
        Some(b'\\') => {
            let after = text.trim_start_matches('\\');
            let letter = after.chars().next().unwrap_or_default();
            let escaped = match letter {
                'n' => Some(b'\n'),
                'r' => Some(b'\r'),
                't' => Some(b'\t'),
                'b' => Some(8),
                'f' => Some(12),
                'v' => Some(11),
                'e' => Some(27),
                '0' => Some(0),
                'x' => hexadecimal(after.get(1..3)).and_then(|byte| u8::try_from(byte).ok()),
                'u' => match after[1..].strip_prefix('{').and_then(|inner| up_to(inner, b'}')) {
                    Some((digits, _)) => hexadecimal(Some(digits)).and_then(char::from_u32).map(first_byte),
                    None => hexadecimal(after.get(1..5)).map(|unit| match char::from_u32(unit) {
                        Some(letter) => first_byte(letter),
                        // The first of two halves: ten bits of the letter, of which three are in its first byte.
                        None => 0xf0 | u8::try_from((((unit & 0x3ff) + 0x40) >> 8) & 7).unwrap_or_default(),
                    }),
                },
                _ => None,
            };
            [escaped, (!after.is_empty()).then(|| first_byte(letter))]
        }
        Some(b'&') => {
            let after = text[1..].trim_start_matches("amp;");
            [up_to(after, b';').and_then(|(name, _)| meant_by(name)).map(first_byte), None]
        }
        _ => [None, None],
    };
    [first, second, third]
}

/// All that Unicode calls white space.
const BLANKS: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\
                      \u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// Every place after one blank or several.
fn blanks(text: &str, from: &[usize], ends: &mut Vec<usize>) {
    let mut open = from.to_vec();
    while let Some(at) = open.pop() {
        let mut next = Vec::new();
        BLANKS.chars().for_each(|blank| spellings(text, at, blank, &mut next));
        for end in next {
            if !ends.contains(&end) {
                ends.push(end);
                open.push(end);
            }
        }
    }
}

/// Every place after this letter, however it is written.
fn spellings(text: &str, at: usize, letter: char, ends: &mut Vec<usize>) {
    let rest = &text[at..];
    let mut push = |length: usize| ends.push(at + length);
    if rest.starts_with(letter) {
        push(letter.len_utf8());
    }
    match rest.as_bytes().first() {
        Some(b'+') if letter == ' ' => push(1),
        Some(b'%') => percent(rest, letter).into_iter().for_each(push),
        Some(b'\\') => backslashed(rest, letter).into_iter().for_each(push),
        Some(b'&') => entity(rest, letter).into_iter().for_each(push),
        Some(b'"') if letter == '"' && rest.starts_with("\"\"") => push(2),
        Some(b'\'') if letter == '\'' => {
            ["''", r"'\''", "'\"'\"'"].iter().filter(|form| rest.starts_with(**form)).for_each(|form| push(form.len()));
        }
        _ => {}
    }
}

/// `%2F`, and `%252F` for what was encoded twice.
fn percent(rest: &str, letter: char) -> Vec<usize> {
    let mut at = 0;
    let mut ends = Vec::new();
    let mut utf8 = [0; 4];
    for byte in letter.encode_utf8(&mut utf8).bytes() {
        let Some(mut after) = rest[at..].strip_prefix('%') else { return Vec::new() };
        while let Some(again) = after.strip_prefix("25") {
            after = again;
            if byte == b'%' {
                ends.push(rest.len() - after.len());
            }
        }
        if byte == b'%' {
            return ends;
        }
        if hexadecimal(after.get(..2)) != Some(u32::from(byte)) {
            return Vec::new();
        }
        at = rest.len() - after.len() + 2;
    }
    vec![at]
}

/// Backslashes, as many as there are, and what stands for the letter behind them.
fn backslashed(rest: &str, letter: char) -> Vec<usize> {
    let after = rest.trim_start_matches('\\');
    let slashes = rest.len() - after.len();
    if letter == '\\' {
        let escaped = unicode_escapes(rest, letter).into_iter().chain(byte_escapes(rest, letter));
        return (1..=slashes).chain(escaped).collect();
    }
    let short = match letter {
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\u{b}' => Some('v'),
        '\u{1b}' => Some('e'),
        '\0' => Some('0'),
        other => (!other.is_alphanumeric()).then_some(other),
    };
    let short = short.filter(|short| after.starts_with(*short)).map(|short| slashes + short.len_utf8());
    short.into_iter().chain(unicode_escapes(rest, letter)).chain(byte_escapes(rest, letter)).collect()
}

/// `\u00e9`, in two halves where need be, or `\u{e9}`.
fn unicode_escapes(rest: &str, letter: char) -> Option<usize> {
    let braced = rest.trim_start_matches('\\').strip_prefix("u{").and_then(|inner| up_to(inner, b'}'));
    if let Some((digits, after)) = braced {
        return (hexadecimal(Some(digits)) == Some(u32::from(letter))).then(|| rest.len() - after.len());
    }
    let mut units = [0; 2];
    let mut left = rest;
    for unit in letter.encode_utf16(&mut units) {
        let after = left.strip_prefix('\\')?.trim_start_matches('\\').strip_prefix('u')?;
        if hexadecimal(after.get(..4)) != Some(u32::from(*unit)) {
            return None;
        }
        left = &after[4..];
    }
    Some(rest.len() - left.len())
}

/// `\xc3\xa9`
fn byte_escapes(rest: &str, letter: char) -> Option<usize> {
    let mut utf8 = [0; 4];
    let mut left = rest;
    for byte in letter.encode_utf8(&mut utf8).bytes() {
        let after = left.strip_prefix('\\')?.trim_start_matches('\\').strip_prefix('x')?;
        if hexadecimal(after.get(..2)) != Some(u32::from(byte)) {
            return None;
        }
        left = &after[2..];
    }
    Some(rest.len() - left.len())
}

/// `&lt;`, `&#60;` and `&#x3c;`, and `&amp;lt;` for what was escaped twice.
fn entity(rest: &str, letter: char) -> Vec<usize> {
    let mut after = &rest[1..];
    let mut ends = Vec::new();
    while let Some(again) = after.strip_prefix("amp;") {
        after = again;
        ends.push(rest.len() - after.len());
    }
    if letter == '&' && !ends.is_empty() {
        return ends;
    }
    let Some((name, after)) = up_to(after, b';') else { return Vec::new() };
    if meant_by(name) == Some(letter) { vec![rest.len() - after.len()] } else { Vec::new() }
}

/// The most bytes between the ends of what stands for one letter: no name of an entity and no number is longer.
const LONGEST_NAME: usize = 10;

/// What stands before this end, and what behind it. It is near, or not looked for: there may be none in a long text.
fn up_to(text: &str, end: u8) -> Option<(&str, &str)> {
    let at = text.bytes().take(LONGEST_NAME + 1).position(|byte| byte == end)?;
    Some((&text[..at], &text[at + 1..]))
}

/// The letter that an entity of HTML stands for, apart from `&`.
fn meant_by(name: &str) -> Option<char> {
    match (name, name.strip_prefix('#')) {
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(number)) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => hexadecimal(Some(digits)).and_then(char::from_u32),
            None => number.parse().ok().and_then(char::from_u32),
        },
        _ => None,
    }
}

fn hexadecimal(digits: Option<&str>) -> Option<u32> {
    // A number may begin with a sign for `from_str_radix`.
    digits
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_however_it_is_written() {
        let spelled = Spelled::new("a <\"b'>&\\%/é😀\n z").expect("not blank");
        for written in [
            "a <\"b'>&\\%/é😀\n z",
            "a+%3C%22b%27%3E%26%5C%25%2F%C3%A9%F0%9F%98%80%0A+z",
            "a%2520%253c%2522b%2527%253e%2526%255c%2525%252f%25c3%25a9%25f0%259f%2598%2580%250a%2520z",
            r#"a <\"b'>&\\%\/\u00e9\ud83d\ude00\n z"#,
            r#"a \u003c\\\"b\\\u0027\u003e\u0026\\\\%/\\u00E9\\uD83D\\uDE00\\n z"#,
            r#"a <\"b\'>&\\%/\u{e9}\u{1f600}\n z"#,
            "a &lt;&quot;b&#39;&gt;&amp;\\%/&#233;&#x1F600;\n z",
            "a &amp;lt;&amp;quot;b&amp;#x27;&amp;gt;&amp;amp;\\%/é😀 z",
            "a <\"\"b'\\''>&\\%/é😀\n\tz",
            r#"\u0061 \u003c\u0022b\\u0027\u003e\u0026\u005c\u0025\u002f\u00e9\ud83d\ude00\u000a\u0020z"#,
            r#"\\u0061 \\u003c\\u0022b\\u0027\\u003e\\u0026\\u005c\\u0025\\u002f\\u00e9\\ud83d\\ude00\\u000a z"#,
            r#"\x61 <"b''>&\\%/\xc3\xa9\xf0\x9f\x98\x80 z"#,
        ] {
            assert_eq!(spelled.at_start_of(written), Some(written.len()), "{written}");
            assert!(openings(written).contains(&Some(b'a')), "{written}");
        }
        for other in ["a <\"b'>&\\%/é😀z", "a", "", "%", "\\", "&", "&;", "a %", "a \\u00", "a &#x;"] {
            assert_eq!(spelled.at_start_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_looks_encoded_already_is_found_once_and_twice_encoded() {
        let spelled = Spelled::new("%25x&amp;y\\nz").expect("not blank");
        for written in ["%25x&amp;y\\nz", "%2525x%26amp%3By%5Cnz", "%25x&amp;amp;y\\nz", "%25x&amp;y\\\\nz"] {
            assert_eq!(spelled.at_start_of(written), Some(written.len()), "{written}");
        }
    }

    #[test]
    fn the_first_letter_is_known_however_it_is_written() {
        for letter in ['a', '"', '\n', '\\', '%', '&', '<', 'é', '中', '😀', '\u{10ffff}'] {
            let wanted = Some(first_byte(letter));
            let json = serde_json::Value::from(letter.to_string()).to_string();
            let mut units = [0; 2];
            let ascii: String = letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let mut utf8 = [0; 4];
            let bytes = letter.encode_utf8(&mut utf8).as_bytes();
            let percent: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
            let hex: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            let entity = format!("&#{};", u32::from(letter));
            let braced = format!("\\u{{{:x}}}", u32::from(letter));
            for written in
                [json[1..json.len() - 1].to_owned(), ascii, percent.replace('%', "%25"), percent, hex, braced, entity]
            {
                assert!(openings(&written).contains(&wanted), "{letter} in {written}");
            }
        }
    }
}
