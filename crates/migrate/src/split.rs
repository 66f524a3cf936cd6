//! Splits a migration's text into statements with their places. What a statement does is `classify`'s.

use std::path::Path;

use plimsoll_core::Location;
use plimsoll_core::db::Engine;

use crate::error::{Problem, ProblemKind};
use crate::lexer::{Lexer, Token, TokenKind};

/// One statement of a file, without the comments around it and without its end mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text.
    pub text: String,
    /// Where the text begins, in bytes of the file.
    pub offset: usize,
    /// The tokens that carry meaning, by offsets in `text`.
    pub(crate) tokens: Vec<Token>,
}

impl Statement {
    /// The bare words in upper case, in order: keywords and unquoted names, those in `/*! .. */` among them.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for token in &self.tokens {
            match token.kind {
                TokenKind::Word => words.push(self.text_of(token).to_ascii_uppercase()),
                TokenKind::Executable => {
                    let inner = self.text_of(token).split(|c: char| !c.is_alphanumeric() && c != '_');
                    // The first is the version that the comment is meant for.
                    words.extend(
                        inner.filter(|word| word.starts_with(char::is_alphabetic)).map(str::to_ascii_uppercase),
                    );
                }
                _ => {}
            }
        }
        words
    }

    pub(crate) fn text_of(&self, token: &Token) -> &str {
        &self.text[token.start..token.end]
    }
}

/// Splits text as the engine's own client would: bodies of triggers and functions stay whole, MySQL's `DELIMITER` lines are
/// obeyed, the `\restrict` lines of pg_dump are dropped.
///
/// # Errors
/// A [`Problem`] with its place for text that ends inside a literal or comment, holds a NUL character, a command of psql, or
/// data for `COPY .. FROM stdin`, which only psql could feed.
pub fn split(engine: Engine, file: &Path, text: &str) -> Result<Vec<Statement>, Problem> {
    let problem = |offset: usize, message: String| {
        Problem::new(ProblemKind::Sql, message).at(Location::of_offset(file, text, offset))
    };
    if let Some(offset) = text.find('\0') {
        return Err(problem(offset, "a NUL character, which no engine accepts in SQL".to_owned()));
    }
    let mut lexer = Lexer::new(engine, text);
    let mut statements = Vec::new();
    let mut pending = Pending::new(engine);
    loop {
        let token =
            lexer.next().map_err(|open| problem(open.start, format!("a {} that is never closed", open.what)))?;
        let Some(token) = token else { break };
        let piece = &text[token.start..token.end];
        match token.kind {
            TokenKind::Blank => {}
            TokenKind::Meta => {
                let command = lexer.rest_of_line().split_whitespace().next().unwrap_or_default();
                if !matches!(command, "restrict" | "unrestrict") || !pending.tokens.is_empty() {
                    return Err(problem(
                        token.start,
                        format!("`\\{command}` is a command of psql, not SQL: take the line out"),
                    ));
                }
            }
            TokenKind::Word if is_delimiter_line(engine, &pending, text, token) => {
                let delimiter = lexer.rest_of_line();
                if delimiter.is_empty() {
                    return Err(problem(token.start, "`DELIMITER` without a delimiter".to_owned()));
                }
                lexer.set_delimiter(delimiter);
            }
            TokenKind::Separator if pending.ends_here(piece) => {
                if pending.is_copy_from_stdin() {
                    let message = "`COPY .. FROM stdin` needs psql to feed its data: use INSERT (`pg_dump --inserts`)";
                    return Err(problem(pending.tokens[0].start, message.to_owned()));
                }
                let statement = pending.take(text);
                if let Some(backslashes) = statement.as_ref().and_then(|done| sets_backslashes(engine, done)) {
                    lexer.set_backslashes(backslashes);
                }
                statements.extend(statement);
            }
            _ => pending.push(token, piece),
        }
    }
    statements.extend(pending.take(text));
    Ok(statements)
}

/// A statement that has begun.
struct Pending {
    engine: Engine,
    tokens: Vec<Token>,
    /// The meaningful pieces in upper case, for looking back; literals and quoted names are blanked.
    words: Vec<String>,
    /// Open parentheses.
    parentheses: usize,
    /// Open BEGIN and CASE.
    blocks: usize,
}

impl Pending {
    fn new(engine: Engine) -> Self {
        Self { engine, tokens: Vec::new(), words: Vec::new(), parentheses: 0, blocks: 0 }
    }

    fn push(&mut self, token: Token, piece: &str) {
        let word = match token.kind {
            TokenKind::Word | TokenKind::Symbol | TokenKind::Separator => piece.to_ascii_uppercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ => self.count_blocks(&word),
        }
        self.tokens.push(token);
        self.words.push(word);
    }

