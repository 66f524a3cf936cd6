//! Bytes in files: as text, or after `base64:` or `hex:`. Text columns have nothing to do with it.

use plimsoll_core::db::Column;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a declared value.
pub(super) fn of_text(text: &str) -> Option<Vec<u8>> {
    let bytes = if let Some(rest) = text.strip_prefix("base64:") {
        from_base64(rest)?
    } else if let Some(rest) = text.strip_prefix("hex:").or_else(|| text.strip_prefix("\\x")) {
        from_hex(rest)?
    } else {
        text.as_bytes().to_vec()
    };
    Some(bytes)
}

/// The bytes without the zeros that MySQL fills `binary(n)` up with: what is compared.
pub(super) fn kept(column: &Column, mut bytes: Vec<u8>) -> Vec<u8> {
    if column.pads.is_some() {
        let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes.truncate(length);
    }
    bytes
}

/// The bytes as the column holds them: what is written and looked for.
pub(super) fn padded(column: &Column, mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(length) = column.pads.filter(|length| *length > bytes.len()) {
        bytes.resize(length, 0);
    }
    bytes
}

/// The one form of bytes: text where they are text that says nothing else, otherwise base64.
pub(super) fn shown(bytes: &[u8]) -> String {
    let has_prefix = |text: &&str| ["base64:", "hex:", "\\x"].iter().any(|prefix| text.starts_with(prefix));
    match std::str::from_utf8(bytes) {
        Ok(text) if !has_prefix(&text) && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') => {
            text.to_owned()
        }
        _ => format!("base64:{}", to_base64(bytes)),
    }
}

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(LETTERS[(group >> (18 - 6 * place) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let letters = &letters[..letters.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    for chunk in letters.chunks(4) {
        let mut group = 0_u32;
        for letter in chunk {
            // Both alphabets are in use: the one for URLs has `-` and `_`.
            let letter = match letter {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            };
            let value = LETTERS.iter().position(|known| *known == letter)?;
            group = group << 6 | u32::try_from(value).ok()?;
        }
        let count = match chunk.len() {
            1 => return None,
            length => length - 1,
        };
        group <<= 6 * (4 - chunk.len());
        bytes.extend(group.to_be_bytes().iter().skip(1).take(count));
    }
    Some(bytes)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_are_written_in_three_ways_and_shown_in_one() {
        let of = |text: &str| of_text(text).map(|bytes| shown(&bytes));
        assert_eq!(of("plain é").as_deref(), Some("plain é"));
        assert_eq!(of("hex:00ff10").as_deref(), Some("base64:AP8Q"));
        assert_eq!(of("\\x68656c6c6f").as_deref(), Some("hello"));
        assert_eq!(of("base64:aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(of("base64:aGVsbG8").as_deref(), Some("hello"));
        assert_eq!(of("base64:-_8").as_deref(), Some("base64:+/8="));
        assert_eq!(of("hex:0"), None);
        assert_eq!(of("base64:a*"), None);
    }

    #[test]
    fn zeros_at_the_end_count_where_nobody_fills_up_with_them() {
        let fixed = Column { pads: Some(4), ..Column::default() };
        assert_eq!((kept(&fixed, vec![7, 0]), padded(&fixed, vec![7])), (vec![7], vec![7, 0, 0, 0]));
        let plain = Column { declared: "binary(4)".to_owned(), ..Column::default() };
        assert_eq!((kept(&plain, vec![7, 0]), padded(&plain, vec![7])), (vec![7, 0], vec![7]));
    }

    proptest! {
        #[test]
        fn all_bytes_survive_their_form(bytes: Vec<u8>) {
            prop_assert_eq!(of_text(&shown(&bytes)), Some(bytes));
        }
    }
}
