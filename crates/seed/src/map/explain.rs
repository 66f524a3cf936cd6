//! Why an expression failed, in words, with the name that was probably meant. Evaluating is `expression`'s.

use minijinja::{Error, ErrorKind};
use plimsoll_core::toml_file::nearest;

use crate::map::expression::Scope;

/// Filters that people use in mappings, for suggestions: minijinja's, and those of `loose`.
const FILTERS: [&str; 44] = [
    "abs",
    "as_list",
    "as_text",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "fromjson",
    "groupby",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "maybe",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "unique",
    "upper",
];

const FUNCTIONS: [&str; 7] = ["dict", "range", "ref", "ref_or_null", "sha256", "slug", "uuid5"];

const TESTS: [&str; 15] = [
    "boolean",
    "defined",
    "even",
    "false",
    "float",
    "in",
    "integer",
    "iterable",
    "mapping",
    "none",
    "number",
    "odd",
    "sequence",
    "string",
    "undefined",
];

/// The text of an evaluation error: minijinja's detail, or its kind when there is none.
pub(crate) fn explain(error: &Error, source: &str) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::UndefinedError, None) => {
            format!("`{source}` has no value here, write `or none` if it may be missing")
        }
        (ErrorKind::UndefinedError, Some(detail)) => detail.to_owned(),
        (ErrorKind::UnknownFilter, Some(detail)) => unknown("filter", detail, &FILTERS),
        (ErrorKind::UnknownFunction, Some(detail)) => unknown("function", detail, &FUNCTIONS),
        (ErrorKind::UnknownTest, Some(detail)) => unknown("test", detail, &TESTS),
        // The kind says nothing that the detail does not.
        (ErrorKind::InvalidOperation | ErrorKind::MissingArgument, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// As [`explain`]; for a name that means nothing with the one that was meant, as far as the scope can tell.
pub(crate) fn explain_in(error: &Error, source: &str, scope: &Scope) -> String {
    // With several names that mean nothing, some of them are only tested: nobody can say which one is wrong.
    if let [(path, near)] = undefined(source, scope).as_slice() {
        let hint = near.as_ref().map(|near| format!(", did you mean `{near}`?"));
        match (error.kind(), error.detail()) {
            (ErrorKind::UndefinedError, None) => {
                let hint = hint.unwrap_or_else(|| ", write `or none` if it may be missing".to_owned());
                return format!("`{path}` has no value here{hint}");
            }
            (ErrorKind::InvalidOperation, _) => {
                let hint = hint.unwrap_or_default();
                return format!("{}: `{path}` has no value here{hint}", explain(error, source));
            }
            _ => {}
        }
    }
    explain(error, source)
}

/// The names of an expression that are set and have no value, such as those of a `let`.
pub(crate) fn undefined_names<'s>(source: &'s str, scope: &Scope) -> Vec<&'s str> {
    let names = paths(source).into_iter().map(|path| path.split('.').next().unwrap_or(path));
    names.filter(|name| scope.get(name).is_some_and(|value| value.is_undefined())).collect()
}

/// `detail` names something that is unknown in the middle of other words.
fn unknown(what: &str, detail: &str, known: &[&str]) -> String {
    let name = detail.strip_suffix(" is unknown").and_then(|rest| rest.split(' ').next_back()).unwrap_or(detail);
    let hint = nearest(name, known.iter().copied()).map(|near| format!(", did you mean `{near}`?"));
    format!("there is no {what} `{name}`{}", hint.unwrap_or_default())
}

/// The paths in an expression that mean nothing here, each with a name that is much like it.
fn undefined(source: &str, scope: &Scope) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for path in paths(source) {
        let mut parts = path.split('.');
        let Some(root) = parts.next() else { continue };
        let Some(mut value) = scope.get(root) else {
            if !is_word_of_the_language(root) && !found.iter().any(|(known, _)| known == root) {
                let names = scope.names();
                let near = nearest(root, names.iter().map(String::as_str)).map(str::to_owned);
                found.push((root.to_owned(), near));
            }
            continue;
        };
        let mut walked = root.to_owned();
        for part in parts {
            let next = value.get_attr(part).unwrap_or_default();
            walked = format!("{walked}.{part}");
            if next.is_undefined() {
                let keys: Vec<String> =
                    value.try_iter().map(|keys| keys.map(|key| key.to_string()).collect()).unwrap_or_default();
                let near = nearest(part, keys.iter().map(String::as_str));
                if !found.iter().any(|(known, _)| *known == walked) {
                    found.push((walked, near.map(str::to_owned)));
                }
                break;
            }
            value = next;
        }
    }
    found
}

/// The dotted paths of an expression, without those in texts, names of arguments, filters and functions.
fn paths(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
            rest = &rest[end..];
            before = first;
            continue;
        }
        if !(first.is_alphabetic() || first == '_') {
            rest = &rest[first.len_utf8()..];
            before = if first.is_whitespace() { before } else { first };
            continue;
        }
        let end = rest
            .find(|character: char| !(character.is_alphanumeric() || character == '_' || character == '.'))
            .unwrap_or(rest.len());
        let path = rest[..end].trim_end_matches('.');
        rest = &rest[end..];
        let next = rest.trim_start();
        let is_argument = next.starts_with('=') && !next.starts_with("==");
        if !matches!(before, '|' | '.' | ')' | ']') && !next.starts_with('(') && !is_argument {
            found.push(path);
        }
        before = 'a';
    }
    found
}

fn is_word_of_the_language(name: &str) -> bool {
    const WORDS: [&str; 14] =
        ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None", "loop"];
    // What follows `is` is a test; one that does not exist is told by the compiler.
    WORDS.contains(&name) || TESTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use minijinja::{Value, context};

    use super::*;
    use crate::map::expression::{Expr, environment, to_json};

    #[test]
    fn a_name_that_means_nothing_is_answered_with_the_nearest_one() {
        let explained = |source: &str| {
            let scope = Scope::new(context! { topics => 1 });
            scope.set(
                &Arc::from("doc"),
                Value::from(minijinja::value::Serde(serde_json::json!({"title": "x", "deep": {}}))),
            );
            let env = environment();
            let error =
                Expr::compile(&env, source).and_then(|expr| to_json(&expr.eval(&scope)?)).expect_err("is undefined");
            explain_in(&error, source, &scope)
        };
        assert_eq!(explained("doc.titel"), "`doc.titel` has no value here, did you mean `title`?");
        assert_eq!(explained("'a.b' ~ dco.title"), "`dco` has no value here, did you mean `doc`?");
        assert_eq!(
            explained("doc.deep.more.and"),
            "`doc.deep.more` has no value here, write `or none` if it may be missing"
        );
        assert_eq!(explained("topic | upper"), "`topic` has no value here, did you mean `topics`?");
        let told = explained("slug(doc.titel)");
        assert!(told.ends_with(": `doc.titel` has no value here, did you mean `title`?"), "{told}");
    }
}
