//! What a check is, as plain data that plans carry and files are turned into. Reading the files is `load`'s.

mod expect;
mod flow;
mod matcher;
mod probe;
mod request;
mod suite;
mod texts;

use plimsoll_core::Location;
use serde::{Deserialize, Serialize};

pub use expect::{Expect, Expectation, Schema, StatusPattern, TlsExpect};
pub use flow::{Capture, Cleanup, Effect, Level, Phase, Retry, Source};
pub use matcher::{JsonType, Matcher};
pub use probe::{
    CommandProbe, DnsProbe, LogProbe, LogSource, Probe, RecordType, RedisAction, RedisProbe, SqlProbe, TcpProbe,
};
pub use request::{Auth, Body, HttpVersion, Method, MultipartPart, MultipartValue, Request, Resolve, Timeouts};
pub use suite::{ClientCertificate, Suite, Suites};
pub(crate) use texts::{Texts, Visitor};

/// One check: what is looked at, what must be found there, and what later checks take from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name, unique in the project.
    pub name: String,
    /// Where the check is written.
    pub location: Location,
    /// The suite it belongs to: the stem of its file.
    pub suite: String,
    /// When it runs.
    #[serde(default, skip_serializing_if = "Phase::is_main")]
    pub phase: Phase,
    /// What selections name it by, those of its suite included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Names of checks that must have passed before this one is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// What a failed expectation means.
    #[serde(default)]
    pub level: Level,
    /// Whether it changes anything.
    #[serde(default, skip_serializing_if = "Effect::is_read")]
    pub effect: Effect,
    /// What it leaves behind on purpose, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<String>,
    /// Checks of one group never run at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What is looked at.
    pub probe: Probe,
    /// What must be found.
    pub expect: Expect,
    /// Values kept for later checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Capture>,
    /// Whether and how long to try again; once only when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What takes back what it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Cleanup>,
    /// Accepts an answer of any revision, for what a release does not serve itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub any_revision: bool,
}

impl Texts for Check {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.probe.texts(visitor);
        self.expect.texts(visitor);
        self.retry.texts(visitor);
        self.cleanup.texts(visitor);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}
