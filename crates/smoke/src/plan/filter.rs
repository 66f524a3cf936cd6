//! Expressions over tags and names that select checks: `api and not (slow or name ~ '^draft')`. Ordering what is selected is `plan`'s.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use regex::Regex;

use crate::model::Check;

/// A parsed expression. A word is a tag; `name ~ ..` is a regular expression over the name.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Node,
}

/// A mistake in an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct FilterError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: FilterProblem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterProblem {
    /// It stops too early.
    #[error("the expression ends where a tag, `not`, `name ~` or `(` is missing")]
    Ends,
    /// Something stands where it means nothing.
    #[error("`{found}` stands where {wanted} is missing")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What is missing.
        wanted: &'static str,
    },
    /// A parenthesis is not closed.
    #[error("this `(` has no `)`")]
    NotClosed,
    /// A quoted text does not end.
    #[error("this quote has no end")]
    NoQuote,
    /// It is no regular expression.
    #[error("not a regular expression: {0}")]
    Pattern(String),
}

#[derive(Debug, Clone)]
enum Node {
    Tag { tag: String, column: usize },
    Name(Regex),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
}

impl Filter {
    /// Whether a check is selected.
    #[must_use]
    pub fn selects(&self, check: &Check) -> bool {
        self.root.holds(&check.name, &check.tags)
    }

    /// The tags it names, with their columns.
    pub(super) fn tags(&self) -> Vec<(&str, usize)> {
        let mut tags = Vec::new();
        self.root.tags(&mut tags);
        tags
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1 };
        let root = parser.any()?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(token) => Err(token.unexpected("`and`, `or` or the end")),
        }
    }
}

impl Node {
    fn holds(&self, name: &str, tags: &[String]) -> bool {
        match self {
            Self::Tag { tag, .. } => tags.contains(tag),
            Self::Name(pattern) => pattern.is_match(name),
            Self::Not(node) => !node.holds(name, tags),
            Self::And(left, right) => left.holds(name, tags) && right.holds(name, tags),
            Self::Or(left, right) => left.holds(name, tags) || right.holds(name, tags),
        }
    }

