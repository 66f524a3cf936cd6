//! SQL text as the engine kept it, brought into one form: no comments, one kind of space, one kind of quotes. What is in the
//! text is the readers'.

use plimsoll_core::db::Engine;

use crate::lexer::{Lexer, TokenKind};

/// A token that carries meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Whether it is a bare word.
    pub(super) word: bool,
    /// Its text: on SQLite words and quoted names in lower case, which is how it compares them.
    pub(super) text: String,
}

impl Piece {
    /// Whether it is this keyword, which is given in lower case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this symbol.
    pub(super) fn symbol(&self, symbol: &str) -> bool {
        !self.word && self.text == symbol
    }
}

/// The pieces of a text. What ends in the middle of a literal, which no engine keeps, is one piece.
pub(super) fn pieces(engine: Engine, text: &str) -> Vec<Piece> {
    let mut lexer = Lexer::new(engine, text);
    let mut pieces = Vec::new();
    loop {
        let token = match lexer.next() {
            Ok(Some(token)) => token,
            Ok(None) => return pieces,
            Err(open) => {
                pieces.push(Piece { word: false, text: text[open.start..].to_owned() });
                return pieces;
            }
        };
        let written = &text[token.start..token.end];
        let piece = match (token.kind, engine) {
            (TokenKind::Blank, _) => continue,
            (TokenKind::Word, Engine::Sqlite) => Piece { word: true, text: written.to_lowercase() },
            (TokenKind::Word, _) => Piece { word: true, text: written.to_owned() },
            (TokenKind::Quoted, Engine::Sqlite) => Piece { word: false, text: name(written) },
            _ => Piece { word: false, text: written.to_owned() },
        };
        pieces.push(piece);
    }
}

/// The text of pieces, with spaces where people expect them.
pub(super) fn joined(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let tight = [",", ")", ".", ";"].iter().any(|symbol| piece.symbol(symbol));
        let after = index.checked_sub(1).map(|before| &pieces[before]);
        let opened = after.is_none_or(|before| before.symbol("(") || before.symbol("."));
        let called = piece.symbol("(") && after.is_some_and(|before| before.word);
        if !(tight || opened || called) {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    text
}

/// A text in its one form.
pub(super) fn normalized(engine: Engine, text: &str) -> String {
    joined(&pieces(engine, text))
}

/// A quoted name of SQLite without its quotes, unless it could not be read without them.
fn name(quoted: &str) -> String {
    let inner = &quoted[1..quoted.len() - 1];
    let simple = inner.chars().all(|c| c.is_alphanumeric() || c == '_') && !inner.starts_with(|c: char| c.is_numeric());
    if simple && !inner.is_empty() {
        return inner.to_lowercase();
    }
    let close = if quoted.starts_with('[') { String::new() } else { quoted[..1].to_owned() };
    let inner = if close.is_empty() { inner.to_owned() } else { inner.replace(&close.repeat(2), &close) };
    format!("\"{}\"", inner.to_lowercase().replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_comments_and_quotes_make_no_difference_on_sqlite() {
        let one = "CREATE VIEW \"Seen\" AS -- why\n SELECT  [id],`name` FROM Users WHERE name<>'A  b'";
        let other = "create view seen as select id, name from \"users\" where name <> 'A  b'";
        assert_eq!(normalized(Engine::Sqlite, one), normalized(Engine::Sqlite, other));
        assert_eq!(
            normalized(Engine::Sqlite, other),
            "create view seen as select id, name from users where name <> 'A  b'"
        );
        assert_ne!(normalized(Engine::Sqlite, "'a'"), normalized(Engine::Sqlite, "'A'"));
        assert_eq!(normalized(Engine::Sqlite, "[a \"b]"), normalized(Engine::Sqlite, "\"a \"\"b\""));
    }

    #[test]
    fn bodies_of_mysql_keep_their_words_as_they_are() {
        assert_eq!(normalized(Engine::Mysql, "SET  NEW.a = `b` # x\n+ 1"), "SET NEW.a = `b` + 1");
    }
}
