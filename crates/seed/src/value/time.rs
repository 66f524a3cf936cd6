//! Times: in UTC, in one spelling, with the digits of a second that their column keeps.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound};
use plimsoll_core::db::Column;

use super::precision;

/// Digits that are kept where the column does not say.
const DIGITS: u8 = 6;

/// Whether a column knows of zones, so that what is written needs one.
pub(crate) fn has_zone(column: &Column) -> bool {
    let has = |place: usize, word: &str| {
        column.declared.get(place..place + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word))
    };
    has(0, "timestamptz") || (0..column.declared.len()).any(|place| has(place, "with time zone"))
}

/// In UTC, with a space, and as many digits of a second as the column keeps.
pub(super) fn timestamp(column: &Column, text: &str) -> Option<String> {
    if let word @ ("infinity" | "-infinity") = text {
        return Some(word.to_owned());
    }
    let iso = text.trim().replacen(' ', "T", 1);
    // PostgreSQL writes `+00` where the standard wants `+00:00`.
    let zoned = match iso.rfind(['+', '-']).filter(|at| *at > 10) {
        Some(at) if iso.len() - at == 3 => format!("{iso}:00"),
        _ => iso.clone(),
    };
    let time = DateTime::parse_from_rfc3339(&zoned)
        .map(|time| time.naive_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(&iso, "%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(&iso, "%Y-%m-%dT%H:%M"))
        .ok()
        .or_else(|| NaiveDate::parse_from_str(&iso, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(time.round_subsecs(u16::from(digits(column))).format("%Y-%m-%d %H:%M:%S%.f").to_string())
}

/// A day, also when it is written as a time at midnight.
pub(super) fn date(text: &str) -> Option<String> {
    if let word @ ("infinity" | "-infinity") = text {
        return Some(word.to_owned());
    }
    let text = text.trim();
    let day = text.get(..10).filter(|_| {
        let rest = text[10..].trim_start_matches(['T', ' ']).trim_end_matches('Z');
        rest.is_empty() || (rest.starts_with("00:00") && rest.chars().all(|c| matches!(c, '0' | ':' | '.')))
    })?;
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    Some(day.format("%Y-%m-%d").to_string())
}

/// A time of day, or a span of hours, which is what MySQL calls one.
pub(super) fn time(column: &Column, text: &str) -> Option<String> {
    let text = text.trim();
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let mut parts = unsigned.split(':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok().filter(|minutes| *minutes < 60)?;
    let (seconds, fraction) = match parts.next() {
        Some(seconds) => seconds.split_once('.').unwrap_or((seconds, "")),
        None => ("0", ""),
    };
    let seconds: u32 = seconds.parse().ok().filter(|seconds| *seconds < 60)?;
    if parts.next().is_some() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // In millionths of a second, so that rounding may carry; halves go up, as with PostgreSQL. What is bound is rounded already,
    // so that an engine which cuts off, as MariaDB does, holds the same.
    let millionths: u64 = format!("{fraction:0<7}").get(..7)?.parse::<u64>().ok()?.saturating_add(5) / 10;
    let unit = 10_u64.pow(u32::from(DIGITS - digits(column).min(DIGITS)));
    let all = (u64::from(hours) * 3600 + u64::from(minutes) * 60 + u64::from(seconds)) * 1_000_000 + millionths;
    let all = (all + unit / 2) / unit * unit;
    let (seconds, millionths) = (all / 1_000_000, all % 1_000_000);
    let fraction = format!("{millionths:06}");
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{:02}:{:02}:{:02}{dot}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

fn digits(column: &Column) -> u8 {
    let declared = || precision(&column.declared).and_then(|(digits, _)| u8::try_from(digits).ok());
    column.digits.or_else(declared).unwrap_or(DIGITS)
}
