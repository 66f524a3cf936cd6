//! The text of an expression becomes a tree: the grammar of the project's other expressions, as far as values need it. What
//! its names mean is `compile`'s.

use crate::generate::decimal::Decimal;
use crate::generate::scalar::{Operator, Scalar, Wrong};

/// A parsed expression.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Constant(Scalar),
    Name(String),
    Attribute(Box<Tree>, String),
    Call(String, Vec<Tree>),
    List(Vec<Tree>),
    Binary(Operator, Box<Tree>, Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    In(Box<Tree>, Vec<Tree>),
    Not(Box<Tree>),
    Minus(Box<Tree>),
    /// Condition, value, other value.
    If(Box<Tree>, Box<Tree>, Box<Tree>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Number(String),
    Word(String),
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: [&str; 21] =
    ["==", "!=", "<=", ">=", "//", "<", ">", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", ",", ".", "|", "="];

/// How deep expressions may be nested.
const DEEPEST: usize = 64;

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Tree, Wrong> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let tree = parser.expression()?;
    match parser.tokens.get(parser.at) {
        None => Ok(tree),
        Some(token) => Err(Wrong(format!("did not expect `{}` after a whole expression", shown(token)))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn expression(&mut self) -> Result<Tree, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong("nested too deep".to_owned()));
        }
        let mut value = self.or()?;
        while self.word("if") {
            let condition = self.or()?;
            let other = if self.word("else") { self.expression()? } else { Tree::Constant(Scalar::None) };
            value = Tree::If(Box::new(condition), Box::new(value), Box::new(other));
        }
        self.depth -= 1;
        Ok(value)
    }

    fn or(&mut self) -> Result<Tree, Wrong> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Tree::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Tree, Wrong> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Tree::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Tree, Wrong> {
        if self.word("not") { Ok(Tree::Not(Box::new(self.not()?))) } else { self.comparison() }
    }

    fn comparison(&mut self) -> Result<Tree, Wrong> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let mut left = self.binary(0)?;
        loop {
            let negated = matches!(self.tokens.get(self.at..self.at + 2), Some([Token::Word(not), Token::Word(of)]) if not == "not" && of == "in");
            self.at += usize::from(negated);
            if self.word("in") {
                let Tree::List(items) = self.binary(0)? else {
                    return Err(Wrong("`in` is followed by a list, as in `x in ['a', 'b']`".to_owned()));
                };
                let found = Tree::In(Box::new(left), items);
                left = if negated { Tree::Not(Box::new(found)) } else { found };
                continue;
            }
            let Some((_, operator)) = OPERATORS.into_iter().find(|(sign, _)| self.sign(sign)) else { return Ok(left) };
            left = Tree::Binary(operator, Box::new(left), Box::new(self.binary(0)?));
        }
    }

    /// The arithmetic operators by how tight they bind: sums, `~`, products.
    fn binary(&mut self, level: usize) -> Result<Tree, Wrong> {
        const LEVELS: [&[(&str, Operator)]; 3] = [
            &[("+", Operator::Add), ("-", Operator::Subtract)],
            &[("~", Operator::Join)],
            &[
                ("*", Operator::Multiply),
                ("//", Operator::FloorDivide),
                ("/", Operator::Divide),
                ("%", Operator::Remainder),
            ],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.sign(sign)) {
            left = Tree::Binary(*operator, Box::new(left), Box::new(self.binary(level + 1)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Tree, Wrong> {
        if self.sign("-") { Ok(Tree::Minus(Box::new(self.unary()?))) } else { self.postfix() }
    }

    fn postfix(&mut self) -> Result<Tree, Wrong> {
        let mut value = self.primary()?;
        loop {
            if self.sign(".") {
                value = Tree::Attribute(Box::new(value), self.name("a name behind the point")?);
            } else if self.sign("|") {
                let function = self.name("a function behind `|`")?;
                let mut arguments = vec![value];
                if self.sign("(") {
                    arguments.append(&mut self.items(")")?);
                }
                value = Tree::Call(function, arguments);
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Tree, Wrong> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(Wrong("the expression ends too early".to_owned()));
        };
        self.at += 1;
        match token {
            Token::Text(text) => Ok(Tree::Constant(Scalar::text(text))),
            Token::Number(digits) => number(&digits).map(Tree::Constant),
            Token::Word(word) => match word.as_str() {
                "true" | "True" => Ok(Tree::Constant(Scalar::Bool(true))),
                "false" | "False" => Ok(Tree::Constant(Scalar::Bool(false))),
                "none" | "None" => Ok(Tree::Constant(Scalar::None)),
                _ if self.sign("(") => Ok(Tree::Call(word, self.items(")")?)),
                _ => Ok(Tree::Name(word)),
            },
            Token::Sign("(") => {
                let inner = self.expression()?;
                if self.sign(")") { Ok(inner) } else { Err(Wrong("a `)` is missing".to_owned())) }
            }
            Token::Sign("[") => self.items("]").map(Tree::List),
            other => Err(Wrong(format!("did not expect `{}` here", shown(&other)))),
        }
    }

    fn items(&mut self, end: &'static str) -> Result<Vec<Tree>, Wrong> {
        let mut items = Vec::new();
        while !self.sign(end) {
            if !items.is_empty() && !self.sign(",") {
                return Err(Wrong(format!("a `,` or `{end}` is missing")));
            }
            if self.sign(end) {
                break;
            }
            items.push(self.expression()?);
        }
        Ok(items)
    }

    fn name(&mut self, what: &str) -> Result<String, Wrong> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            _ => Err(Wrong(format!("expected {what}"))),
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word);
        self.at += usize::from(there);
        there
    }

    fn sign(&mut self, sign: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(there);
        there
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length;
        if first == '\'' || first == '"' {
            let (inner, used) = quoted(rest, first)?;
            tokens.push(Token::Text(inner));
            length = used;
        } else if first.is_ascii_digit() {
            // `1.name` is no number, and `1..2` is nothing at all.
            let end = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
            let whole = end(rest);
            let fraction = rest[whole..].strip_prefix('.').map(end).filter(|digits| *digits > 0);
            length = whole + fraction.map_or(0, |digits| digits + 1);
            tokens.push(Token::Number(rest[..length].replace('_', "")));
        } else if first.is_alphabetic() || first == '_' {
            length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            length = sign.len();
            tokens.push(Token::Sign(sign));
        } else {
            return Err(Wrong(format!("did not expect `{first}`")));
        }
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The text within quotes, and how many bytes it took.
fn quoted(text: &str, quote: char) -> Result<(String, usize), Wrong> {
    let mut inner = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Ok((inner, at + quote.len_utf8())),
            '\\' => match characters.next() {
                Some((_, 'n')) => inner.push('\n'),
                Some((_, 't')) => inner.push('\t'),
                Some((_, other)) => inner.push(other),
                None => break,
            },
            other => inner.push(other),
        }
    }
    Err(Wrong(format!("a text does not end: a {quote} is missing")))
}

fn number(digits: &str) -> Result<Scalar, Wrong> {
    let parsed = if digits.contains('.') {
        Decimal::parse(digits).map(Scalar::Decimal)
    } else {
        digits.parse().ok().map(Scalar::Int)
    };
    parsed.ok_or_else(|| Wrong(format!("{digits} has too many digits")))
}

fn shown(token: &Token) -> &str {
    match token {
        Token::Text(text) | Token::Number(text) | Token::Word(text) => text,
        Token::Sign(sign) => sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        parse(text).expect_err("is broken").to_string()
    }

    #[test]
    fn operators_bind_as_in_the_other_expressions() {
        let shape = |text: &str| format!("{:?}", parse(text).expect("parses"));
        assert_eq!(shape("1 + 2 * 3"), shape("1 + (2 * 3)"));
        assert_eq!(shape("'a' ~ 2 * 3 + 1"), shape("('a' ~ (2 * 3)) + 1"));
        assert_eq!(shape("not a == b or c and d"), shape("(not (a == b)) or (c and d)"));
        assert_eq!(shape("name | slug | upper"), shape("upper(slug(name))"));
        assert_eq!(shape("1 if a else 2 if b else 3"), shape("1 if a else (2 if b else 3)"));
        assert_eq!(shape("x not in ['a']"), shape("not (x in ['a'])"));
        assert_eq!(shape("-order.total.x"), shape("-((order.total).x)"));
        assert_eq!(shape("1_000.50"), shape("1000.50"));
    }

    #[test]
    fn what_is_broken_is_said_in_words() {
        assert_eq!(wrong("int(1, 2"), "a `,` or `)` is missing");
        assert_eq!(wrong("1 +"), "the expression ends too early");
        assert_eq!(wrong("a b"), "did not expect `b` after a whole expression");
        assert_eq!(wrong("'abc"), "a text does not end: a ' is missing");
        assert_eq!(wrong("a ? b"), "did not expect `?`");
        assert_eq!(wrong("x in y"), "`in` is followed by a list, as in `x in ['a', 'b']`");
        assert_eq!(wrong(&"(".repeat(100)), "nested too deep");
    }
}
