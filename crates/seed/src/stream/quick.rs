//! The quick way into a column for texts as files nearly always have them: the value that `to_db` gives, or none. What it cannot
//! take is `to_db`'s.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use plimsoll_core::db::{Column, ColumnKind, Value, Whole};

use crate::value::{has_zone, precision};

/// What a column takes without a second look.
pub(super) enum Quick {
    /// A text of at most this many characters goes in as it is.
    Text(usize),
    /// A whole number of this range.
    Int(RangeInclusive<i128>),
    Bool,
    /// At most so many digits before and after the point.
    Decimal(usize, usize),
    /// A time without a zone or parts of a second.
    Timestamp,
    None,
}

impl Quick {
    pub(super) fn of(column: &Column) -> Self {
        let declared = column.declared.to_lowercase();
        match column.kind {
            ColumnKind::Int => {
                let (least, greatest) = column.whole.map_or((i64::MIN.into(), i64::MAX.into()), Whole::range);
                Self::Int(least..=greatest)
            }
            ColumnKind::Bool => Self::Bool,
            ColumnKind::Decimal => match precision(&column.declared) {
                Some((precision, scale)) => Self::Decimal(precision.saturating_sub(scale), scale),
                None => Self::Decimal(usize::MAX, usize::MAX),
            },
            ColumnKind::Timestamp if !has_zone(column) => Self::Timestamp,
            ColumnKind::Text if declared == "text" || declared == "longtext" => Self::Text(usize::MAX),
            ColumnKind::Text if declared.starts_with("varchar(") || declared.starts_with("character varying(") => {
                let limit = declared.split_once('(').and_then(|(_, rest)| rest.split(')').next()?.parse().ok());
                limit.map_or(Self::None, Self::Text)
            }
            _ => Self::None,
        }
    }

    /// Puts a text into its place, which keeps what it has allocated; false when it has to be looked at.
    pub(super) fn write(&self, text: &str, into: &mut Value) -> bool {
        let taken = match self {
            // Bytes are never fewer than characters.
            Self::Text(limit) => (text.len() <= *limit).then_some(text),
            Self::Decimal(whole, fraction) => decimal(text, *whole, *fraction),
            Self::Timestamp => is_timestamp(text).then_some(text),
            Self::Int(range) => match text.parse::<i64>() {
                Ok(number) if range.contains(&number.into()) => {
                    *into = Value::Int(number);
                    return true;
                }
                _ => None,
            },
            Self::Bool => {
                let flag = match text {
                    "1" | "true" | "t" => true,
                    "0" | "false" | "f" => false,
                    _ => return false,
                };
                *into = Value::Bool(flag);
                return true;
            }
            Self::None => None,
        };
        match (taken, into) {
            (Some(text), Value::Text(kept)) => text.clone_into(kept),
            (Some(text), slot) => *slot = Value::Text(text.to_owned()),
            (None, _) => return false,
        }
        true
    }
}

/// The digits of a decimal that is written plainly, without zeros at its end that say nothing.
fn decimal(text: &str, most_whole: usize, most_fraction: usize) -> Option<&str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = !whole.is_empty() && digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    let fraction = fraction.trim_end_matches('0');
    let said = if whole == "0" { 0 } else { whole.len() };
    // A zero has no sign.
    let is_zero = whole == "0" && fraction.is_empty();
    if !is_plain || (is_zero && unsigned.len() < text.len()) || said > most_whole || fraction.len() > most_fraction {
        return None;
    }
    let dot = usize::from(!fraction.is_empty());
    text.get(..text.len() - unsigned.len() + whole.len() + dot + fraction.len())
}

/// `2024-02-29 08:30:00`, and nothing else.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 19
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b' ',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let part =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(u32::MAX);
    is_shaped
        && part(11, 13) < 24
        && part(14, 16) < 60
        && part(17, 19) < 60
        && i32::try_from(part(0, 4)).is_ok_and(|year| NaiveDate::from_ymd_opt(year, part(5, 7), part(8, 10)).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;
    use crate::value::to_db;

    fn column(kind: ColumnKind, declared: &str) -> Column {
        Column { kind, declared: declared.to_owned(), ..Column::default() }
    }

    proptest! {
        #[test]
        fn the_quick_way_leads_where_the_other_leads(
            text in prop_oneof![
                "-?[0-9]{1,5}(\\.[0-9]{0,4})?",
                "[-+0-9.eE]{0,8}",
                "[12][0-9]{3}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
                "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.Z]{5,12}",
                "true|false|t|f|0|1|T|yes",
                // The ends of small whole numbers, and what comes next.
                "-?(0|1|2[45][0-9]|255|256|3276[78]|6553[56]|2147483647|4294967296|9223372036854775807)",
                "\\PC{0,12}",
            ],
        ) {
            for whole in [Whole { bits: 16, unsigned: false }, Whole { bits: 8, unsigned: true }, Whole { bits: 64, unsigned: true }] {
                let column = Column { whole: Some(whole), ..column(ColumnKind::Int, "int") };
                let mut value = Value::Null;
                let slow = to_db(&column, &Json::String(text.clone()));
                if Quick::of(&column).write(&text, &mut value) {
                    prop_assert_eq!(slow.ok(), Some(value), "{} in {:?}", text, whole);
                } else if text.parse::<i64>().is_ok() {
                    prop_assert!(slow.is_err(), "{} in {:?}", text, whole);
                }
            }
            for (kind, declared) in [
                (ColumnKind::Decimal, "numeric(6,2)"),
                (ColumnKind::Decimal, "decimal(3,3)"),
                (ColumnKind::Decimal, "numeric"),
                (ColumnKind::Timestamp, "timestamp without time zone"),
                (ColumnKind::Timestamp, "timestamp with time zone"),
                (ColumnKind::Timestamp, "datetime"),
                (ColumnKind::Bool, "boolean"),
                (ColumnKind::Int, "bigint"),
                (ColumnKind::Text, "text"),
                (ColumnKind::Text, "varchar(5)"),
            ] {
                let column = column(kind, declared);
                for before in [Value::Null, Value::Text("before".to_owned())] {
                    let mut value = before;
                    if Quick::of(&column).write(&text, &mut value) {
                        let slow = to_db(&column, &Json::String(text.clone()));
                        prop_assert_eq!(slow.ok(), Some(value), "{} as {}", text, declared);
                    }
                }
            }
        }
    }

    #[test]
    fn what_files_nearly_always_have_goes_the_quick_way() {
        for (kind, declared, text, shown) in [
            (ColumnKind::Decimal, "numeric(10,2)", "4321.50", "4321.5"),
            (ColumnKind::Decimal, "numeric(10,2)", "7.00", "7"),
            (ColumnKind::Decimal, "numeric(10,2)", "-0.25", "-0.25"),
            (ColumnKind::Timestamp, "timestamp", "2024-02-29 08:30:00", "2024-02-29 08:30:00"),
            (ColumnKind::Text, "varchar(5)", "hello", "hello"),
            (ColumnKind::Text, "text", "hello", "hello"),
        ] {
            let mut value = Value::Null;
            assert!(Quick::of(&column(kind, declared)).write(text, &mut value), "{text}");
            assert_eq!(value, Value::Text(shown.to_owned()));
        }
        let mut value = Value::Null;
        assert!(Quick::of(&column(ColumnKind::Int, "bigint")).write("-7", &mut value) && value == Value::Int(-7));
        assert!(Quick::of(&column(ColumnKind::Bool, "boolean")).write("t", &mut value) && value == Value::Bool(true));
    }
}
