//! What an expression looks like, as far as one can tell from it where its value comes from. Evaluating is `map`'s.

use serde_json::Value as Json;

use super::token::{Token, tokens};

/// The shape of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// A value written into the expression.
    Constant(Json),
    /// `p.name`, `doc['a b'].c`, `doc.list[0]`.
    Path { root: String, steps: Vec<String> },
    /// `a or b`.
    Or(Box<Form>, Box<Form>),
    /// `then if condition else other`.
    If { then: Box<Form>, condition: Box<Form>, other: Box<Form> },
    /// `not a`.
    Not(Box<Form>),
    /// `a ~ b ~ c`.
    Joined(Vec<Form>),
    /// `a | name(argument, ..)`.
    Filter { of: Box<Form>, name: String, arguments: Vec<Form> },
    /// `ref('table', column=a, ..)`.
    Reference { table: String, key: Vec<(String, Form)> },
    /// Anything else.
    Other,
}

/// The shape of an expression; [`Form::Other`] also for what is not understood.
pub(super) fn form(source: &str) -> Form {
    let Some(tokens) = tokens(source) else { return Form::Other };
    let mut parser = Parser { tokens, next: 0 };
    match parser.ternary() {
        Some(form) if parser.next == parser.tokens.len() => form,
        _ => Form::Other,
    }
}