    fn tags<'a>(&'a self, into: &mut Vec<(&'a str, usize)>) {
        match self {
            Self::Tag { tag, column } => into.push((tag, *column)),
            Self::Name(_) => {}
            Self::Not(node) => node.tags(into),
            Self::And(left, right) | Self::Or(left, right) => {
                left.tags(into);
                right.tags(into);
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Token {
    column: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Matches,
    Word(String),
    Quoted(String),
}

impl Token {
    fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }

    fn unexpected(&self, wanted: &'static str) -> FilterError {
        FilterError { column: self.column, problem: FilterProblem::Unexpected { found: self.to_string(), wanted } }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Open => f.write_str("("),
            Kind::Close => f.write_str(")"),
            Kind::Matches => f.write_str("~"),
            Kind::Word(text) | Kind::Quoted(text) => f.write_str(text),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().enumerate().peekable();
    while let Some((index, character)) = characters.next() {
        let column = index + 1;
        let kind = match character {
            '(' => Kind::Open,
            ')' => Kind::Close,
            '~' => Kind::Matches,
            white if white.is_whitespace() => continue,
            quote @ ('\'' | '"') => {
                let mut inside = String::new();
                loop {
                    match characters.next() {
                        Some((_, end)) if end == quote => break Kind::Quoted(inside),
                        Some((_, other)) => inside.push(other),
                        None => return Err(FilterError { column, problem: FilterProblem::NoQuote }),
                    }
                }
            }
            first => {
                let mut word = first.to_string();
                let ends = |next: char| next.is_whitespace() || matches!(next, '(' | ')' | '~' | '\'' | '"');
                while let Some((_, next)) = characters.next_if(|(_, next)| !ends(*next)) {
                    word.push(next);
                }
                Kind::Word(word)
            }
        };
        tokens.push(Token { column, kind });
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// The column after the last character.
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self) -> Result<Token, FilterError> {
        let token = self.peek().cloned();
        self.at += 1;
        token.ok_or(FilterError { column: self.end, problem: FilterProblem::Ends })
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_word(word));
        self.at += usize::from(found);
        found
    }

    /// The weakest: `or`.
    fn any(&mut self) -> Result<Node, FilterError> {
        let mut node = self.all()?;
        while self.take_word("or") {
            node = Node::Or(Box::new(node), Box::new(self.all()?));
        }
        Ok(node)
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut node = self.one()?;
        while self.take_word("and") {
            node = Node::And(Box::new(node), Box::new(self.one()?));
        }
        Ok(node)
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        const WANTED: &str = "a tag, `not`, `name ~` or `(`";
        let token = self.take()?;
        match token.kind {
            Kind::Open => {
                let node = self.any()?;
                match self.peek() {
                    Some(Token { kind: Kind::Close, .. }) => self.at += 1,
                    Some(other) => return Err(other.unexpected("`and`, `or` or `)`")),
                    None => return Err(FilterError { column: token.column, problem: FilterProblem::NotClosed }),
                }
                Ok(node)
            }
            Kind::Word(ref word) if word == "not" => Ok(Node::Not(Box::new(self.one()?))),
            Kind::Word(ref word) if word == "and" || word == "or" => Err(token.unexpected(WANTED)),
            Kind::Word(ref word) if word == "name" && self.peek().is_some_and(|next| next.kind == Kind::Matches) => {
                self.at += 1;
                self.pattern()
            }
            Kind::Word(tag) | Kind::Quoted(tag) => Ok(Node::Tag { tag, column: token.column }),
            Kind::Close | Kind::Matches => Err(token.unexpected(WANTED)),
        }
    }

    fn pattern(&mut self) -> Result<Node, FilterError> {
        let token = self.take()?;
        let (Kind::Word(text) | Kind::Quoted(text)) = &token.kind else {
            return Err(token.unexpected("a regular expression, in quotes where it has blanks or parentheses,"));
        };
        let wrong = |error: regex::Error| {
            // The other lines of it draw an arrow.
            let last = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            FilterError { column: token.column, problem: FilterProblem::Pattern(last) }
        };
        Regex::new(text).map(Node::Name).map_err(wrong)
    }
}

/// The tags of an expression that no check has, with their columns.
pub(super) fn unknown<'a>(filter: &'a Filter, known: &BTreeSet<&str>) -> Vec<(&'a str, usize)> {
    filter.tags().into_iter().filter(|(tag, _)| !known.contains(tag)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, name: &str, tags: &[&str]) -> bool {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        text.parse::<Filter>().expect("an expression").root.holds(name, &tags)
    }

    #[test]
    fn words_are_tags_and_not_binds_stronger_than_and_and_that_than_or() {
        assert!(holds("api and not slow", "a", &["api"]));
        assert!(!holds("api and not slow", "a", &["api", "slow"]));
        assert!(holds("a or b and c", "n", &["a"]));
        assert!(!holds("(a or b) and c", "n", &["a"]));
        assert!(holds("not not a", "n", &["a"]));
        assert!(holds("'two words'", "n", &["two words"]));
        assert!(holds("name", "n", &["name"]));
    }

    #[test]
    fn names_are_matched_by_regular_expressions() {
        assert!(holds("name ~ ^book", "books are listed", &[]));
        assert!(holds("name ~ 'is (kept|gone)$' and not api", "a book is gone", &[]));
        assert!(!holds("name~listed", "a book is gone", &[]));
    }

    #[test]
    fn a_mistake_is_told_with_its_column() {
        let told = |text: &str| text.parse::<Filter>().expect_err("a mistake").to_string();
        insta::assert_snapshot!(
            [
                "",
                "api and",
                "api slow",
                "(api or slow",
                "api )",
                "and api",
                "not",
                "name ~ '('",
                "name ~ )",
                "ü and 'x"
            ]
            .map(|text| format!("{text:>12} | {}", told(text)))
            .join("\n")
        );
    }
}
