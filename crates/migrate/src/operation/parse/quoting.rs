//! Turns quoted names and strings into what they stand for. Where they begin and end is the lexer's.

use plimsoll_core::db::Engine;

/// Without the quotes; doubled quotes are one.
pub(super) fn unquote(piece: &str) -> String {
    let inner = piece.get(1..piece.len().saturating_sub(1)).unwrap_or_default();
    match piece.as_bytes().first() {
        Some(b'"') => inner.replace("\"\"", "\""),
        Some(b'`') => inner.replace("``", "`"),
        Some(b'\'') => inner.replace("''", "'"),
        _ => inner.to_owned(),
    }
}

/// PostgreSQL keeps 63 bytes of a name, and whole characters.
pub(super) fn cut(mut name: String) -> String {
    let end = (0..=name.len().min(63)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    name.truncate(end);
    name
}

/// The value of a string as it is written, with its prefix or its tag.
pub(super) fn string(engine: Engine, piece: &str) -> String {
    if let Some(rest) = piece.strip_prefix('$') {
        let tag = rest.find('$').map_or(0, |end| end + 2);
        return piece.get(tag..piece.len() - tag).unwrap_or_default().to_owned();
    }
    let escapes = engine == Engine::Mysql || piece.starts_with(['e', 'E']);
    let inner = unquote(piece.trim_start_matches(|c: char| c.is_ascii_alphabetic()));
    if !escapes {
        return inner;
    }
    let mut value = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => value.extend(rest.next()),
            _ => value.push(c),
        }
    }
    value
}
