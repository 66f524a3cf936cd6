//! Splits a line as a shell does. Variables of the shell are marked, commands in it are not run.

use crate::import::text::mark;

/// The words of the first command, and what was not understood.
pub(super) struct Words {
    pub(super) words: Vec<(usize, String)>,
    pub(super) left_out: Vec<(usize, &'static str)>,
}

/// Splits at spaces that are not quoted, up to the end of the first command.
pub(super) fn split(text: &str) -> Words {
    let mut found = Words { words: Vec::new(), left_out: Vec::new() };
    let mut rest = text.chars().peekable();
    let (mut line, mut word, mut quote): (usize, Option<(usize, String)>, Option<char>) = (1, None, None);
    while let Some(character) = rest.next() {
        let here = line;
        if character == '\n' {
            line += 1;
        }
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), other) => push(&mut word, here, &other.to_string()),
            (None, '\'' | '"') => {
                quote = Some(character);
                push(&mut word, here, "");
            }
            (None, '$') if rest.peek() == Some(&'\'') => {
                rest.next();
                push(&mut word, here, &escaped(&mut rest));
            }
            (_, '\\') => match rest.next() {
                Some('\n') => line += 1,
                Some(next) if quote.is_none() || matches!(next, '$' | '`' | '"' | '\\') => {
                    push(&mut word, here, &next.to_string());
                }
                Some(next) => push(&mut word, here, &format!("\\{next}")),
                None => {}
            },
            (_, '$') if rest.peek() == Some(&'(') => {
                found.left_out.push((here, "a command in `$( )`: what it prints has to be a variable of the project"));
                push(&mut word, here, "$");
            }
            (_, '$') => push(&mut word, here, &variable(&mut rest)),
            (_, '`') => {
                found
                    .left_out
                    .push((here, "a command in backticks: what it prints has to be a variable of the project"));
                push(&mut word, here, "`");
            }
            (None, '#') if word.is_none() => while rest.next_if(|next| *next != '\n').is_some() {},
            (None, ';' | '|' | '&' | '>' | '<' | '\n') => {
                found.words.extend(word.take());
                let more: String = rest.clone().collect();
                if character == '\n' && more.trim().is_empty() || found.words.is_empty() {
                    continue;
                }
                if !more.trim().is_empty() {
                    found.left_out.push((here, "what comes after the first command: give each curl line by itself"));
                }
                return found;
            }
            (None, space) if space.is_whitespace() => found.words.extend(word.take()),
            (_, other) => push(&mut word, here, &other.to_string()),
        }
    }
    if quote.is_some() {
        found.left_out.push((line, "a quotation that does not end"));
    }
    found.words.extend(word);
    found
}

fn push(word: &mut Option<(usize, String)>, line: usize, text: &str) {
    word.get_or_insert_with(|| (line, String::new())).1.push_str(text);
}

/// `$NAME` or `${NAME}`, without the dollar.
fn variable(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let braces = rest.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(character) = rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
        name.push(character);
    }
    if braces {
        while rest.next_if(|next| *next != '}').is_some() {}
        rest.next();
    }
    if name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        mark(&name)
    } else {
        format!("${name}")
    }
}

/// The inside of `$'..'`, with the escapes of C.
fn escaped(rest: &mut impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    while let Some(character) = rest.next() {
        match character {
            '\'' => break,
            '\\' => match rest.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('u') => {
                    let digits: String = rest.by_ref().take(4).collect();
                    out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                }
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::text::shown;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let words = |text: &str| split(text).words.into_iter().map(|(_, word)| shown(&word)).collect::<Vec<_>>();
        assert_eq!(
            words(r#"curl -H 'a: "b"' "c \"d\" \x" e\ f $'g\n\u0041'"#),
            ["curl", "-H", "a: \"b\"", "c \"d\" \\x", "e f", "g\nA"]
        );
        assert_eq!(
            words("curl \\\n  -H \"a: $TOKEN\" ${HOST}/x '$no' ''"),
            ["curl", "-H", "a: {{TOKEN}}", "{{HOST}}/x", "$no", ""]
        );
        let two = split("curl http://a | jq .\n");
        assert_eq!((two.words.len(), two.left_out.len()), (2, 1));
        assert_eq!(split("curl a $(date) `id` 'x").left_out.len(), 4, "each backtick is one");
    }
}
