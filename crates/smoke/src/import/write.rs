//! Writes drafts as a file of checks, and leaves out those that would not load. What they are made of is the readers' to say.

use std::path::Path;

use serde_json::{Map, Value};

use super::draft::{Connection, Draft};
use super::matchers;
use super::text::{Templates, shown, template};
use super::{Imported, Remarks};
use crate::duration::show_millis;
use crate::model::{
    Auth, Body, Capture, Expect, Expectation, MultipartValue, Request, Resolve, Source, StatusPattern, Texts,
};

/// The file of all drafts that load.
pub(super) fn file(source: &str, connection: &Connection, drafts: Vec<Draft>, mut remarks: Remarks) -> Imported {
    let mut toml = format!("# Imported from {}.\n", source.replace(|character: char| character.is_control(), " "));
    let suite = suite(connection);
    if !suite.is_empty() {
        toml.push_str(&format!("\n[suite]\n{suite}"));
    }
    let mut names: Vec<String> = Vec::new();
    for mut draft in drafts {
        // What is not in the file cannot be waited for.
        draft.needs = draft.needs.and_then(|_| names.last().cloned());
        let (line, name) = (draft.line, shown(&draft.name));
        let text = match check(draft) {
            Ok(text) => text,
            Err(what) => {
                remarks.left_out(line, format!("the whole request: {what}"));
                continue;
            }
        };
        let whole = format!("{toml}\n{text}");
        match crate::load::parse(Path::new("imported.toml"), &whole) {
            Ok(_) => {
                toml = whole;
                names.push(name);
            }
            Err(problems) => {
                let why: Vec<_> = problems.problems.iter().map(|problem| problem.message.clone()).collect();
                remarks.left_out(line, format!("the whole request: {}", why.join("; ")));
            }
        }
    }
    let Remarks { mut left_out, mut notes } = remarks;
    left_out.sort();
    left_out.dedup();
    notes.sort();
    Imported { toml, checks: names.len(), left_out, notes }
}

/// Whether TOML has this value: it has no null, and whole numbers of 64 bits.
pub(super) fn fits_toml(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number.is_i64() || number.is_f64(),
        Value::Array(items) => items.iter().all(fits_toml),
        Value::Object(entries) => entries.values().all(fits_toml),
    }
}

fn suite(connection: &Connection) -> String {
    let Connection { cookies, ca, certificate, key, proxy } = connection;
    let mut out = Lines::default();
    if *cookies {
        out.set("cookies", &Value::from(true));
    }
    out.text("ca", ca.as_deref());
    if let (Some(certificate), Some(key)) = (certificate, key) {
        out.set("client_certificate", &serde_json::json!({"certificate": template(certificate), "key": template(key)}));
    }
    out.text("proxy", proxy.as_deref());
    out.0
}

fn check(draft: Draft) -> Result<String, String> {
    let Draft { line: _, name, needs, mut request, mut expect, capture, retry_ms } = draft;
    request.texts(&mut Templates);
    expect.texts(&mut Templates);
    let mut out = Lines::default();
    out.set("name", &Value::from(shown(&name)));
    if let Some(needs) = needs {
        out.set("needs", &Value::from(vec![needs]));
    }
    if !request.method.is_safe() {
        let leaves = format!("what {} {} changes", request.method.as_str(), shown(&request.path));
        out.0.push_str("# Say what that is; or add `cleanup`, or write effect = \"read\" when it changes nothing.\n");
        out.set("leaves", &Value::from(leaves));
    }
    if !capture.is_empty() {
        out.set("capture", &Value::Object(capture.iter().map(captured).collect()));
    }
    if let Some(millis) = retry_ms {
        out.set("retry", &serde_json::json!({"for": show_millis(millis)}));
    }
    let request = self::request(&request)?;
    let expect = self::expect(&expect)?;
    let expect = if expect.is_empty() { expect } else { format!("\n[check.expect]\n{expect}") };
    Ok(format!("[[check]]\n{}\n[check.request]\n{request}{expect}", out.0))
}

fn request(request: &Request) -> Result<String, String> {
    let mut out = Lines::default();
    if let Some(base_url) = &request.base_url {
        out.set("base_url", &Value::from(base_url.as_str()));
    }
    out.set("method", &Value::from(request.method.as_str()));
    out.set("path", &Value::from(request.path.as_str()));
    out.pairs("query", &request.query)?;
    out.pairs("headers", &request.headers)?;
    match &request.body {
        Some(Body::Text(text)) => out.set("body", &Value::from(text.as_str())),
        Some(Body::Json(value)) => out.set("json", value),
        Some(Body::Form(fields)) => out.pairs("form", fields)?,
        Some(Body::File(path)) => out.set("file", &Value::from(path.as_str())),
        Some(Body::Multipart(parts)) => {
            let part = |value: &MultipartValue| match value {
                MultipartValue::Text(text) => Value::from(text.as_str()),
                MultipartValue::File { path, media_type, name } => {
                    let mut entries = Map::from_iter([("file".to_owned(), Value::from(path.as_str()))]);
                    entries.extend(media_type.iter().map(|of| ("type".to_owned(), Value::from(of.as_str()))));
                    entries.extend(name.iter().map(|name| ("name".to_owned(), Value::from(name.as_str()))));
                    Value::Object(entries)
                }
            };
            let parts: Vec<_> = parts.iter().map(|one| (one.name.clone(), part(&one.value))).collect();
            out.set("multipart", &grouped(&parts)?);
        }
        None => {}
    }
    match &request.auth {
        Some(Auth::Basic { user, password }) => {
            out.set("auth", &serde_json::json!({"basic": {"user": user, "password": password}}));
        }
        Some(Auth::Bearer(token)) => out.set("auth", &serde_json::json!({"bearer": token})),
        None => {}
    }
    out.pairs("cookies", &request.cookies)?;
    if request.redirects > 0 {
        out.set("redirects", &Value::from(request.redirects));
    }
    if let Some(version) = request.http {
        out.set("http", &Value::from(version.as_str()));
    }
    let limits = [
        ("connect", request.timeouts.connect_ms),
        ("first_byte", request.timeouts.first_byte_ms),
        ("total", request.timeouts.total_ms),
    ];
    let limits: Map<String, Value> = limits
        .into_iter()
        .filter_map(|(name, millis)| Some((name.to_owned(), Value::from(show_millis(millis?)))))
        .collect();
    if !limits.is_empty() {
        out.set("timeouts", &Value::Object(limits));
    }
    match &request.resolve {
        Some(Resolve::All) => out.set("resolve", &Value::from("all")),
        Some(Resolve::Address(address)) => out.set("resolve", &Value::from(address.as_str())),
        None => {}
    }
    Ok(out.0)
}

