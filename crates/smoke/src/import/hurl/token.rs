//! The words of one line of asserts or captures: strings, patterns, templates. What a sequence of them means is `query`'s.

use super::variables::Variables;

/// One word. Texts have marks for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Pattern(String),
    Variable(String),
}

/// The words of a line, up to a comment. `None` when a text in it does not end.
pub(super) fn tokens(line: &str, variables: &mut Variables) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (token, after) = if let Some(text) = rest.strip_prefix("```") {
            let (text, after) = text.split_once("```")?;
            (Token::Text(multiline(text, variables)), after)
        } else if let Some(text) = rest.strip_prefix('`') {
            let (text, after) = text.split_once('`')?;
            (Token::Text(variables.marked(text)), after)
        } else if rest.starts_with('"') {
            let end = closing(rest, '"')?;
            (Token::Text(variables.marked(&unescaped(&rest[1..end]))), &rest[end + 1..])
        } else if rest.starts_with('/') {
            let end = closing(rest, '/')?;
            (Token::Pattern(rest[1..end].replace("\\/", "/")), &rest[end + 1..])
        } else if let Some((name, after)) = rest.strip_prefix("{{").and_then(|inner| inner.split_once("}}")) {
            (Token::Variable(variables.variable(name.trim())), after)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (Token::Word(rest[..end].to_owned()), &rest[end..])
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

/// The text between ```: a first line with a language alone is no part of it.
pub(super) fn multiline(text: &str, variables: &mut Variables) -> String {
    let (_, text) = language(text);
    variables.marked(text)
}

/// The language of a text between ```, and the text itself.
pub(super) fn language(text: &str) -> (&str, &str) {
    match text.split_once('\n') {
        Some((first, rest)) if first.trim().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ',' | ' ')) => {
            (first.trim(), rest)
        }
        _ => ("", text),
    }
}

/// A text without its escapes.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        let escape = after.next();
        rest = after.as_str();
        match escape {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let code = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
                let found = code.and_then(|(digits, after)| {
                    Some((u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?, after))
                });
                match found {
                    Some((character, after)) => {
                        out.push(character);
                        rest = after;
                    }
                    None => out.push_str("\\u"),
                }
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

/// A value that stands for itself up to a comment: of a header, a field, an option.
pub(super) fn plain(text: &str, variables: &mut Variables) -> String {
    if let Some(inner) = text.strip_prefix('`').and_then(|inner| inner.strip_suffix('`')) {
        return variables.marked(inner);
    }
    let mut end = text.len();
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            '#' if !escaped => {
                end = at;
                break;
            }
            _ => escaped = character == '\\' && !escaped,
        }
    }
    variables.marked(&unescaped(text[..end].trim_end()))
}

fn closing(text: &str, end: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if character == end && !escaped {
            return Some(at);
        }
        escaped = character == '\\' && !escaped;
    }
    None
}
