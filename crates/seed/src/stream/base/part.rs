//! The bytes of a part: rows of JSON values one after the other, compressed. Where parts are kept is the file above.

use std::hash::Hasher;
use std::ops::Range;

use serde_json::Value as Json;
use siphasher::sip128::{Hasher128, SipHasher13};

/// Appends a row: each value is a letter and, where it has one, its length and text.
pub(super) fn encode(row: &[Json], out: &mut Vec<u8>) {
    for value in row {
        let mut text = |tag: u8, text: &str| {
            out.push(tag);
            write_number(text.len() as u64, out);
            out.extend_from_slice(text.as_bytes());
        };
        match value {
            Json::Null => out.push(b'0'),
            Json::Bool(false) => out.push(b'f'),
            Json::Bool(true) => out.push(b't'),
            Json::String(string) => text(b's', string),
            other => text(b'j', &other.to_string()),
        }
    }
}

pub(super) fn compress(raw: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(raw)
}

/// Gives every row of a part; whether it could be read to its end.
pub(super) fn decode(bytes: &[u8], columns: usize, visit: &mut dyn FnMut(&[Json])) -> bool {
    let Ok(raw) = lz4_flex::block::decompress_size_prepended(bytes) else { return false };
    let mut rest = raw.as_slice();
    let mut row = Vec::with_capacity(columns);
    while !rest.is_empty() {
        row.clear();
        for _ in 0..columns {
            let Some(value) = read_value(&mut rest) else { return false };
            row.push(value);
        }
        visit(&row);
    }
    true
}

/// Tells whether a part is still what was written.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    format!("{:032x}", hasher.finish128().as_u128())
}

/// Ranges of rows, each as the distance from the one before and its length.
pub(super) fn of_ranges(ranges: &[Range<u64>]) -> Vec<u8> {
    let mut raw = Vec::new();
    let mut end = 0;
    for range in ranges {
        write_number(range.start - end, &mut raw);
        write_number(range.end - range.start, &mut raw);
        end = range.end;
    }
    compress(&raw)
}

pub(super) fn ranges(bytes: &[u8]) -> Vec<Range<u64>> {
    let raw = lz4_flex::block::decompress_size_prepended(bytes).unwrap_or_default();
    let mut rest = raw.as_slice();
    let (mut ranges, mut end) = (Vec::new(), 0);
    while let (Some(distance), Some(length)) = (read_number(&mut rest), read_number(&mut rest)) {
        ranges.push(end + distance..end + distance + length);
        end += distance + length;
    }
    ranges
}

/// Ranges in order that hold what any of some ranges does.
pub(super) fn union(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut all: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

fn read_value(rest: &mut &[u8]) -> Option<Json> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    Some(match tag {
        b'0' => Json::Null,
        b'f' => Json::Bool(false),
        b't' => Json::Bool(true),
        b's' => Json::String(read_text(rest)?.to_owned()),
        b'j' => serde_json::from_str(read_text(rest)?).ok()?,
        _ => return None,
    })
}

fn read_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(read_number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn rows_come_back_as_they_went_in() {
        let rows = [
            vec![json!("it's\n"), Json::Null, json!(true), json!(1.5)],
            vec![json!("x".repeat(300)), json!({"a": [1, "b"]}), json!(false), json!(u64::MAX)],
        ];
        let mut raw = Vec::new();
        rows.iter().for_each(|row| encode(row, &mut raw));
        let mut back = Vec::new();
        assert!(decode(&compress(&raw), 4, &mut |row| back.push(row.to_vec())));
        assert_eq!(back, rows);
        assert!(!decode(&compress(&raw[..raw.len() - 1]), 4, &mut |_| {}), "the end is missing");
        assert!(!decode(b"nonsense", 4, &mut |_| {}));
    }

    proptest! {
        #[test]
        fn a_union_holds_what_any_of_its_ranges_does(ranges in proptest::collection::vec((0u64..60, 1u64..9), 0..12)) {
            let ranges: Vec<Range<u64>> = ranges.into_iter().map(|(start, length)| start..start + length).collect();
            let all = union(ranges.clone());
            prop_assert!(all.windows(2).all(|pair| pair[0].end < pair[1].start));
            for number in 0..70 {
                let any = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.contains(&number));
                prop_assert_eq!(any(&all), any(&ranges));
            }
        }

        #[test]
        fn ranges_come_back_as_they_went_in(gaps in proptest::collection::vec((1u64..5_000, 1u64..5_000), 0..50)) {
            let mut end = 0;
            let all: Vec<Range<u64>> = gaps.iter().map(|(gap, length)| {
                let range = end + gap..end + gap + length;
                end = range.end;
                range
            }).collect();
            prop_assert_eq!(ranges(&of_ranges(&all)), all);
        }
    }
}
