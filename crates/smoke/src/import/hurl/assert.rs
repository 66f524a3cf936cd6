//! What a response must be: its first line, headers, body and asserts. Captures, statuses and words have files of their own.

use serde_json::Value;

use super::lines::{Kind, Lines, pair};
use super::query::{Comparison, Predicate, Query, split};
use super::status::Statuses;
use super::token::{Token, plain, tokens};
use super::variables::Variables;
use super::{body, capture};
use crate::import::Remarks;
use crate::import::draft::Draft;
use crate::import::matchers::{and, to_value};
use crate::import::text::{has_mark, is_mark, string};
use crate::model::{Expectation, HttpVersion, JsonType, Matcher};

/// Reads a response, when there is one.
pub(super) fn response(lines: &mut Lines<'_>, draft: &mut Draft, variables: &mut Variables, remarks: &mut Remarks) {
    let Some((first, Kind::Response(rest))) = lines.peek().map(|(number, line)| (number, Kind::of(line))) else {
        return;
    };
    lines.next();
    let mut statuses = Statuses::default();
    first_line(first, rest, draft, &mut statuses, remarks);
    let mut section = None;
    while let Some((number, line)) = lines.peek() {
        match Kind::of(line) {
            // Comments above the next entry are its own.
            Kind::Empty | Kind::Comment(_) if !goes_on(lines) => break,
            Kind::Empty | Kind::Comment(_) => {
                lines.next();
            }
            Kind::Method(..) | Kind::Response(_) => break,
            Kind::Section(name) => {
                lines.next();
                section = Some(name.to_owned());
                if !matches!(name, "Asserts" | "Captures") {
                    remarks.left_out(number, format!("the section `[{name}]`, which is not known"));
                }
            }
            Kind::Other if body::begins(line) => body_is(lines, draft, variables, remarks),
            Kind::Other => {
                let Some((_, line)) = lines.next_whole() else { break };
                match section.as_deref() {
                    Some("Asserts") => assert(number, &line, draft, &mut statuses, variables, remarks),
                    Some("Captures") => capture::read(number, &line, draft, variables, remarks),
                    Some(_) => {}
                    None => match pair(&line) {
                        Some((name, value)) => {
                            let value = Matcher::Equals(Value::String(string(plain(value, variables))));
                            if add(&mut draft.expect.headers, name, value).is_none() {
                                remarks.left_out(number, format!("what is expected of the header `{name}`"));
                            }
                        }
                        None => remarks.left_out(number, "this line, which is not understood"),
                    },
                }
            }
        }
    }
    match statuses.patterns() {
        Some(patterns) => draft.expect.status = patterns,
        None => remarks.left_out(first, "the asserts about the status: name those that are right in `expect.status`"),
    }
}

/// Whether anything of this entry comes after blank lines and comments.
fn goes_on(lines: &Lines<'_>) -> bool {
    !lines.rest().any(|line| !matches!(Kind::of(line), Kind::Empty | Kind::Comment(_)))
        || lines
            .rest()
            .find(|line| !matches!(Kind::of(line), Kind::Empty | Kind::Comment(_)))
            .is_some_and(|line| !matches!(Kind::of(line), Kind::Method(..)))
}

fn first_line(number: usize, rest: &str, draft: &mut Draft, statuses: &mut Statuses, remarks: &mut Remarks) {
    let mut words = rest.split('#').next().unwrap_or_default().split_whitespace();
    let mut word = words.next();
    if let Some(version) = word.filter(|word| word.starts_with('/')) {
        match version {
            "/1.1" => draft.request.http = Some(HttpVersion::One),
            "/2" => draft.request.http = Some(HttpVersion::Two),
            "/*" => {}
            _ => remarks.left_out(number, format!("the version `HTTP{version}`")),
        }
        word = words.next();
    }
    match word {
        None | Some("*") => statuses.any(),
        Some(status) => match status.parse() {
            Ok(status) => statuses.keep(Comparison::Same, status),
            Err(_) => remarks.left_out(number, "the status, which is not a number"),
        },
    }
}

/// The body that must come, as a whole.
fn body_is(lines: &mut Lines<'_>, draft: &mut Draft, variables: &mut Variables, remarks: &mut Remarks) {
    let number = lines.peek().map_or(0, |(number, _)| number);
    match body::take(lines, variables) {
        // Two objects are the same in any order of their entries.
        body::Found::Json { value: Some(value), .. } if crate::import::write::fits_toml(&value) => {
            if add(&mut draft.expect.json, "$", Matcher::Equals(value)).is_none() {
                remarks.left_out(number, "the expected body, because more is expected of it");
            }
        }
        body::Found::Text { text, .. } => {
            let matcher = Matcher::Equals(Value::String(string(text)));
            draft.expect.body = Some(and(draft.expect.body.take(), matcher));
        }
        body::Found::Json { .. } | body::Found::File(_) | body::Found::Bytes => {
            remarks.left_out(number, "the expected body: name its parts in `expect.json`, or its digest in `sha256`");
        }
    }
}

