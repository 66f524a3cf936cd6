//! The shapes of `smoke/*.toml`, with the places of what can be wrong in them. What they mean is decided in `load.rs`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::model::{Level, Method};

/// A map whose keys know their place; sorted by that place it is in the order of the file.
pub(crate) type Placed<T> = BTreeMap<Spanned<String>, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmokeFile {
    #[serde(default)]
    pub(crate) check: Vec<FileCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileCheck {
    pub(crate) name: Spanned<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) needs: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) level: Level,
    pub(crate) request: Spanned<FileRequest>,
    #[serde(default)]
    pub(crate) expect: FileExpect,
    #[serde(default)]
    pub(crate) capture: Placed<String>,
    #[serde(default)]
    pub(crate) secret_captures: Vec<Spanned<String>>,
    pub(crate) retry: Option<FileRetry>,
    #[serde(default)]
    pub(crate) any_revision: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRequest {
    #[serde(default)]
    pub(crate) method: Method,
    pub(crate) path: Spanned<String>,
    #[serde(default)]
    pub(crate) query: Placed<String>,
    #[serde(default)]
    pub(crate) headers: Placed<String>,
    pub(crate) body: Option<Spanned<String>>,
    pub(crate) json: Option<Spanned<Value>>,
    #[serde(default)]
    pub(crate) follow_redirects: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileExpect {
    pub(crate) status: Option<Spanned<u16>>,
    pub(crate) url: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) headers: Placed<Value>,
    pub(crate) body: Option<Spanned<Value>>,
    #[serde(default)]
    pub(crate) json: Placed<Value>,
    pub(crate) within: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRetry {
    #[serde(rename = "for")]
    pub(crate) duration: Spanned<String>,
    #[serde(default)]
    pub(crate) stop_on: Placed<Value>,
}

/// The entries of a map in the order in which they are written.
pub(crate) fn in_file_order<T>(map: Placed<T>) -> Vec<(Spanned<String>, T)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
