//! What must be found, as data, for every kind of probe. Judging is `expect`'s.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Matcher, Texts, Visitor};

/// What must be found. Which parts fit which probe was decided when the file was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Any of these; any 2xx when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<StatusPattern>,
    /// The URL that answered after redirects: a path of the target, or a whole URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How many redirects were followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirects: Option<Matcher>,
    /// What headers must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Expectation>,
    /// What the cookies that the answer sets must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<Expectation>,
    /// The media type; without parameters any parameters will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What JSONPath queries (RFC 9535) must find.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<Expectation>,
    /// The JSON Schema that the body fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// What the body must be as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Matcher>,
    /// How many bytes the body has, decompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Matcher>,
    /// The SHA-256 of the body, decompressed, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The longest time in milliseconds from sending to the last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// What the certificate must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsExpect>,
    /// How many rows a query gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Matcher>,
    /// The error that must come, in place of a result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Matcher>,
    /// The exit code of a command; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Matcher>,
    /// What a command writes to its standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Matcher>,
    /// What a command writes to its standard error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Matcher>,
}

/// One expectation: a header name or JSONPath, and what must be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The header name or the JSONPath.
    pub of: String,
    /// What must be there.
    pub is: Matcher,
}

/// A status or a class of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatusPattern {
    /// This one.
    Exact(u16),
    /// All of a class, written as `2xx`.
    Class(String),
}

/// A JSON Schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schema {
    /// In a file of the project, relative to its root.
    File(String),
    /// Written in the check.
    Inline(Value),
}

/// What the certificate of the answering server must be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsExpect {
    /// How many whole days it is still valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<Matcher>,
    /// For whom it was made, such as `CN=example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Matcher>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Matcher>,
}

impl StatusPattern {
    /// Whether a status is meant.
    #[must_use]
    pub fn fits(&self, status: u16) -> bool {
        match self {
            Self::Exact(one) => *one == status,
            Self::Class(class) => class.as_bytes().first().is_some_and(|digit| u16::from(digit - b'0') == status / 100),
        }
    }
}

impl std::fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(one) => write!(f, "{one}"),
            Self::Class(class) => f.write_str(class),
        }
    }
}

impl Texts for Expect {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        let Self { status: _, within_ms: _, url, redirects, headers, cookies, content_type, json, schema, .. } = self;
        url.texts(visitor);
        redirects.texts(visitor);
        headers.texts(visitor);
        cookies.texts(visitor);
        content_type.texts(visitor);
        json.texts(visitor);
        schema.texts(visitor);
        let Self { body, bytes, sha256, tls, rows, error, exit, stdout, stderr, .. } = self;
        for matcher in [body, bytes, rows, error, exit, stdout, stderr] {
            matcher.texts(visitor);
        }
        sha256.texts(visitor);
        if let Some(TlsExpect { days_left, subject, issuer }) = tls {
            days_left.texts(visitor);
            subject.texts(visitor);
            issuer.texts(visitor);
        }
    }
}

impl Texts for Expectation {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.is.texts(visitor);
    }
}

impl Texts for Schema {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match self {
            Self::File(path) => visitor.text(path),
            // The braces of a schema are its own.
            Self::Inline(_) => {}
        }
    }
}