fn assert(
    number: usize,
    line: &str,
    draft: &mut Draft,
    statuses: &mut Statuses,
    variables: &mut Variables,
    remarks: &mut Remarks,
) {
    let parts = tokens(line, variables).and_then(split);
    let Some((query, predicate)) = parts else {
        let word = line.split_whitespace().next().unwrap_or_default();
        remarks.left_out(number, format!("an assert about `{word}`, which is not understood"));
        return;
    };
    if apply(&query, &predicate, draft, statuses).is_none() {
        let filters: Vec<_> = query
            .filters
            .iter()
            .filter_map(|filter| if let Token::Word(word) = filter { Some(format!(" {word}")) } else { None })
            .collect();
        let not = if predicate.denied { "not " } else { "" };
        remarks.left_out(
            number,
            format!("an assert: a check has no words for `{}{} {not}{}`", query.name, filters.concat(), predicate.name),
        );
    }
}

/// Adds what an assert means to the check, or says that it cannot.
fn apply(query: &Query, predicate: &Predicate, draft: &mut Draft, statuses: &mut Statuses) -> Option<()> {
    let wanted = &mut draft.expect;
    match query.name.as_str() {
        "status" if query.filters.is_empty() => statuses.keep(predicate.comparison()?, predicate.whole()?),
        "jsonpath" => {
            let path = query.plain()?;
            serde_json_path::JsonPath::parse(path).ok()?;
            let matcher = if query.filtered_by(&["count"]) {
                Matcher::Length(Box::new(whole(predicate)?))
            } else if query.filters.is_empty() {
                value(predicate)?
            } else {
                return None;
            };
            add(&mut wanted.json, path, matcher)?;
        }
        "header" if query.filters.is_empty() => add(&mut wanted.headers, query.plain()?, text(predicate)?)?,
        "cookie" if query.filters.is_empty() => {
            let name = query.plain()?;
            let name = name.strip_suffix("[Value]").unwrap_or(name);
            if name.contains('[') {
                return None;
            }
            add(&mut wanted.cookies, name, text(predicate)?)?;
        }
        "body" if query.filters.is_empty() => wanted.body = Some(joined(wanted.body.take(), text(predicate)?)?),
        "regex" if query.filters.is_empty() && predicate.name == "exists" => {
            let (Token::Text(pattern) | Token::Pattern(pattern)) = query.of.as_ref()? else { return None };
            let found = matches(pattern)?;
            let matcher = if predicate.denied { not(found) } else { found };
            wanted.body = Some(joined(wanted.body.take(), matcher)?);
        }
        "bytes" if query.filtered_by(&["count"]) => {
            wanted.bytes = Some(joined(wanted.bytes.take(), whole(predicate)?)?);
        }
        "sha256" if predicate.comparison()? == Comparison::Same => {
            let Token::Word(word) = predicate.value.as_ref()? else { return None };
            let digest = word.strip_prefix("hex,")?.strip_suffix(';')?.trim();
            let right = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            wanted.sha256 = right.then(|| digest.to_owned());
            wanted.sha256.as_ref()?;
        }
        "duration" if query.filters.is_empty() => {
            let limit = u64::try_from(predicate.whole()?).ok()?;
            let limit = match predicate.comparison()? {
                Comparison::Less => limit.checked_sub(1)?,
                Comparison::AtMost => limit,
                _ => return None,
            };
            let limit = wanted.within_ms.map_or(limit, |known| known.min(limit));
            wanted.within_ms = Some(limit).filter(|limit| *limit > 0);
            wanted.within_ms?;
        }
        "url" if query.filters.is_empty() && predicate.comparison()? == Comparison::Same => {
            wanted.url = Some(predicate.text()?);
        }
        "redirects" if query.filtered_by(&["count"]) => {
            wanted.redirects = Some(joined(wanted.redirects.take(), whole(predicate)?)?);
        }
        "version" if predicate.comparison()? == Comparison::Same => {
            draft.request.http = match predicate.text()?.as_str() {
                "1.1" => Some(HttpVersion::One),
                "2" => Some(HttpVersion::Two),
                _ => return None,
            };
        }
        "certificate" => {
            let mut tls = wanted.tls.clone().unwrap_or_default();
            match query.plain()? {
                "Subject" if query.filters.is_empty() => tls.subject = Some(joined(tls.subject, text(predicate)?)?),
                "Issuer" if query.filters.is_empty() => tls.issuer = Some(joined(tls.issuer, text(predicate)?)?),
                "Expire-Date" if query.filtered_by(&["daysAfterNow"]) => {
                    tls.days_left = Some(joined(tls.days_left, whole(predicate)?)?);
                }
                _ => return None,
            }
            wanted.tls = Some(tls);
        }
        _ => return None,
    }
    Some(())
}

/// What must hold for a number that is whole.
fn whole(predicate: &Predicate) -> Option<Matcher> {
    let number = predicate.whole()?;
    Some(match predicate.comparison()? {
        Comparison::Same => Matcher::Equals(Value::from(number)),
        Comparison::Other => not(Matcher::Equals(Value::from(number))),
        Comparison::Less => Matcher::AtMost(Value::from(number.checked_sub(1)?)),
        Comparison::AtMost => Matcher::AtMost(Value::from(number)),
        Comparison::More => Matcher::AtLeast(Value::from(number.checked_add(1)?)),
        Comparison::AtLeast => Matcher::AtLeast(Value::from(number)),
    })
}

