//! When a check runs, what it means and what it hands on. Running it is `run`'s.

use serde::{Deserialize, Serialize};

use super::{Expect, Expectation, JsonType, Probe, Texts, Visitor, is_false};

/// When a check of a suite runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the others of its file, which are skipped when it does not pass.
    Setup,
    /// In its place.
    #[default]
    Main,
    /// After everything, whatever happened.
    Cleanup,
}

/// What a failed expectation means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The run fails.
    #[default]
    Fail,
    /// The run passes with a warning.
    Warn,
}

/// Whether a check changes what it looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only looks.
    #[default]
    Read,
    /// It changes something. Requests of other methods than GET, HEAD, OPTIONS and TRACE do, unless they say otherwise.
    Mutate,
}

/// A value kept from what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The name later templates use.
    pub name: String,
    /// Where it is found.
    pub from: Source,
    /// What it must be; a text is turned into it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub is: Option<JsonType>,
    /// Whether it must never be shown.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
}

/// Where a captured value is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// At a JSONPath.
    Json(String),
    /// In the first header of this name.
    Header(String),
    /// In the cookie of this name that the answer sets.
    Cookie(String),
    /// In the first group of a regular expression over the body, or all that it finds.
    Regex(String),
}

/// How long a check is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// No attempt starts later than this many milliseconds after the first.
    pub for_ms: u64,
    /// What must hold before an answer counts as the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Expectation>,
    /// Answers after which waiting is pointless: any of these that holds ends the attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abort_if: Vec<Expectation>,
}

/// What takes back what a check did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    /// What is done.
    pub probe: Probe,
    /// What must come of it.
    pub expect: Expect,
}

impl Phase {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
    pub(super) fn is_main(&self) -> bool {
        *self == Self::Main
    }
}

impl Effect {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
    pub(super) fn is_read(&self) -> bool {
        *self == Self::Read
    }
}

impl Texts for Retry {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.until.texts(visitor);
        self.abort_if.texts(visitor);
    }
}

impl Texts for Cleanup {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        self.probe.texts(visitor);
        self.expect.texts(visitor);
    }
}
