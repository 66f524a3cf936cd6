//! Walks over a statement's tokens: keywords, names, parentheses, lists. What they mean together is left to the others here.

use plimsoll_core::db::Engine;

use super::quoting::{cut, string, unquote};
use crate::lexer::{Token, TokenKind};
use crate::operation::{Name, Span};

/// What is left to read. A copy is a place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) engine: Engine,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
}

impl<'a> Cursor<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(super) fn piece(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.text[token.start..token.end])
    }

    /// Whether the token at a distance is this keyword.
    pub(super) fn is_at(&self, at: usize, word: &str) -> bool {
        self.kind(at) == Some(TokenKind::Word) && self.piece(at).eq_ignore_ascii_case(word)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.is_at(0, word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind(0) == Some(TokenKind::Symbol) && self.piece(0) == symbol
    }

    pub(super) fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// Steps over a keyword, if it is the next.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        self.eat_all(&[word])
    }

    /// Steps over keywords, if all of them follow.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let all = words.iter().enumerate().all(|(at, word)| self.is_at(at, word));
        if all {
            self.advance(words.len());
        }
        all
    }

    /// Steps over as many of these keywords as follow, in any order.
    pub(super) fn eat_many(&mut self, words: &[&str]) {
        while self.is_any(words) {
            self.advance(1);
        }
    }

    pub(super) fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance(1);
        }
        found
    }

    /// What is assigned by `=` or `:=`. The sign may be one token with that of the value: `=-1`, `=@@sql_mode`.
    pub(super) fn assigned(&mut self) -> Option<String> {
        if self.kind(0) != Some(TokenKind::Symbol) {
            return None;
        }
        let piece = self.piece(0);
        let sign = piece.strip_prefix(':').unwrap_or(piece).strip_prefix('=')?;
        self.advance(1);
        let rest = self.take(|_| false).collapsed();
        (!sign.is_empty() || !rest.is_empty()).then(|| format!("{sign}{rest}"))
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.eat_all(&["IF", "EXISTS"])
    }

    pub(super) fn if_not_exists(&mut self) -> bool {
        self.eat_all(&["IF", "NOT", "EXISTS"])
    }

    /// `CASCADE` or `RESTRICT` or neither; whether it cascades.
    pub(super) fn cascade(&mut self) -> bool {
        let cascade = self.eat("CASCADE");
        if !cascade {
            self.eat("RESTRICT");
        }
        cascade
    }

    /// The next keyword in upper case; empty for anything else.
    pub(super) fn keyword(&self) -> String {
        match self.kind(0) {
            Some(TokenKind::Word) => self.piece(0).to_ascii_uppercase(),
            _ => String::new(),
        }
    }

    /// The next token's text as it is written, whatever it is.
    pub(super) fn any(&mut self) -> Option<&'a str> {
        let piece = (!self.is_empty()).then(|| self.piece(0));
        self.advance(1);
        piece
    }

    /// A name without a schema.
    pub(super) fn identifier(&mut self) -> Option<String> {
        let piece = self.piece(0);
        let name = match self.kind(0)? {
            TokenKind::Word => match self.engine {
                Engine::Postgres => piece.to_ascii_lowercase(),
                Engine::Sqlite | Engine::Mysql => piece.to_owned(),
            },
            TokenKind::Quoted => unquote(piece),
            // SQLite takes strings for names where only a name can stand, and so does MySQL with `ANSI_QUOTES`.
            TokenKind::Literal if self.engine == Engine::Sqlite && piece.starts_with('\'') => unquote(piece),
            TokenKind::Literal if self.engine == Engine::Mysql && piece.starts_with('"') => unquote(piece),
            _ => return None,
        };
        let bare = self.kind(0) == Some(TokenKind::Word);
        let number = match self.engine {
            Engine::Mysql => name.bytes().all(|byte| byte.is_ascii_digit()),
            Engine::Postgres | Engine::Sqlite => name.starts_with(|c: char| c.is_ascii_digit()),
        };
        if bare && (number || name.starts_with('$')) {
            return None;
        }
        self.advance(1);
        Some(match self.engine {
            Engine::Postgres => cut(name),
            Engine::Sqlite | Engine::Mysql => name,
        })
    }

    /// A name, with its schema if it is there. A third part, the database on PostgreSQL, can only be the current one.
    pub(super) fn name(&mut self) -> Option<Name> {
        let start = *self;
        let mut parts = vec![self.identifier()?];
        while self.is_symbol(".") {
            self.advance(1);
            parts.push(self.identifier()?);
        }
        let name = parts.pop()?;
        Some(Name { schema: parts.pop(), name, span: self.span_since(&start) })
    }

    /// Names with commas between them.
    pub(super) fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.eat_symbol(",") {
            names.push(self.name()?);
        }
        Some(names)
    }

    /// The value of a string.
    pub(super) fn literal(&mut self) -> Option<String> {
        (self.kind(0) == Some(TokenKind::Literal)).then(|| string(self.engine, self.any().unwrap_or_default()))
    }

    /// What stands between parentheses that open here.
    pub(super) fn parens(&mut self) -> Option<Self> {
        if !self.is_symbol("(") {
            return None;
        }
        let length = self.group();
        if length < 2 || self.piece(length - 1) != ")" {
            return None;
        }
        let inner = Self { tokens: &self.tokens[1..length - 1], ..*self };
        self.advance(length);
        Some(inner)
    }

    /// The pieces between commas, nested commas aside. Nothing is one piece less than one comma.
    pub(super) fn commas(mut self) -> Vec<Self> {
        let mut pieces = Vec::new();
        while !self.is_empty() {
            pieces.push(self.take(|cursor| cursor.is_symbol(",")));
            self.advance(1);
        }
        pieces
    }

    /// Everything before the first of these keywords outside of parentheses and of `CASE`; all of it if none follows.
    pub(super) fn take_until(&mut self, words: &[&str]) -> Self {
        self.take(|cursor| cursor.is_any(words))
    }

    /// Whether a keyword stands outside of parentheses.
    pub(super) fn has(mut self, words: &[&str]) -> bool {
        self.take_until(words);
        !self.is_empty()
    }

    /// Steps over a token, or over all of what it opens.
    pub(super) fn skip(&mut self) {
        self.advance(self.group());
    }

    /// From a place before to here.
    pub(super) fn span_since(&self, start: &Self) -> Span {
        Self { tokens: &start.tokens[..start.tokens.len() - self.tokens.len()], ..*self }.span()
    }

    pub(super) fn span(&self) -> Span {
        let (first, last) = (self.tokens.first(), self.tokens.last());
        Span { start: first.map_or(0, |token| token.start), end: last.map_or(0, |token| token.end) }
    }

    /// All of it, without comments and with single spaces where there is any.
    pub(super) fn collapsed(&self) -> String {
        let mut text = String::new();
        let mut end = None;
        for (at, token) in self.tokens.iter().enumerate() {
            if end.is_some_and(|end| end != token.start) {
                text.push(' ');
            }
            text.push_str(self.piece(at));
            end = Some(token.end);
        }
        text
    }

    pub(super) fn collapsed_if_any(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.collapsed())
    }

    /// A type: in lower case, with spaces between words only.
    pub(super) fn type_text(&self) -> String {
        let mut text = String::new();
        let mut wordy_before = false;
        for (at, token) in self.tokens.iter().enumerate() {
            let wordy = token.kind != TokenKind::Symbol;
            if wordy && (wordy_before || text.ends_with([')', ']'])) {
                text.push(' ');
            }
            match token.kind {
                TokenKind::Word => text.push_str(&self.piece(at).to_ascii_lowercase()),
                _ => text.push_str(self.piece(at)),
            }
            wordy_before = wordy;
        }
        text
    }

    fn advance(&mut self, count: usize) {
        self.tokens = &self.tokens[count.min(self.tokens.len())..];
    }

    fn take(&mut self, ends: impl Fn(&Self) -> bool) -> Self {
        let start = *self;
        while !self.is_empty() && !ends(self) {
            self.skip();
        }
        Self { tokens: &start.tokens[..start.tokens.len() - self.tokens.len()], ..start }
    }

    /// How many tokens the next one is together with what it opens.
    fn group(&self) -> usize {
        let mut open = Vec::new();
        for at in 0..self.tokens.len() {
            let piece = self.piece(at);
            match piece {
                "(" => open.push(")"),
                "[" => open.push("]"),
                _ if self.is_at(at, "CASE") => open.push("END"),
                _ if open.last().is_some_and(|end| piece.eq_ignore_ascii_case(end)) => drop(open.pop()),
                _ => {}
            }
            if open.is_empty() {
                return at + 1;
            }
        }
        self.tokens.len()
    }
}
