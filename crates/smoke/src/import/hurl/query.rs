//! One assert as its parts: what is looked at, what is done with it, what must hold. What a check says for it is `assert.rs`'s.

use serde_json::{Number, Value};

use super::token::Token;
use crate::import::text::{has_mark, string};

/// What is looked at, and how it is changed before it is compared.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) name: String,
    /// The JSONPath, the header, the pattern.
    pub(super) of: Option<Token>,
    pub(super) filters: Vec<Token>,
}

/// What must hold.
#[derive(Debug)]
pub(super) struct Predicate {
    pub(super) denied: bool,
    pub(super) name: String,
    pub(super) value: Option<Token>,
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Same,
    Other,
    Less,
    AtMost,
    More,
    AtLeast,
}

const PREDICATES: [&str; 27] = [
    "==",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "startsWith",
    "endsWith",
    "contains",
    "includes",
    "matches",
    "exists",
    "isEmpty",
    "isInteger",
    "isFloat",
    "isNumber",
    "isBoolean",
    "isString",
    "isCollection",
    "isList",
    "isObject",
    "isDate",
    "isIsoDate",
    "isIpv4",
    "isIpv6",
    "isUuid",
    "equals",
];

/// Splits an assert; `None` when it is none that is known.
pub(super) fn split(tokens: Vec<Token>) -> Option<(Query, Predicate)> {
    let is = |token: &Token, words: &[&str]| matches!(token, Token::Word(word) if words.contains(&word.as_str()));
    let at = tokens.iter().skip(1).position(|token| is(token, &PREDICATES) || is(token, &["not"]))? + 1;
    let mut predicate = tokens[at..].iter().cloned();
    let mut name = predicate.next()?;
    let denied = is(&name, &["not"]);
    if denied {
        name = predicate.next()?;
    }
    let (Token::Word(name), value) = (name, predicate.next()) else { return None };
    if predicate.next().is_some() || !PREDICATES.contains(&name.as_str()) {
        return None;
    }
    Some((query(&tokens[..at])?, Predicate { denied, name, value }))
}

/// The words before a predicate, or all of a capture.
pub(super) fn query(tokens: &[Token]) -> Option<Query> {
    let (Token::Word(name), mut rest) = (tokens.first()?.clone(), &tokens[1..]) else { return None };
    let takes =
        matches!(name.as_str(), "header" | "cookie" | "jsonpath" | "xpath" | "regex" | "variable" | "certificate");
    let mut of = None;
    if takes {
        of = Some(rest.first()?.clone());
        rest = &rest[1..];
    }
    Some(Query { name, of, filters: rest.to_vec() })
}

impl Query {
    /// The argument as text that has no variable in it.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.of {
            Some(Token::Text(text)) if !has_mark(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is changed by these words and nothing else.
    pub(super) fn filtered_by(&self, words: &[&str]) -> bool {
        self.filters.len() == words.len()
            && self.filters.iter().zip(words).all(|(filter, word)| *filter == Token::Word((*word).to_owned()))
    }
}

impl Predicate {
    /// The comparison that it is, when it is one.
    pub(super) fn comparison(&self) -> Option<Comparison> {
        let comparison = match self.name.as_str() {
            "==" | "equals" => Comparison::Same,
            "!=" => Comparison::Other,
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            _ => return None,
        };
        Some(if self.denied { comparison.opposite() } else { comparison })
    }

    /// The value, when there is one that JSON has.
    pub(super) fn json(&self) -> Option<Value> {
        match self.value.as_ref()? {
            Token::Text(text) => Some(Value::String(string(text.clone()))),
            Token::Variable(text) => Some(Value::String(text.clone())),
            Token::Pattern(_) => None,
            Token::Word(word) => match word.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                "null" => Some(Value::Null),
                number => number.parse::<Number>().ok().map(Value::Number),
            },
        }
    }

    /// The value, when it is text.
    pub(super) fn text(&self) -> Option<String> {
        match self.value.as_ref()? {
            Token::Text(text) | Token::Variable(text) => Some(string(text.clone())),
            Token::Word(_) | Token::Pattern(_) => None,
        }
    }

    pub(super) fn whole(&self) -> Option<i64> {
        match self.value.as_ref()? {
            Token::Word(word) => word.parse().ok(),
            _ => None,
        }
    }
}

impl Comparison {
    fn opposite(self) -> Self {
        match self {
            Self::Same => Self::Other,
            Self::Other => Self::Same,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::More,
            Self::More => Self::AtMost,
            Self::AtLeast => Self::Less,
        }
    }

    pub(super) fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Same => left == right,
            Self::Other => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}
