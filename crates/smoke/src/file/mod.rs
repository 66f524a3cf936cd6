//! The shapes of `smoke/*.toml`, with the places of what can be wrong in them. What they mean is decided in `load`.

mod expect;
mod probe;
mod request;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::model::{Effect, Level};

pub(crate) use expect::FileExpect;
pub(crate) use probe::{FileCommand, FileDns, FileLog, FileRedis, FileSql, FileTcp};
pub(crate) use request::{FileAuth, FileRequest};

/// A map whose keys know their place; sorted by that place it is in the order of the file.
pub(crate) type Placed<T> = BTreeMap<Spanned<String>, T>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmokeFile {
    #[serde(default)]
    pub(crate) suite: FileSuite,
    #[serde(default)]
    pub(crate) setup: Vec<FileCheck>,
    #[serde(default)]
    pub(crate) check: Vec<FileCheck>,
    #[serde(default)]
    pub(crate) cleanup: Vec<FileCheck>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileSuite {
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) base_url: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) cookies: bool,
    pub(crate) ca: Option<Spanned<String>>,
    pub(crate) client_certificate: Option<FileClientCertificate>,
    pub(crate) proxy: Option<Spanned<String>>,
    pub(crate) deadline: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) headers: Placed<Value>,
    pub(crate) auth: Option<Spanned<FileAuth>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileClientCertificate {
    pub(crate) certificate: Spanned<String>,
    pub(crate) key: Spanned<String>,
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
    pub(crate) effect: Option<Spanned<Effect>>,
    pub(crate) leaves: Option<Spanned<String>>,
    pub(crate) group: Option<String>,
    pub(crate) request: Option<Spanned<FileRequest>>,
    pub(crate) log: Option<Spanned<FileLog>>,
    pub(crate) sql: Option<Spanned<FileSql>>,
    pub(crate) redis: Option<Spanned<FileRedis>>,
    pub(crate) tcp: Option<Spanned<FileTcp>>,
    pub(crate) dns: Option<Spanned<FileDns>>,
    pub(crate) command: Option<Spanned<FileCommand>>,
    #[serde(default)]
    pub(crate) expect: FileExpect,
    #[serde(default)]
    pub(crate) capture: Placed<Value>,
    #[serde(default)]
    pub(crate) secret_captures: Vec<Spanned<String>>,
    pub(crate) retry: Option<FileRetry>,
    pub(crate) cleanup: Option<Spanned<FileCleanup>>,
    #[serde(default)]
    pub(crate) any_revision: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRetry {
    #[serde(rename = "for")]
    pub(crate) duration: Spanned<String>,
    #[serde(default)]
    pub(crate) until: Placed<Value>,
    #[serde(default)]
    pub(crate) abort_if: Placed<Value>,
}

/// Only what can change something cleans up; `sql` reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileCleanup {
    pub(crate) request: Option<Spanned<FileRequest>>,
    pub(crate) redis: Option<Spanned<FileRedis>>,
    pub(crate) command: Option<Spanned<FileCommand>>,
    #[serde(default)]
    pub(crate) expect: FileExpect,
}

/// The probe of a check or of its cleanup, before it is known that there is exactly one.
pub(crate) struct FileProbes {
    pub(crate) request: Option<Spanned<FileRequest>>,
    pub(crate) log: Option<Spanned<FileLog>>,
    pub(crate) sql: Option<Spanned<FileSql>>,
    pub(crate) redis: Option<Spanned<FileRedis>>,
    pub(crate) tcp: Option<Spanned<FileTcp>>,
    pub(crate) dns: Option<Spanned<FileDns>>,
    pub(crate) command: Option<Spanned<FileCommand>>,
}

/// The entries of a map in the order in which they are written.
pub(crate) fn in_file_order<T>(map: Placed<T>) -> Vec<(Spanned<String>, T)> {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
