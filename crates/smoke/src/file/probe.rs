//! The shapes of the probes other than `request`. What their values mean is decided in `load/probe.rs`.

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::Placed;
use crate::model::RecordType;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileLog {
    pub(crate) file: Option<Spanned<String>>,
    pub(crate) command: Option<Spanned<Vec<String>>>,
    pub(crate) contains: Option<Spanned<String>>,
    pub(crate) matches: Option<Spanned<String>>,
    pub(crate) from_start: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileSql {
    pub(crate) query: Spanned<String>,
    #[serde(default)]
    pub(crate) binds: Placed<Value>,
    pub(crate) url: Option<Spanned<String>>,
    pub(crate) timeout: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRedis {
    pub(crate) url: Spanned<String>,
    pub(crate) command: Option<Spanned<Vec<String>>>,
    pub(crate) keys: Option<Spanned<String>>,
    pub(crate) timeout: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileTcp {
    pub(crate) address: Spanned<String>,
    pub(crate) resolve: Option<Spanned<String>>,
    pub(crate) timeout: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileDns {
    pub(crate) name: Spanned<String>,
    #[serde(rename = "type", default)]
    pub(crate) record: RecordType,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileCommand {
    pub(crate) run: Spanned<Vec<String>>,
    #[serde(default)]
    pub(crate) env: Placed<String>,
    pub(crate) timeout: Option<Spanned<String>>,
}
