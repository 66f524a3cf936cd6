//! Durations as the files write them: `800ms`, `30s`, `5m`. What they limit is decided where they are used.

/// Reads a whole number with the unit `ms`, `s`, `m` or `h`, as milliseconds. Zero is not a duration.
pub(crate) fn parse_millis(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|millis| *millis > 0)
}

/// Milliseconds in the largest unit that says them exactly.
pub(crate) fn show_millis(millis: u64) -> String {
    match millis {
        whole if whole >= 60_000 && whole.is_multiple_of(60_000) => format!("{}m", whole / 60_000),
        whole if whole >= 1_000 && whole.is_multiple_of(1_000) => format!("{}s", whole / 1_000),
        other => format!("{other}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_number_and_a_unit() {
        assert_eq!(parse_millis("800ms"), Some(800));
        assert_eq!(parse_millis("30s"), Some(30_000));
        assert_eq!(parse_millis("5m"), Some(300_000));
        for wrong in ["30", "s", "", "0s", "3 s", "-1s", "99999999999999999999s", "3d"] {
            assert_eq!(parse_millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn milliseconds_are_shown_in_the_unit_a_person_would_write() {
        assert_eq!([800, 30_000, 300_000, 1_500].map(show_millis), ["800ms", "30s", "5m", "1500ms"]);
    }
}
