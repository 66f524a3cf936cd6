//! The bare words of a statement of MySQL, without what is in its literals and comments. What they may be is `query`'s.

/// In which quotes a backslash keeps the next letter from ending them; the server's settings decide, and nobody asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Escapes {
    single: bool,
    double: bool,
}

/// All ways in which a server may read the quotes.
pub(super) const ESCAPES: [Escapes; 3] = [
    Escapes { single: true, double: true },
    Escapes { single: true, double: false },
    Escapes { single: false, double: false },
];

/// The words outside of literals, quoted names and comments, in upper case. None when a comment is one that the server runs.
pub(super) fn words(sql: &str, escapes: Escapes) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' || letter == '$' {
            word.extend(letter.to_uppercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        match letter {
            '\'' | '"' | '`' => skip_quoted(&mut letters, letter, escapes),
            '#' => letters.by_ref().take_while(|letter| *letter != '\n').for_each(drop),
            '-' if letters.peek() == Some(&'-') => {
                letters.next();
                // Without a space behind, it is twice a minus.
                if letters.peek().is_none_or(|next| next.is_whitespace() || next.is_control()) {
                    letters.by_ref().take_while(|letter| *letter != '\n').for_each(drop);
                }
            }
            '/' if letters.next_if_eq(&'*').is_some() => skip_comment(&mut letters)?,
            _ => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

fn skip_quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, quote: char, escapes: Escapes) {
    let escaped = (quote == '\'' && escapes.single) || (quote == '"' && escapes.double);
    while let Some(letter) = letters.next() {
        if escaped && letter == '\\' {
            letters.next();
        } else if letter == quote && letters.next_if_eq(&quote).is_none() {
            return;
        }
    }
}

/// `/*! .. */` and `/*M! .. */` are comments to everybody but the server.
fn skip_comment(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    let mut before = letters.next()?;
    if before == '!' || (before == 'M' && letters.peek() == Some(&'!')) {
        return None;
    }
    for letter in letters.by_ref() {
        if before == '*' && letter == '/' {
            break;
        }
        before = letter;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Option<String> {
        words(sql, ESCAPES[0]).map(|words| words.join(" "))
    }

    #[test]
    fn literals_names_and_comments_have_no_words() {
        assert_eq!(of("select 'into outfile', `into`, \"a\" from t -- into\n").as_deref(), Some("SELECT FROM T"));
        assert_eq!(of("select 1 into/**/outfile '/tmp/x'").as_deref(), Some("SELECT 1 INTO OUTFILE"));
        assert_eq!(of("select 1--into outfile").as_deref(), Some("SELECT 1 INTO OUTFILE"));
        assert_eq!(of("select 'it''s' # into outfile").as_deref(), Some("SELECT"));
        assert_eq!(of("select 1 /* a * b **/ x").as_deref(), Some("SELECT 1 X"));
    }

    #[test]
    fn comments_that_the_server_runs_are_none() {
        assert_eq!(of("SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */"), None);
        assert_eq!(of("SELECT 1 /*M!100100 INTO OUTFILE '/tmp/x' */"), None);
        assert_eq!(of("SELECT 1 /* ! */").as_deref(), Some("SELECT 1"));
    }

    #[test]
    fn a_backslash_ends_a_literal_or_does_not() {
        let sql = r"SELECT '\' INTO OUTFILE '/tmp/x', '";
        let read: Vec<usize> =
            ESCAPES.iter().map(|escapes| words(sql, *escapes).map_or(0, |words| words.len())).collect();
        assert_eq!(read, [3, 3, 3]);
        let sql = r"SELECT 'a\' INTO OUTFILE '/tmp/x' -- '";
        let found = |escapes| words(sql, escapes).is_some_and(|words| words.contains(&"OUTFILE".to_owned()));
        assert_eq!(ESCAPES.map(found), [false, false, true]);
    }
}