/// A value as the text of an expression that gives it.
pub(super) fn literal(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::String(text) => {
            let mut out = String::from("'");
            for c in text.chars() {
                match c {
                    '\'' => out.push_str("\\'"),
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    other => out.push(other),
                }
            }
            out + "'"
        }
        Json::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entry =
                |(name, value): (&String, &Json)| format!("{}: {}", literal(&name.as_str().into()), literal(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Positional and named arguments.
type Arguments = (Vec<Form>, Vec<(String, Form)>);

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token::Sign(sign)) if *sign == wanted);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token::Word(word)) if word == wanted);
        self.next += usize::from(found);
        found
    }

    fn ternary(&mut self) -> Option<Form> {
        let then = self.either()?;
        if !self.word("if") {
            return Some(then);
        }
        let condition = self.either()?;
        let other = if self.word("else") { self.ternary()? } else { Form::Constant(Json::Null) };
        Some(Form::If { then: then.into(), condition: condition.into(), other: other.into() })
    }

    fn either(&mut self) -> Option<Form> {
        let mut left = self.both()?;
        while self.word("or") {
            left = Form::Or(left.into(), self.both()?.into());
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Form> {
        let mut left = self.negated()?;
        while self.word("and") {
            self.negated()?;
            left = Form::Other;
        }
        Some(left)
    }

    fn negated(&mut self) -> Option<Form> {
        if self.word("not") { Some(Form::Not(self.negated()?.into())) } else { self.compared() }
    }

    fn compared(&mut self) -> Option<Form> {
        let mut left = self.sum()?;
        loop {
            if ["==", "!=", "<=", ">=", "<", ">"].into_iter().any(|sign| self.sign(sign)) || self.word("in") {
                self.sum()?;
            } else if self.word("not") {
                if !self.word("in") {
                    return None;
                }
                self.sum()?;
            } else if self.word("is") {
                self.word("not");
                self.postfix()?;
            } else {
                return Some(left);
            }
            left = Form::Other;
        }
    }

    fn sum(&mut self) -> Option<Form> {
        let mut left = self.joined()?;
        while self.sign("+") || self.sign("-") {
            self.joined()?;
            left = Form::Other;
        }
        Some(left)
    }

    fn joined(&mut self) -> Option<Form> {
        let mut parts = vec![self.product()?];
        while self.sign("~") {
            parts.push(self.product()?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Form::Joined(parts)) }
    }

    fn product(&mut self) -> Option<Form> {
        let mut left = self.signed()?;
        while ["**", "*", "//", "/", "%"].into_iter().any(|sign| self.sign(sign)) {
            self.signed()?;
            left = Form::Other;
        }
        Some(left)
    }

    fn signed(&mut self) -> Option<Form> {
        if !self.sign("-") {
            return self.postfix();
        }
        Some(match self.postfix()? {
            Form::Constant(Json::Number(number)) => {
                Form::Constant(serde_json::from_str(&format!("-{number}")).unwrap_or(Json::Null))
            }
            _ => Form::Other,
        })
    }

    fn postfix(&mut self) -> Option<Form> {
        let mut form = self.primary()?;
        loop {
            if self.sign(".") {
                let step = match self.tokens.get(self.next)? {
                    Token::Word(word) => word.clone(),
                    Token::Number(number) => number.to_string(),
                    _ => return None,
                };
                self.next += 1;
                form = stepped(form, step);
            } else if self.sign("[") {
                let step = self.ternary()?;
                if !self.sign("]") {
                    return None;
                }
                form = match step {
                    Form::Constant(Json::String(step)) => stepped(form, step),
                    Form::Constant(Json::Number(index)) if index.is_u64() => stepped(form, index.to_string()),
                    _ => Form::Other,
                };
            } else if self.sign("(") {
                let (positional, named) = self.arguments()?;
                form = match (form, positional.as_slice()) {
                    (Form::Path { root, steps }, [Form::Constant(Json::String(table))])
                        if root == "ref" && steps.is_empty() =>
                    {
                        Form::Reference { table: table.clone(), key: named }
                    }
                    _ => Form::Other,
                };
            } else if self.sign("|") {
                let Some(Token::Word(name)) = self.tokens.get(self.next).cloned() else { return None };
                self.next += 1;
                let arguments = if self.sign("(") { self.arguments()? } else { (Vec::new(), Vec::new()) };
                form = if arguments.1.is_empty() {
                    Form::Filter { of: form.into(), name, arguments: arguments.0 }
                } else {
                    Form::Other
                };
            } else {
                return Some(form);
            }
        }
    }

    /// Positional and named arguments, up to and with the closing parenthesis.
    fn arguments(&mut self) -> Option<Arguments> {
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        while !self.sign(")") {
            let is_named = matches!(self.tokens.get(self.next + 1), Some(Token::Sign("=")));
            match self.tokens.get(self.next)? {
                Token::Word(name) if is_named => {
                    let name = name.clone();
                    self.next += 2;
                    named.push((name, self.ternary()?));
                }
                _ => positional.push(self.ternary()?),
            }
            if !self.sign(",") && !matches!(self.tokens.get(self.next), Some(Token::Sign(")"))) {
                return None;
            }
        }
        Some((positional, named))
    }

    fn primary(&mut self) -> Option<Form> {
        let token = self.tokens.get(self.next)?.clone();
        self.next += 1;
        match token {
            Token::Text(text) => Some(Form::Constant(Json::String(text))),
            Token::Number(number) => Some(Form::Constant(number)),
            Token::Word(word) => Some(match word.as_str() {
                "true" | "True" => Form::Constant(Json::Bool(true)),
                "false" | "False" => Form::Constant(Json::Bool(false)),
                "none" | "None" => Form::Constant(Json::Null),
                _ => Form::Path { root: word, steps: Vec::new() },
            }),
            Token::Sign("(") => {
                let inner = self.ternary()?;
                self.sign(")").then_some(inner)
            }
            Token::Sign("[") => {
                let mut items = Vec::new();
                while !self.sign("]") {
                    items.push(self.ternary()?);
                    if !self.sign(",") && !matches!(self.tokens.get(self.next), Some(Token::Sign("]"))) {
                        return None;
                    }
                }
                let constants = items.into_iter().map(|item| match item {
                    Form::Constant(value) => Some(value),
                    _ => None,
                });
                Some(constants.collect::<Option<Vec<_>>>().map_or(Form::Other, |all| Form::Constant(Json::Array(all))))
            }
            Token::Sign("{") => {
                let empty = self.sign("}");
                while !empty && !self.sign("}") {
                    self.ternary()?;
                    if !self.sign(":") {
                        return None;
                    }
                    self.ternary()?;
                    if !self.sign(",") && !matches!(self.tokens.get(self.next), Some(Token::Sign("}"))) {
                        return None;
                    }
                }
                Some(if empty { Form::Constant(Json::Object(serde_json::Map::new())) } else { Form::Other })
            }
            Token::Sign(_) => None,
        }
    }
}

/// One step further into a path; into anything else, nothing that is understood.
pub(super) fn stepped(form: Form, step: String) -> Form {
    match form {
        Form::Path { root, mut steps } => {
            steps.push(step);
            Form::Path { root, steps }
        }
        // `(doc.a or {}).b` is `doc.a.b` wherever there is one.
        Form::Or(left, right) if matches!(&*right, Form::Constant(Json::Object(_))) => stepped(*left, step),
        _ => Form::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Form {
        let mut steps = text.split('.').map(str::to_owned);
        Form::Path { root: steps.next().expect("has a root"), steps: steps.collect() }
    }

    #[test]
    fn paths_in_every_spelling_are_paths() {
        assert_eq!(form("doc.a.b"), path("doc.a.b"));
        assert_eq!(form(" doc['a']['b'] "), path("doc.a.b"));
        assert_eq!(form("(doc).list[0].x"), path("doc.list.0.x"));
        assert_eq!(form("(doc.a or {}).b"), path("doc.a.b"));
    }

    #[test]
    fn defaults_conversions_and_references_keep_what_is_inside() {
        assert_eq!(form("p.x or 'none'"), Form::Or(path("p.x").into(), Form::Constant(json!("none")).into()));
        let Form::Filter { of, name, arguments } = form("p.x | default(-1.5)") else { panic!("is a filter") };
        assert_eq!((*of, name.as_str(), arguments), (path("p.x"), "default", vec![Form::Constant(json!(-1.5))]));
        let Form::Reference { table, key } = form("ref('spec', slug='s-' ~ doc.id)") else { panic!("is a reference") };
        assert_eq!(table, "spec");
        assert_eq!(key[0].1, Form::Joined(vec![Form::Constant(json!("s-")), path("doc.id")]));
        let Form::If { condition, other, .. } = form("ref('t', k=doc.up) if doc.up else none") else {
            panic!("is one")
        };
        assert_eq!((*condition, *other), (path("doc.up"), Form::Constant(Json::Null)));
    }

    #[test]
    fn what_computes_is_other() {
        for source in [
            "p.a + p.b",
            "p.a * 2",
            "p.list | selectattr('x', 'defined') | list + 1",
            "slug(doc.id)",
            "a is defined",
            "(a",
            "a not in b",
            "'x",
        ] {
            assert_eq!(form(source), Form::Other, "{source}");
        }
    }

    #[test]
    fn a_literal_gives_its_value_again() {
        for value in [json!(null), json!("it's \\ \n é"), json!([1, "a", true]), json!(-2.5)] {
            let env = crate::map::expression::environment();
            let text = literal(&value);
            let expr = crate::map::expression::Expr::compile(&env, &text).expect("compiles");
            let scope = crate::map::expression::Scope::new(minijinja::Value::from(()));
            let given = crate::map::expression::to_json(&expr.eval(&scope).expect("evaluates")).expect("is JSON");
            assert_eq!(given, value, "{text}");
        }
    }
}
