//! Expressions that read another tool's columns the same way on every engine. Which columns there are is each tool's file's.

use plimsoll_core::db::{DynRow, Engine};

/// A column of any type as text.
pub(super) fn text(engine: Engine, column: &str) -> String {
    match engine {
        Engine::Postgres => format!("({column})::text"),
        Engine::Mysql => format!("CAST({column} AS CHAR)"),
        Engine::Sqlite => format!("CAST({column} AS TEXT)"),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(engine: Engine, column: &str) -> String {
    match engine {
        Engine::Postgres => format!("encode({column}, 'hex')"),
        Engine::Sqlite | Engine::Mysql => format!("lower(hex({column}))"),
    }
}

/// A column that is a moment, in UTC; [`moment`] takes what it gives.
pub(super) fn utc(engine: Engine, column: &str) -> String {
    match engine {
        Engine::Postgres => format!("({column} AT TIME ZONE 'UTC')::text"),
        // Sessions here are in UTC already.
        Engine::Mysql => text(engine, column),
        // Some drivers write milliseconds since 1970.
        Engine::Sqlite => format!(
            "CASE typeof({column}) WHEN 'integer' THEN strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch') ELSE {column} END"
        ),
    }
}

/// A column that is a date and time without a zone.
pub(super) fn local(engine: Engine, column: &str) -> String {
    match engine {
        Engine::Sqlite => utc(engine, column),
        Engine::Postgres | Engine::Mysql => text(engine, column),
    }
}

/// The text of a column, none when it is NULL.
pub(super) fn optional(row: &DynRow, index: usize) -> Option<String> {
    row.at(index).as_str().map(str::to_owned)
}

/// A moment as the ledger writes it: ISO 8601 with milliseconds. What no zone is said about is taken for UTC, and what does not
/// look like a date and time stays as it is.
pub(super) fn moment(row: &DynRow, index: usize) -> Option<String> {
    optional(row, index).map(|text| iso(&text))
}

fn iso(text: &str) -> String {
    let bytes = text.as_bytes();
    let looks_right = bytes.len() >= 19 && text.is_ascii() && bytes[4] == b'-' && matches!(bytes[10], b' ' | b'T');
    if !looks_right {
        return text.to_owned();
    }
    let (date, time, rest) = (&text[..10], &text[11..19], &text[19..]);
    let fraction: String = rest.strip_prefix('.').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
    let zone = if fraction.is_empty() { rest } else { &rest[fraction.len() + 1..] };
    let zone = match zone {
        "" | "+00" | "+00:00" | "Z" => "Z",
        other => other,
    };
    format!("{date}T{time}.{:0<3.3}{zone}", fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_all_tools_become_the_ledgers_own_form() {
        let cases = [
            ("2026-11-22 05:25:03.132+00", "2026-11-22T05:25:03.132Z"),
            ("2026-11-22 05:27:11", "2026-11-22T05:27:11.000Z"),
            ("2026-11-22T05:28:58.806409093Z", "2026-11-22T05:28:58.806Z"),
            ("2026-11-22T05:28:58.8+02:00", "2026-11-22T05:28:58.800+02:00"),
            ("2026-11-22T05:28:10.234+00:00", "2026-11-22T05:28:10.234Z"),
            ("yesterday", "yesterday"),
        ];
        for (written, expected) in cases {
            assert_eq!(iso(written), expected);
        }
    }
}
