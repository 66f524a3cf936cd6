//! The shape of `expect`, with the parts of all kinds of probes. Which fit which is decided in `load/expect.rs`.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::Placed;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileExpect {
    pub(crate) status: Option<Spanned<Value>>,
    pub(crate) url: Option<Spanned<String>>,
    pub(crate) redirects: Option<Spanned<Value>>,
    #[serde(default)]
    pub(crate) headers: Placed<Value>,
    #[serde(default)]
    pub(crate) cookies: Placed<Value>,
    pub(crate) content_type: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) json: Placed<Value>,
    pub(crate) schema: Option<Spanned<Value>>,
    pub(crate) body: Option<Spanned<Value>>,
    pub(crate) bytes: Option<Spanned<Value>>,
    pub(crate) sha256: Option<Spanned<String>>,
    pub(crate) within: Option<Spanned<String>>,
    pub(crate) tls: Option<Spanned<FileTls>>,
    pub(crate) rows: Option<Spanned<Value>>,
    pub(crate) error: Option<Spanned<Value>>,
    pub(crate) exit: Option<Spanned<Value>>,
    pub(crate) stdout: Option<Spanned<Value>>,
    pub(crate) stderr: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileTls {
    pub(crate) days_left: Option<Spanned<Value>>,
    pub(crate) subject: Option<Spanned<Value>>,
    pub(crate) issuer: Option<Spanned<Value>>,
}