/// What must hold for a value of JSON.
fn value(predicate: &Predicate) -> Option<Matcher> {
    let typed = |of: JsonType| Some(Matcher::Type(of));
    if let Some(comparison) = predicate.comparison() {
        let wanted = predicate.json()?;
        let number = wanted.is_number() || wanted.as_str().is_some_and(is_mark);
        return match comparison {
            Comparison::Same if wanted.is_null() => typed(JsonType::Null),
            Comparison::Same => Some(Matcher::Equals(wanted)),
            // Hurl finds nothing wrong only where something is.
            Comparison::Other if wanted.is_null() => Some(present(not(Matcher::Type(JsonType::Null)))),
            Comparison::Other => Some(present(not(Matcher::Equals(wanted)))),
            _ if !number => None,
            Comparison::AtLeast => Some(Matcher::AtLeast(wanted)),
            Comparison::AtMost => Some(Matcher::AtMost(wanted)),
            Comparison::More => Some(and(Some(Matcher::AtLeast(wanted.clone())), not(Matcher::Equals(wanted)))),
            Comparison::Less => Some(and(Some(Matcher::AtMost(wanted.clone())), not(Matcher::Equals(wanted)))),
        };
    }
    let matcher = match predicate.name.as_str() {
        "exists" => return Some(Matcher::Exists(!predicate.denied)),
        "contains" | "includes" => Matcher::Contains(predicate.json().filter(|value| !value.is_null())?),
        "isEmpty" => Matcher::Length(Box::new(Matcher::Equals(Value::from(0)))),
        "isInteger" => Matcher::Type(JsonType::Integer),
        "isNumber" => Matcher::Type(JsonType::Number),
        "isFloat" => and(typed(JsonType::Number), not(Matcher::Type(JsonType::Integer))),
        "isBoolean" => Matcher::Type(JsonType::Boolean),
        "isString" => Matcher::Type(JsonType::String),
        "isCollection" | "isList" => Matcher::Type(JsonType::Array),
        "isObject" => Matcher::Type(JsonType::Object),
        _ => return textual(predicate),
    };
    Some(if predicate.denied { present(not(matcher)) } else { matcher })
}

/// What must hold for a text.
fn text(predicate: &Predicate) -> Option<Matcher> {
    match (predicate.comparison(), predicate.name.as_str()) {
        (Some(Comparison::Same), _) => Some(Matcher::Equals(Value::String(predicate.text()?))),
        (Some(Comparison::Other), _) => Some(present(not(Matcher::Equals(Value::String(predicate.text()?))))),
        (Some(_), _) => None,
        (None, "exists") => Some(Matcher::Exists(!predicate.denied)),
        (None, "contains") => {
            let part = Matcher::Contains(Value::String(predicate.text()?));
            Some(if predicate.denied { present(not(part)) } else { part })
        }
        (None, "isEmpty") => {
            let empty = Matcher::Length(Box::new(Matcher::Equals(Value::from(0))));
            Some(if predicate.denied { present(not(empty)) } else { empty })
        }
        (None, _) => textual(predicate),
    }
}

/// The predicates that are patterns.
fn textual(predicate: &Predicate) -> Option<Matcher> {
    const UUID: &str = "(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    let plain = || predicate.text().filter(|text| !has_mark(text)).map(|text| regex::escape(&text));
    let pattern = match (predicate.name.as_str(), &predicate.value) {
        ("matches", Some(Token::Text(pattern) | Token::Pattern(pattern))) => pattern.clone(),
        ("startsWith", _) => format!(r"\A{}", plain()?),
        ("endsWith", _) => format!(r"{}\z", plain()?),
        ("isUuid", None) => UUID.to_owned(),
        _ => return None,
    };
    let found = matches(&pattern)?;
    Some(if predicate.denied { present(not(found)) } else { found })
}

fn matches(pattern: &str) -> Option<Matcher> {
    (has_mark(pattern) || regex::Regex::new(pattern).is_ok()).then(|| Matcher::Matches(pattern.to_owned()))
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

fn present(matcher: Matcher) -> Matcher {
    and(Some(Matcher::Exists(true)), matcher)
}

/// Both, when there are words for that.
fn joined(known: Option<Matcher>, more: Matcher) -> Option<Matcher> {
    let both = and(known, more);
    to_value(&both).map(|_| both)
}

fn add(all: &mut Vec<Expectation>, of: &str, matcher: Matcher) -> Option<()> {
    let same = |one: &&mut Expectation| one.of.eq_ignore_ascii_case(of) && (one.of == of || !of.starts_with('$'));
    match all.iter_mut().find(same) {
        Some(one) => one.is = joined(Some(one.is.clone()), matcher)?,
        None => {
            to_value(&matcher)?;
            all.push(Expectation { of: of.to_owned(), is: matcher });
        }
    }
    Some(())
}
