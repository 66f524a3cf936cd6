//! One check on its way from a source to a file, and the file around it. How it is written is `write`'s.

use crate::model::{Auth, Body, Capture, Expect, Request};

/// A check. Its texts have marks for templates.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Where it begins in the source.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) needs: Option<String>,
    pub(super) request: Request,
    pub(super) expect: Expect,
    pub(super) capture: Vec<Capture>,
    pub(super) retry_ms: Option<u64>,
}

/// What the source says about how its requests connect.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) cookies: bool,
    pub(super) ca: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    pub(super) proxy: Option<String>,
}

impl Draft {
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    pub(super) fn header_of(&self, name: &str) -> Option<&str> {
        self.request.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Adds a header unless there is one.
    pub(super) fn default_header(&mut self, name: &str, value: &str) {
        if !self.has_header(name) {
            self.request.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// `user:password`, as both tools write it.
    pub(super) fn basic(&mut self, text: &str) {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        self.request.auth = Some(Auth::Basic { user: user.to_owned(), password: password.to_owned() });
    }

    /// A body that is sent as JSON: as a value where the format can hold it, else as it is.
    pub(super) fn json(&mut self, text: String, value: Option<serde_json::Value>) {
        self.request.body = Some(match value {
            Some(value) if super::write::fits_toml(&value) => Body::Json(value),
            _ => {
                self.default_header("content-type", "application/json");
                Body::Text(text)
            }
        });
    }
}
