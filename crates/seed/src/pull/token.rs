//! Cuts expressions into tokens, as far as `form` needs them. What they mean is its.

use serde_json::Value as Json;

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Number(Json),
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: [&str; 24] = [
    "==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "(", ")", "[", "]", "{", "}",
    "=", "<",
];

/// The tokens of an expression; nothing for what cannot be one, or is not understood.
pub(super) fn tokens(source: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '\'' || first == '"' {
            let (text, length) = quoted(rest, first)?;
            (Token::Text(text), length)
        } else if first.is_ascii_digit() {
            let after_dot = matches!(tokens.last(), Some(Token::Sign(".")));
            number(rest, after_dot)?
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Word(rest[..length].to_owned()), length)
        } else if first == '>' {
            (Token::Sign(if rest.starts_with(">=") { ">=" } else { ">" }), if rest.starts_with(">=") { 2 } else { 1 })
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// A quoted text without its quotes, and its length with them. Escapes beyond the usual ones are not understood.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.push(match chars.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                same @ ('\\' | '\'' | '"' | '/') => same,
                _ => return None,
            }),
            c if c == quote => return Some((text, at + 1)),
            other => text.push(other),
        }
    }
    None
}

fn number(rest: &str, whole: bool) -> Option<(Token, usize)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(rest);
    if !whole && rest[length..].starts_with('.') && rest[length + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        length += 1 + digits(&rest[length + 1..]);
    }
    let parsed = serde_json::from_str(&rest[..length]).ok()?;
    Some((Token::Number(parsed), length))
}
