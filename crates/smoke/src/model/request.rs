//! An HTTP request as a file declares it. Making the bytes of it is `http/prepare.rs`'s.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Texts, Visitor};

/// What is sent. Strings may hold `{{ templates }}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where another service is than the target; its answers are held to no revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The path after the base URL, with a leading `/`.
    pub path: String,
    /// Query parameters in the order of the file; a list is the name several times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// Headers in the order of the file, after those of the suite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Who asks; never sent to another host than the target's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Cookies beside those of the suite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<(String, String)>,
    /// How many redirects are followed; the final URL is then part of the expectation.
    #[serde(skip_serializing_if = "is_zero")]
    pub redirects: u32,
    /// The version of HTTP that must be spoken; what both sides can, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpVersion>,
    /// How long each part may take.
    #[serde(skip_serializing_if = "Timeouts::is_none")]
    pub timeouts: Timeouts,
    /// The largest body that is read, in bytes, decompressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_limit: Option<u64>,
    /// Which addresses of the name are asked; the first that answers, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve: Option<Resolve>,
    /// Sent as `Idempotency-Key`; a request with one may be sent again whatever its method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// An HTTP method: any token, in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Method(Cow<'static, str>);

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text as it is.
    Text(String),
    /// A JSON value, sent as `application/json`.
    Json(Value),
    /// Fields, sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// The bytes of a file of the project, relative to its root.
    File(String),
    /// Fields and files, sent as `multipart/form-data`.
    Multipart(Vec<MultipartPart>),
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultipartPart {
    /// The name of the field.
    pub name: String,
    /// What it holds.
    pub value: MultipartValue,
}

/// What a part of a multipart body holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MultipartValue {
    /// Text.
    Text(String),
    /// A file of the project.
    File {
        /// Where it is, relative to the project's root.
        path: String,
        /// Its media type; told from its extension when absent.
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
        /// The name it is sent with; its own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// A user with a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// The holder of a token.
    Bearer(String),
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2.
    #[serde(rename = "2")]
    Two,
}

/// How long each part of an exchange may take, in milliseconds; the run's own limits where absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// To connect, TLS included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u64>,
    /// From the beginning to the first byte of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// From the beginning to the last byte, redirects included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

/// Which addresses of the target's name are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolve {
    /// Each of them.
    All,
    /// This one, whatever the name means elsewhere.
    Address(String),
}

impl Method {
    /// GET.
    pub const GET: Self = Self(Cow::Borrowed("GET"));
    /// HEAD.
    pub const HEAD: Self = Self(Cow::Borrowed("HEAD"));
    /// POST.
    pub const POST: Self = Self(Cow::Borrowed("POST"));
    /// PUT.
    pub const PUT: Self = Self(Cow::Borrowed("PUT"));
    /// PATCH.
    pub const PATCH: Self = Self(Cow::Borrowed("PATCH"));
    /// DELETE.
    pub const DELETE: Self = Self(Cow::Borrowed("DELETE"));

    /// The method of this name, which is a token without small letters.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let right = reqwest::Method::from_bytes(name.as_bytes()).is_ok() && !name.contains(char::is_lowercase);
        right.then(|| Self(Cow::Owned(name.to_owned())))
    }

    /// The name as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it only looks, by its definition.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Whether sending the same request twice may do something twice. Nobody knows that of a method that is not HTTP's.
    #[must_use]
    pub fn repeats_its_effect(&self) -> bool {
        !self.is_safe() && !matches!(self.as_str(), "PUT" | "DELETE")
    }
}

impl Default for Method {
    fn default() -> Self {
        Self::GET
    }
}

impl HttpVersion {
    /// The version as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "1.1",
            Self::Two => "2",
        }
    }
}

impl Request {
    /// Whether sending it twice may do something twice.
    #[must_use]
    pub fn repeats_its_effect(&self) -> bool {
        self.method.repeats_its_effect() && self.idempotency_key.is_none()
    }
}

impl Timeouts {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Texts for Request {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        let Self { base_url, path, query, headers, body, auth, cookies, resolve, idempotency_key, .. } = self;
        base_url.texts(visitor);
        path.texts(visitor);
        query.texts(visitor);
        headers.texts(visitor);
        body.texts(visitor);
        auth.texts(visitor);
        cookies.texts(visitor);
        if let Some(Resolve::Address(address)) = resolve {
            address.texts(visitor);
        }
        idempotency_key.texts(visitor);
    }
}

impl Texts for Body {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match self {
            Self::Text(text) | Self::File(text) => text.texts(visitor),
            Self::Json(value) => value.texts(visitor),
            Self::Form(fields) => fields.texts(visitor),
            Self::Multipart(parts) => parts.texts(visitor),
        }
    }
}

impl Texts for MultipartPart {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match &mut self.value {
            MultipartValue::Text(text) => text.texts(visitor),
            MultipartValue::File { path, media_type, name } => {
                path.texts(visitor);
                media_type.texts(visitor);
                name.texts(visitor);
            }
        }
    }
}

impl Texts for Auth {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match self {
            Self::Basic { user, password } => {
                user.texts(visitor);
                password.texts(visitor);
            }
            Self::Bearer(token) => token.texts(visitor),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
