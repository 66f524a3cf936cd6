//! Reads the tokens of a statement one after the other: names, lists, columns. What they mean is `effect`'s.

use crate::lexer::{Token, TokenKind};
use crate::split::Statement;

/// What belongs to tables and is no column, where a column could stand.
const NO_COLUMN: &[&str] = &[
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "FOREIGN",
    "CHECK",
    "KEY",
    "INDEX",
    "FULLTEXT",
    "SPATIAL",
    "EXCLUDE",
    "LIKE",
    "PERIOD",
    "PARTITION",
    "SYSTEM",
    "DEFAULT",
    "EXPRESSION",
    "IDENTITY",
];

/// A place among the tokens of a statement.
pub(super) struct Cursor<'a> {
    pub(super) statement: &'a Statement,
    pub(super) at: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> Option<Token> {
        self.statement.tokens.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| {
            token.kind == TokenKind::Word && self.statement.text_of(&token).eq_ignore_ascii_case(word)
        })
    }

    /// Goes past these words, if they are next.
    pub(super) fn skip(&mut self, words: &[&str]) -> bool {
        let begun = self.at;
        for word in words {
            if !self.is(word) {
                self.at = begun;
                return false;
            }
            self.at += 1;
        }
        true
    }

    /// Goes past any of these words, as often as they come.
    pub(super) fn skip_any(&mut self, words: &[&str]) {
        while words.iter().any(|word| self.is(word)) {
            self.at += 1;
        }
    }

    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Symbol && self.statement.text_of(&token) == symbol);
        self.at += usize::from(found);
        found
    }

    /// A name with the schema it may have, without quotes.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let token = self.peek().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))?;
            self.at += 1;
            name.push_str(&self.bare(token));
            if !self.symbol(".") {
                return Some(name);
            }
            name.push('.');
        }
    }

    /// Names with commas between them.
    pub(super) fn names(&mut self) -> Vec<String> {
        let mut names: Vec<String> = self.name().into_iter().collect();
        while self.symbol(",") {
            self.skip(&["ONLY"]);
            names.extend(self.name());
        }
        names
    }

    /// The column that comes after ADD, DROP and their like; none when they are about something else.
    pub(super) fn column(&mut self) -> Option<String> {
        let said = self.skip(&["COLUMN"]);
        if !self.skip(&["IF", "NOT", "EXISTS"]) {
            self.skip(&["IF", "EXISTS"]);
        }
        if !said && NO_COLUMN.iter().any(|word| self.is(word)) {
            return None;
        }
        let token = self.peek().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))?;
        self.at += 1;
        Some(self.bare(token))
    }

    /// The columns of a list in parentheses that was just opened; goes past its end.
    pub(super) fn columns(&mut self) -> Vec<String> {
        let mut columns: Vec<String> = self.column().into_iter().collect();
        while self.past_comma() {
            columns.extend(self.column());
        }
        self.symbol(")");
        columns
    }

    /// Goes past the next comma of this level, or to the end of the level.
    pub(super) fn past_comma(&mut self) -> bool {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            match self.statement.text_of(&token) {
                "(" => depth += 1,
                ")" if depth == 0 => return false,
                ")" => depth -= 1,
                "," if depth == 0 => {
                    self.at += 1;
                    return true;
                }
                _ => {}
            }
            self.at += 1;
        }
        false
    }

    fn bare(&self, token: Token) -> String {
        let text = self.statement.text_of(&token);
        match (token.kind, text.chars().next()) {
            (TokenKind::Quoted, Some('[')) => text[1..text.len() - 1].to_owned(),
            (TokenKind::Quoted, Some(quote)) => {
                let (inner, doubled) = (&text[1..text.len() - 1], format!("{quote}{quote}"));
                inner.replace(&doubled, &quote.to_string())
            }
            _ => text.to_owned(),
        }
    }
}
