//! Reads what a check keeps for later ones. Finding it in an answer is `run/capture.rs`'s.

use serde_json::{Map, Value};
use toml::Spanned;

use super::reader::Reader;
use crate::file::{Placed, in_file_order};
use crate::model::{Capture, JsonType, Source};
use crate::problem::Invalid;

impl Reader<'_> {
    pub(super) fn captures(&mut self, raw: Placed<Value>, secret: &[Spanned<String>]) -> Vec<Capture> {
        let mut captures = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            let name = name.into_inner();
            let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if !starts_well || !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
                self.wrong(at, Invalid::CaptureName { name: name.clone() });
            }
            let named = secret.iter().any(|secret| secret.get_ref() == &name);
            let capture = match value {
                Value::String(path) => Some(Capture { name, from: Source::Json(path), is: None, secret: false }),
                Value::Object(entries) => self.capture(at, name, entries),
                _ => {
                    self.wrong(at, Invalid::CaptureShape);
                    None
                }
            };
            let Some(mut capture) = capture else { continue };
            match &capture.from {
                Source::Json(path) => self.json_path(at, path),
                Source::Header(name) => self.header_name(at, name),
                Source::Regex(pattern) => self.pattern(at, pattern),
                Source::Cookie(_) => {}
            }
            capture.secret |= named;
            captures.push(capture);
        }
        for unknown in secret.iter().filter(|secret| captures.iter().all(|capture| &capture.name != secret.get_ref())) {
            self.wrong(unknown.span().start, Invalid::NotCaptured { name: unknown.get_ref().clone() });
        }
        captures
    }

    fn capture(&mut self, at: usize, name: String, entries: Map<String, Value>) -> Option<Capture> {
        let (mut from, mut is, mut secret) = (Vec::new(), None, false);
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("json", Value::String(path)) => from.push(Source::Json(path)),
                ("header", Value::String(name)) => from.push(Source::Header(name)),
                ("cookie", Value::String(name)) => from.push(Source::Cookie(name)),
                ("regex", Value::String(pattern)) => from.push(Source::Regex(pattern)),
                ("secret", Value::Bool(yes)) => secret = yes,
                ("type", Value::String(text)) => match JsonType::parse(&text) {
                    Some(found) => is = Some(found),
                    None => self.wrong(at, Invalid::UnknownType { name: text }),
                },
                _ => {
                    self.wrong(at, Invalid::CaptureKey { key });
                    return None;
                }
            }
        }
        match from.pop() {
            Some(source) if from.is_empty() => Some(Capture { name, from: source, is, secret }),
            _ => {
                self.wrong(at, Invalid::CaptureShape);
                None
            }
        }
    }
}