fn expect(expect: &Expect) -> Result<String, String> {
    let mut out = Lines::default();
    let pattern = |pattern: &StatusPattern| match pattern {
        StatusPattern::Exact(status) => Value::from(*status),
        StatusPattern::Class(class) => Value::from(class.as_str()),
    };
    match expect.status.as_slice() {
        [] => {}
        [one] => out.set("status", &pattern(one)),
        several => out.set("status", &several.iter().map(pattern).collect()),
    }
    if let Some(url) = &expect.url {
        out.set("url", &Value::from(url.as_str()));
    }
    out.matcher("redirects", expect.redirects.as_ref())?;
    for (name, all) in [("headers", &expect.headers), ("cookies", &expect.cookies), ("json", &expect.json)] {
        out.expectations(name, all)?;
    }
    out.matcher("body", expect.body.as_ref())?;
    out.matcher("bytes", expect.bytes.as_ref())?;
    if let Some(digest) = &expect.sha256 {
        out.set("sha256", &Value::from(digest.as_str()));
    }
    if let Some(millis) = expect.within_ms {
        out.set("within", &Value::from(show_millis(millis)));
    }
    if let Some(tls) = &expect.tls {
        let parts = [("days_left", &tls.days_left), ("subject", &tls.subject), ("issuer", &tls.issuer)];
        let mut entries = Map::new();
        for (name, matcher) in parts {
            if let Some(matcher) = matcher {
                entries.insert(name.to_owned(), words(name, matcher)?);
            }
        }
        out.set("tls", &Value::Object(entries));
    }
    Ok(out.0)
}

fn captured(capture: &Capture) -> (String, Value) {
    let (kind, from) = match &capture.from {
        Source::Json(path) if !capture.secret => return (capture.name.clone(), Value::from(path.as_str())),
        Source::Json(path) => ("json", path),
        Source::Header(name) => ("header", name),
        Source::Cookie(name) => ("cookie", name),
        Source::Regex(pattern) => ("regex", pattern),
    };
    let mut entries = Map::from_iter([(kind.to_owned(), Value::from(from.as_str()))]);
    if capture.secret {
        entries.insert("secret".to_owned(), Value::from(true));
    }
    (capture.name.clone(), Value::Object(entries))
}

fn words(place: &str, matcher: &crate::model::Matcher) -> Result<Value, String> {
    matchers::to_value(matcher)
        .filter(fits_toml)
        .ok_or_else(|| format!("what is expected of `{place}` cannot be said together in one check"))
}

/// A name with several values has a list of them.
fn grouped(pairs: &[(String, Value)]) -> Result<Value, String> {
    let mut entries: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        if super::text::has_mark(name) {
            return Err(format!("`{}` is a name with a variable in it", shown(name)));
        }
        match entries.get_mut(name) {
            None => {
                entries.insert(name.clone(), value.clone());
            }
            Some(Value::Array(several)) => several.push(value.clone()),
            Some(one) => *one = Value::Array(vec![one.clone(), value.clone()]),
        }
    }
    Ok(Value::Object(entries))
}

/// Lines of `name = value`.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn set(&mut self, name: &str, value: &Value) {
        self.0.push_str(&format!("{name} = {}\n", inline(value)));
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.set(name, &Value::from(template(text)));
        }
    }

    fn pairs(&mut self, name: &str, pairs: &[(String, String)]) -> Result<(), String> {
        if !pairs.is_empty() {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            self.set(name, &grouped(&pairs)?);
        }
        Ok(())
    }

    fn matcher(&mut self, name: &str, matcher: Option<&crate::model::Matcher>) -> Result<(), String> {
        if let Some(matcher) = matcher {
            self.set(name, &words(name, matcher)?);
        }
        Ok(())
    }

    fn expectations(&mut self, name: &str, all: &[Expectation]) -> Result<(), String> {
        if !all.is_empty() {
            let mut entries = Map::new();
            for one in all {
                entries.insert(one.of.clone(), words(&one.of, &one.is)?);
            }
            self.set(name, &Value::Object(entries));
        }
        Ok(())
    }
}

/// A value as TOML has it in one line. What TOML does not have was refused before.
fn inline(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => {
            let text = number.to_string();
            if number.is_f64() && !text.contains(['.', 'e', 'E']) { format!("{text}.0") } else { text }
        }
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| format!("{} = {}", key(name), inline(value));
            let entries: Vec<_> = entries.iter().map(entry).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
    }
}

fn key(name: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A string in quotes. What a person could not read is escaped.
fn quoted(text: &str) -> String {
    // A literal string keeps backslashes and quotes as they are.
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(|other: char| other.is_control()) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            control if control.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
