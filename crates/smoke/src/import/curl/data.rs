//! What curl's data flags send: a form, JSON, text, a file, parts. The other flags are beside it.

use serde_json::Value;

use crate::import::Remarks;
use crate::import::address::pairs;
use crate::import::draft::Draft;
use crate::import::text::has_mark;
use crate::model::{Body, MultipartPart, MultipartValue};

/// Everything that the data flags gave.
#[derive(Default)]
pub(super) struct Data {
    pub(super) in_query: bool,
    texts: Vec<String>,
    file: Option<String>,
    parts: Vec<MultipartPart>,
    json: bool,
    put: bool,
}

impl Data {
    /// Takes a flag, when it is one of data and can be sent.
    pub(super) fn add(&mut self, name: &str, value: &str) -> bool {
        let file = value.strip_prefix('@');
        match (name, file) {
            ("data-raw", _) => self.texts.push(value.to_owned()),
            ("json", None) => {
                self.json = true;
                self.texts.push(value.to_owned());
            }
            ("data" | "data-ascii" | "data-binary", None) => self.texts.push(value.to_owned()),
            // `--data` takes the line ends out of a file, which nobody means.
            ("data" | "data-ascii" | "data-binary" | "json", Some(path)) if self.one(path) => {
                self.json |= name == "json";
                self.file = Some(path.to_owned());
            }
            ("data-urlencode", None) => {
                let (name, value) = value.split_once('=').unwrap_or(("", value));
                if name.contains('@') || name.is_empty() || has_mark(name) {
                    return false;
                }
                let escaped: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                self.texts.push(format!("{name}={}", if has_mark(value) { value.to_owned() } else { escaped }));
            }
            ("form-string", _) => match value.split_once('=') {
                Some((name, value)) => self.part(name, MultipartValue::Text(value.to_owned())),
                None => return false,
            },
            ("form", _) => match value.split_once('=').and_then(|(name, value)| Some((name, part(value)?))) {
                Some((name, value)) => self.part(name, value),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    pub(super) fn upload(&mut self, path: String) {
        self.file = Some(path);
        self.put = true;
    }

    /// Fills in the body, and says which method curl would take for it.
    pub(super) fn apply(self, draft: &mut Draft, remarks: &mut Remarks) -> &'static str {
        let text = self.texts.join(if self.json { "" } else { "&" });
        if self.in_query {
            if !text.is_empty() {
                match pairs(&text) {
                    Some(pairs) => draft.request.query.extend(pairs),
                    None => {
                        let joint = if draft.request.path.contains('?') { '&' } else { '?' };
                        draft.request.path.push_str(&format!("{joint}{text}"));
                    }
                }
            }
            return "GET";
        }
        if !self.parts.is_empty() {
            draft.request.body = Some(Body::Multipart(self.parts));
            return "POST";
        }
        if self.file.is_some() || !text.is_empty() && self.json {
            if self.json {
                draft.default_header("content-type", "application/json");
                draft.default_header("accept", "application/json");
            } else if !self.put {
                draft.default_header("content-type", "application/x-www-form-urlencoded");
            }
        }
        if let Some(path) = self.file {
            remarks.note(draft.line, "files are looked for in the project's root");
            draft.request.body = Some(Body::File(path));
            return if self.put { "PUT" } else { "POST" };
        }
        if self.texts.is_empty() {
            return "GET";
        }
        let media_type = draft.header_of("content-type").map(|value| value.to_ascii_lowercase());
        match media_type.as_deref() {
            Some(json) if json.contains("json") => {
                let value = serde_json::from_str::<Value>(&text).ok();
                if json == "application/json" && value.as_ref().is_some_and(crate::import::write::fits_toml) {
                    draft.request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                }
                draft.json(text, value);
            }
            Some(other) if other != "application/x-www-form-urlencoded" => draft.request.body = Some(Body::Text(text)),
            declared => match pairs(&text) {
                Some(fields) => {
                    if declared.is_some() {
                        draft.request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                    }
                    draft.request.body = Some(Body::Form(fields));
                }
                None => {
                    draft.default_header("content-type", "application/x-www-form-urlencoded");
                    draft.request.body = Some(Body::Text(text));
                }
            },
        }
        "POST"
    }

    /// Whether this file is all that is sent.
    fn one(&self, path: &str) -> bool {
        self.texts.is_empty() && self.file.is_none() && path != "-"
    }

    fn part(&mut self, name: &str, value: MultipartValue) {
        self.parts.push(MultipartPart { name: name.to_owned(), value });
    }
}

/// `text`, or `@file;type=..;filename=..`.
fn part(value: &str) -> Option<MultipartValue> {
    let Some(file) = value.strip_prefix('@') else {
        // What is read from a file as text has no word in a check.
        return (!value.starts_with('<')).then(|| MultipartValue::Text(value.to_owned()));
    };
    let mut words = file.split(';');
    let path = words.next().filter(|path| *path != "-" && !path.contains(','))?.to_owned();
    let (mut media_type, mut name) = (None, None);
    for word in words {
        match word.split_once('=')? {
            ("type", value) => media_type = Some(value.to_owned()),
            ("filename", value) => name = Some(value.trim_matches('"').to_owned()),
            _ => return None,
        }
    }
    Some(MultipartValue::File { path, media_type, name })
}