    /// Counts what opens and closes blocks inside of bodies. `END IF` and its like close what was not counted.
    fn count_blocks(&mut self, word: &str) {
        let previous = self.words.last().map_or("", String::as_str);
        if previous == "." {
            return;
        }
        match (self.engine, word) {
            (Engine::Postgres, "ATOMIC") if previous == "BEGIN" => self.blocks += 1,
            (Engine::Postgres, "CASE") if self.blocks > 0 => self.blocks += 1,
            (Engine::Postgres, "END") => self.blocks = self.blocks.saturating_sub(1),
            (Engine::Mysql, "BEGIN") if self.is_routine() => self.blocks += 1,
            (Engine::Mysql, "ATOMIC") if self.words == ["BEGIN", "NOT"] => self.blocks += 1,
            (Engine::Mysql, "CASE") if self.is_routine() && previous != "END" => self.blocks += 1,
            (Engine::Mysql, "IF" | "LOOP" | "WHILE" | "REPEAT" | "FOR") if previous == "END" && self.is_routine() => {
                self.blocks += 1;
            }
            (Engine::Mysql, "END") => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether a separator ends the statement, rather than one inside of its body.
    fn ends_here(&self, separator: &str) -> bool {
        match self.engine {
            // The rule of `sqlite3_complete`: a trigger ends at `; END ;`.
            Engine::Sqlite => {
                let ended = matches!(self.words.as_slice(), [.., semicolon, end] if semicolon == ";" && end == "END");
                ended || !self.is_trigger()
            }
            Engine::Postgres => self.parentheses == 0 && self.blocks == 0,
            Engine::Mysql => separator != ";" || self.blocks == 0,
        }
    }

    fn is_trigger(&self) -> bool {
        let mut words =
            self.words.iter().map(String::as_str).skip_while(|word| matches!(*word, "EXPLAIN" | "QUERY" | "PLAN"));
        words.next() == Some("CREATE") && words.find(|word| !matches!(*word, "TEMP" | "TEMPORARY")) == Some("TRIGGER")
    }

    fn is_routine(&self) -> bool {
        let kinds = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"];
        let block = self.words.len() > 1 && self.words[..2] == ["BEGIN", "NOT"];
        // The definer may be quoted and have a host: the kind comes within the first dozen tokens.
        let routine = self.words.first().is_some_and(|word| word == "CREATE")
            && self.words.iter().take(12).any(|word| kinds.contains(&word.as_str()));
        block || routine
    }

    fn is_copy_from_stdin(&self) -> bool {
        self.engine == Engine::Postgres
            && self.words.first().is_some_and(|word| word == "COPY")
            && self.words.windows(2).any(|pair| pair == ["FROM", "STDIN"])
    }

    fn take(&mut self, text: &str) -> Option<Statement> {
        let done = std::mem::replace(self, Self::new(self.engine));
        let (offset, end) = (done.tokens.first()?.start, done.tokens.last()?.end);
        let relative = |token: Token| Token { start: token.start - offset, end: token.end - offset, ..token };
        Some(Statement {
            text: text[offset..end].to_owned(),
            offset,
            tokens: done.tokens.into_iter().map(relative).collect(),
        })
    }
}

/// Whether backslashes escape after a statement that decides about it. What the server's own setting says is not known here.
fn sets_backslashes(engine: Engine, statement: &Statement) -> Option<bool> {
    let words = statement.words();
    let sets = |name: &str| words.first().is_some_and(|word| word == "SET") && words.iter().any(|word| word == name);
    let text = || statement.text.to_ascii_uppercase();
    match engine {
        Engine::Mysql if sets("SQL_MODE") => {
            let text = text();
            // `REPLACE(@@sql_mode, ..)` takes the mode away.
            Some(!text.contains("NO_BACKSLASH_ESCAPES") || text.contains("REPLACE("))
        }
        Engine::Postgres if sets("STANDARD_CONFORMING_STRINGS") => {
            let text = text();
            let value = text.rsplit(['=', ' ']).next().unwrap_or_default().trim_matches('\'');
            Some(matches!(value, "OFF" | "FALSE" | "NO" | "0"))
        }
        Engine::Mysql | Engine::Postgres | Engine::Sqlite => None,
    }
}

/// `DELIMITER` is a command only where a statement could begin, at the beginning of a line.
fn is_delimiter_line(engine: Engine, pending: &Pending, text: &str, token: Token) -> bool {
    engine == Engine::Mysql
        && pending.tokens.is_empty()
        && text[token.start..token.end].eq_ignore_ascii_case("delimiter")
        && text[..token.start].rsplit('\n').next().is_none_or(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests;
