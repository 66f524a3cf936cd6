//! Reads what is sent. Filling it in and sending it is `http`'s.

use plimsoll_core::template;
use serde_json::Value;
use toml::Spanned;

use super::reader::{Pairs, Reader};
use crate::file::{FileAuth, FileRequest, Placed, in_file_order};
use crate::model::{Auth, Body, HttpVersion, Method, MultipartPart, MultipartValue, Request, Resolve, Timeouts};
use crate::problem::Invalid;

impl Reader<'_> {
    pub(super) fn request(&mut self, mut raw: FileRequest) -> Request {
        let body = self.body(&mut raw);
        let path_at = raw.path.span().start;
        let path = self.placed_text(raw.path);
        if !path.starts_with('/') && !path.starts_with("{{") {
            self.wrong(path_at, Invalid::Path { path: path.clone() });
        }
        Request {
            method: raw.method.map(|method| self.method(&method)).unwrap_or_default(),
            base_url: raw.base_url.map(|base| self.placed_text(base)),
            path,
            query: self.pairs(raw.query, Pairs::Field),
            headers: self.pairs(raw.headers, Pairs::Header),
            body,
            auth: raw.auth.and_then(|auth| self.auth(auth)),
            cookies: self.pairs(raw.cookies, Pairs::Cookie),
            redirects: raw.redirects,
            http: raw.http.and_then(|http| self.version(&http)),
            timeouts: raw
                .timeouts
                .map(|raw| {
                    let mut millis = |raw: Option<Spanned<String>>| raw.and_then(|raw| self.duration(&raw));
                    Timeouts {
                        connect_ms: millis(raw.connect),
                        first_byte_ms: millis(raw.first_byte),
                        total_ms: millis(raw.total),
                    }
                })
                .unwrap_or_default(),
            body_limit: raw.body_limit.and_then(|limit| self.size(&limit)),
            resolve: raw.resolve.map(|resolve| self.resolve(resolve)),
            idempotency_key: raw.idempotency_key.map(|key| self.placed_text(key)),
        }
    }

    pub(super) fn auth(&mut self, raw: Spanned<FileAuth>) -> Option<Auth> {
        let at = raw.span().start;
        match raw.into_inner() {
            FileAuth { basic: Some(basic), bearer: None } => {
                Some(Auth::Basic { user: self.placed_text(basic.user), password: self.placed_text(basic.password) })
            }
            FileAuth { basic: None, bearer: Some(token) } => Some(Auth::Bearer(self.placed_text(token))),
            _ => {
                self.wrong(at, Invalid::AuthShape);
                None
            }
        }
    }

    fn body(&mut self, raw: &mut FileRequest) -> Option<Body> {
        let mut bodies: Vec<(usize, Body)> = Vec::new();
        if let Some(text) = raw.body.take() {
            bodies.push((text.span().start, Body::Text(self.placed_text(text))));
        }
        if let Some(json) = raw.json.take() {
            let at = json.span().start;
            let mut json = json.into_inner();
            self.templates(at, &mut json);
            bodies.push((at, Body::Json(json)));
        }
        if let Some(form) = raw.form.take() {
            let at = form.span().start;
            bodies.push((at, Body::Form(self.pairs(form.into_inner(), Pairs::Field))));
        }
        if let Some(file) = raw.file.take() {
            bodies.push((file.span().start, Body::File(self.project_file(file))));
        }
        if let Some(parts) = raw.multipart.take() {
            let at = parts.span().start;
            bodies.push((at, Body::Multipart(self.parts(parts.into_inner()))));
        }
        bodies.sort_by_key(|(at, _)| *at);
        if let [_, (second, _), ..] = bodies[..] {
            self.wrong(second, Invalid::TwoBodies);
        }
        bodies.into_iter().next().map(|(_, body)| body)
    }

    fn parts(&mut self, raw: Placed<Value>) -> Vec<MultipartPart> {
        let mut parts = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            let name = name.into_inner();
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            for value in values {
                let Some(value) = self.part(at, value) else {
                    self.wrong(at, Invalid::PartShape { name: name.clone() });
                    continue;
                };
                let mut part = MultipartPart { name: name.clone(), value };
                self.templates(at, &mut part);
                parts.push(part);
            }
        }
        parts
    }

    fn part(&mut self, at: usize, value: Value) -> Option<MultipartValue> {
        let mut entries = match value {
            Value::String(text) => return Some(MultipartValue::Text(text)),
            Value::Number(_) | Value::Bool(_) => return Some(MultipartValue::Text(value.to_string())),
            Value::Object(entries) => entries,
            Value::Null | Value::Array(_) => return None,
        };
        let mut text = |key: &str| match entries.remove(key) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(_) => None,
        };
        let (path, media_type, name) = (text("file")??, text("type")?, text("name")?);
        self.project_file_at(at, &path);
        entries.is_empty().then_some(MultipartValue::File { path, media_type, name })
    }

    fn method(&mut self, raw: &Spanned<String>) -> Method {
        Method::parse(raw.get_ref()).unwrap_or_else(|| {
            self.wrong(raw.span().start, Invalid::Method { name: raw.get_ref().clone() });
            Method::GET
        })
    }

    fn version(&mut self, raw: &Spanned<String>) -> Option<HttpVersion> {
        match raw.get_ref().as_str() {
            "1.1" => Some(HttpVersion::One),
            "2" => Some(HttpVersion::Two),
            other => {
                self.wrong(raw.span().start, Invalid::Version { text: other.to_owned() });
                None
            }
        }
    }

    fn size(&mut self, raw: &Spanned<Value>) -> Option<u64> {
        let bytes = match raw.get_ref() {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => parse_size(text),
            _ => None,
        };
        if bytes.is_none_or(|bytes| bytes == 0) {
            self.wrong(raw.span().start, Invalid::Size);
        }
        bytes
    }

    pub(super) fn resolve(&mut self, raw: Spanned<String>) -> Resolve {
        let at = raw.span().start;
        let text = self.placed_text(raw);
        if text == "all" {
            return Resolve::All;
        }
        if !template::is_template(&text) && text.parse::<std::net::IpAddr>().is_err() {
            self.wrong(at, Invalid::Address { text: text.clone() });
        }
        Resolve::Address(text)
    }
}

/// Bytes as people write them: `500KB`, `10MB`, in thousands.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_a_unit() {
        assert_eq!([parse_size("10MB"), parse_size("5 kB"), parse_size("7")], [Some(10_000_000), Some(5_000), Some(7)]);
        assert_eq!([parse_size("MB"), parse_size("10MiB"), parse_size("-1")], [None, None, None]);
    }
}
