//! Cuts SQL text into tokens by each engine's own rules for quotes and comments. Where statements end is `split`'s.

use plimsoll_core::db::Engine;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A bare word: keyword, identifier, number or parameter.
    Word,
    /// A quoted identifier.
    Quoted,
    /// A string, also dollar-quoted.
    Literal,
    /// Operators and punctuation.
    Symbol,
    /// The end of a statement as far as the characters go.
    Separator,
    /// White space and comments, which carry no meaning.
    Blank,
    /// MySQL's `/*! .. */` and `/*+ .. */`, which do.
    Executable,
    /// A backslash outside of literals: the start of a command of psql.
    Meta,
}

/// A piece of the text, by byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Something that begins and never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unterminated {
    pub(crate) what: &'static str,
    pub(crate) start: usize,
}

/// Reads tokens one by one, so that whoever reads can stop before what is no SQL.
pub(crate) struct Lexer<'a> {
    engine: Engine,
    text: &'a str,
    at: usize,
    delimiter: &'a str,
    /// Whether a backslash in a string escapes what follows, as the session is set.
    backslashes: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(engine: Engine, text: &'a str) -> Self {
        Self { engine, text, at: 0, delimiter: ";", backslashes: engine == Engine::Mysql }
    }

    /// The rest of the current line, which is skipped.
    pub(crate) fn rest_of_line(&mut self) -> &'a str {
        let rest = self.rest();
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        self.at += line.len();
        line.trim()
    }

    /// What ends statements from here on.
    pub(crate) fn set_delimiter(&mut self, delimiter: &'a str) {
        self.delimiter = delimiter;
    }

    /// Whether backslashes escape in strings from here on.
    pub(crate) fn set_backslashes(&mut self, backslashes: bool) {
        self.backslashes = backslashes;
    }

    /// The next token, none at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Token>, Unterminated> {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let kind = if self.rest().starts_with(self.delimiter) {
            self.at += self.delimiter.len();
            TokenKind::Separator
        } else if first.is_whitespace() {
            self.at += self.rest().find(|c: char| !c.is_whitespace()).unwrap_or(self.rest().len());
            TokenKind::Blank
        } else if self.line_comment() {
            self.rest_of_line();
            TokenKind::Blank
        } else if self.rest().starts_with("/*") {
            self.block_comment()?
        } else {
            self.meaningful(first)?
        };
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn line_comment(&self) -> bool {
        let rest = self.rest();
        match self.engine {
            // MySQL reads `5--1` as a subtraction.
            Engine::Mysql => {
                rest.starts_with('#')
                    || (rest.starts_with("--")
                        && rest[2..].chars().next().is_none_or(|c| c.is_whitespace() || c.is_control()))
            }
            Engine::Postgres | Engine::Sqlite => rest.starts_with("--"),
        }
    }

    fn block_comment(&mut self) -> Result<TokenKind, Unterminated> {
        let start = self.at;
        let unterminated = Unterminated { what: "comment", start };
        let mysql = self.engine == Engine::Mysql;
        let meaningful = mysql && ["/*!", "/*+", "/*M!"].iter().any(|opening| self.rest().starts_with(opening));
        self.at += 2;
        let mut depth = 1;
        while depth > 0 {
            let rest = self.rest();
            let Some(next) = rest.find(['*', '/', '\'', '"', '`']) else { return Err(unterminated) };
            self.at += next;
            let rest = self.rest();
            if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else if self.engine == Engine::Postgres && rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if meaningful && rest.starts_with(['\'', '"', '`']) {
                // What is executed may quote the end of a comment.
                let quote = rest.as_bytes()[0];
                self.quoted(quote, quote != b'`' && self.backslashes, "string")?;
            } else {
                self.at += 1;
            }
        }
        Ok(if meaningful { TokenKind::Executable } else { TokenKind::Blank })
    }

    fn meaningful(&mut self, first: char) -> Result<TokenKind, Unterminated> {
        match (first, self.engine) {
            ('\'', _) => self.quoted(b'\'', self.backslashes, "string").map(|()| TokenKind::Literal),
            ('"', Engine::Mysql) => self.quoted(b'"', self.backslashes, "string").map(|()| TokenKind::Literal),
            ('"', _) => self.quoted(b'"', false, "quoted identifier").map(|()| TokenKind::Quoted),
            ('`', Engine::Mysql | Engine::Sqlite) => {
                self.quoted(b'`', false, "quoted identifier").map(|()| TokenKind::Quoted)
            }
            ('[', Engine::Sqlite) => {
                let end = self.rest().find(']').ok_or(Unterminated { what: "quoted identifier", start: self.at })?;
                self.at += end + 1;
                Ok(TokenKind::Quoted)
            }
            ('$', Engine::Postgres) => self.dollar(),
            ('\\', Engine::Postgres) => {
                self.at += 1;
                Ok(TokenKind::Meta)
            }
            _ if is_word(first) => self.word(),
            _ => {
                self.symbol(first);
                Ok(TokenKind::Symbol)
            }
        }
    }

    /// From an opening quote past the closing one; doubled quotes stand for themselves.
    fn quoted(&mut self, quote: u8, backslashes: bool, what: &'static str) -> Result<(), Unterminated> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(&byte) = bytes.get(at) {
            let doubled = byte == quote && bytes.get(at + 1) == Some(&quote);
            if doubled || (backslashes && byte == b'\\') {
                at += 2;
            } else if byte == quote {
                self.at = at + 1;
                return Ok(());
            } else {
                at += 1;
            }
        }
        Err(Unterminated { what, start })
    }

    /// `$tag$ .. $tag$`, or a parameter like `$1`.
    fn dollar(&mut self) -> Result<TokenKind, Unterminated> {
        let rest = self.rest();
        let tag = rest[1..].find('$').map(|end| &rest[..end + 2]).filter(|tag| {
            let inner = &tag[1..tag.len() - 1];
            inner.chars().all(|c| is_word(c) && c != '$') && !inner.starts_with(|c: char| c.is_ascii_digit())
        });
        let Some(tag) = tag else {
            self.at += 1;
            return self.word();
        };
        let body = &rest[tag.len()..];
        let end = body.find(tag).ok_or(Unterminated { what: "dollar-quoted string", start: self.at })?;
        self.at += tag.len() + end + tag.len();
        Ok(TokenKind::Literal)
    }

    fn word(&mut self) -> Result<TokenKind, Unterminated> {
        let rest = self.rest();
        let number = rest.starts_with(|c: char| c.is_ascii_digit());
        let mut length = 0;
        for (index, c) in rest.char_indices() {
            let exponent =
                number && matches!(c, '+' | '-') && rest[..index].ends_with(['e', 'E']) && !rest.starts_with("0x");
            let goes_on = is_word(c) || (number && c == '.') || exponent;
            // A client's delimiter may begin inside what would be a word: `END$$`.
            let delimited = self.delimiter != ";" && rest[index..].starts_with(self.delimiter);
            if !goes_on || delimited {
                break;
            }
            length = index + c.len_utf8();
        }
        let word = &rest[..length];
        self.at += length;
        // `E'..'`, `B'..'`, `X'..'`, `N'..'` and `U&'..'` are one literal; only E has backslashes on PostgreSQL.
        if self.rest().starts_with('\'') && matches!(word, "e" | "E" | "b" | "B" | "x" | "X" | "n" | "N") {
            let backslashes = match self.engine {
                Engine::Postgres => word.eq_ignore_ascii_case("e") || self.backslashes,
                Engine::Mysql | Engine::Sqlite => self.backslashes,
            };
            self.quoted(b'\'', backslashes, "string")?;
            return Ok(TokenKind::Literal);
        }
        Ok(TokenKind::Word)
    }

    fn symbol(&mut self, first: char) {
        self.at += first.len_utf8();
        if !is_operator(first) {
            return;
        }
        while let Some(next) = self.rest().chars().next() {
            let comment = self.line_comment() || self.rest().starts_with("/*");
            if !is_operator(next) || comment || self.rest().starts_with(self.delimiter) {
                break;
            }
            self.at += next.len_utf8();
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || (!c.is_ascii() && !c.is_whitespace())
}

fn is_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|?:".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(engine: Engine, text: &str) -> Vec<&str> {
        let mut lexer = Lexer::new(engine, text);
        let mut found = Vec::new();
        while let Some(token) = lexer.next().expect("terminated") {
            if token.kind != TokenKind::Blank {
                found.push(&text[token.start..token.end]);
            }
        }
        found
    }

    #[test]
    fn dollar_quotes_hold_anything_and_parameters_are_words() {
        assert_eq!(tokens(Engine::Postgres, "$ä$ ;'$$ $ä$ $1"), ["$ä$ ;'$$ $ä$", "$1"]);
        assert_eq!(tokens(Engine::Postgres, "a$b$c"), ["a$b$c"]);
    }

    #[test]
    fn backslashes_escape_where_the_engine_says_so() {
        assert_eq!(tokens(Engine::Postgres, r"E'\';' '\' x"), [r"E'\';'", r"'\'", "x"]);
        assert_eq!(tokens(Engine::Mysql, r"'\';' x"), [r"'\';'", "x"]);
        assert_eq!(tokens(Engine::Sqlite, r"'\' x"), [r"'\'", "x"]);
    }

    #[test]
    fn comments_nest_on_postgres_only() {
        assert_eq!(tokens(Engine::Postgres, "/* /* ; */ ; */ x"), ["x"]);
        assert_eq!(tokens(Engine::Mysql, "/* /* ; */ x"), ["x"]);
    }

    #[test]
    fn mysql_comments_need_a_space_and_executable_ones_are_kept() {
        assert_eq!(tokens(Engine::Mysql, "5--1 -- c\n# c\n/*!80000 x '*/' */"), ["5", "--", "1", "/*!80000 x '*/' */"]);
    }

    #[test]
    fn what_never_ends_is_named_with_its_start() {
        let mut lexer = Lexer::new(Engine::Sqlite, "x 'abc");
        while let Ok(Some(_)) = lexer.next() {}
        assert_eq!(lexer.next(), Err(Unterminated { what: "string", start: 2 }));
    }
}
