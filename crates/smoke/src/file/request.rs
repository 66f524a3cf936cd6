//! The shape of `request`. What its values mean is decided in `load/request.rs`.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::Placed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRequest {
    pub(crate) method: Option<Spanned<String>>,
    pub(crate) base_url: Option<Spanned<String>>,
    pub(crate) path: Spanned<String>,
    #[serde(default)]
    pub(crate) query: Placed<Value>,
    #[serde(default)]
    pub(crate) headers: Placed<Value>,
    pub(crate) body: Option<Spanned<String>>,
    pub(crate) json: Option<Spanned<Value>>,
    pub(crate) form: Option<Spanned<Placed<Value>>>,
    pub(crate) file: Option<Spanned<String>>,
    pub(crate) multipart: Option<Spanned<Placed<Value>>>,
    pub(crate) auth: Option<Spanned<FileAuth>>,
    #[serde(default)]
    pub(crate) cookies: Placed<Value>,
    #[serde(default)]
    pub(crate) redirects: u32,
    pub(crate) http: Option<Spanned<String>>,
    pub(crate) timeouts: Option<FileTimeouts>,
    pub(crate) body_limit: Option<Spanned<Value>>,
    pub(crate) resolve: Option<Spanned<String>>,
    pub(crate) idempotency_key: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileAuth {
    pub(crate) basic: Option<FileBasic>,
    pub(crate) bearer: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileBasic {
    pub(crate) user: Spanned<String>,
    pub(crate) password: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileTimeouts {
    pub(crate) connect: Option<Spanned<String>>,
    pub(crate) first_byte: Option<Spanned<String>>,
    pub(crate) total: Option<Spanned<String>>,
}
