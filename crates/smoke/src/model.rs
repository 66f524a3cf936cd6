//! What a check is, as plain data that plans carry and files are turned into. Reading the files is `load.rs`'s.

use plimsoll_core::Location;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One check: a request, what its answer must be, and what later checks take from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name, unique in the project.
    pub name: String,
    /// Where the check is written.
    pub location: Location,
    /// What selections name it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Names of checks that must have passed before this one is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// What a failed expectation means.
    #[serde(default)]
    pub level: Level,
    /// What is sent.
    pub request: Request,
    /// What must come back.
    pub expect: Expect,
    /// Values kept for later checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<Capture>,
    /// Whether and how long to try again; once only when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Accepts an answer of any revision, for what a release does not serve itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub any_revision: bool,
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

/// What is sent. Strings may hold `{{ templates }}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path after the base URL, with a leading `/`.
    pub path: String,
    /// Query parameters in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// Headers in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Follows up to ten redirects; the final URL is then part of the expectation.
    #[serde(default, skip_serializing_if = "is_false")]
    pub follow_redirects: bool,
}

/// The HTTP methods a check can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of HTTP")]
pub enum Method {
    #[default]
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The name as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether sending the same request twice may do something twice.
    #[must_use]
    pub fn repeats_its_effect(self) -> bool {
        matches!(self, Self::Post | Self::Patch)
    }
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Text as it is.
    Text(String),
    /// A JSON value, sent as `application/json`.
    Json(Value),
}

/// What an answer must be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The exact status; any 2xx when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The URL that answered after redirects: a path of the target, or a whole URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What headers must be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Expectation>,
    /// What the body must be as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Matcher>,
    /// What JSONPath queries (RFC 9535) into the body must find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<Expectation>,
    /// The longest time in milliseconds from sending to the last byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
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

/// How a value is compared. A JSONPath that can find several values always gives a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matcher {
    /// The same value; `1` and `1.0` are the same.
    Equals(Value),
    /// Any other value.
    Not(Value),
    /// Something is there (`true`), or nothing is (`false`).
    Exists(bool),
    /// A number not under this one.
    AtLeast(Value),
    /// A number not over this one.
    AtMost(Value),
    /// A list, object or text of this length.
    Length(Value),
    /// A text with this part, or a list with this item.
    Contains(Value),
    /// A text in which this regular expression finds something.
    Matches(String),
}

/// A value kept from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The name later templates use.
    pub name: String,
    /// The JSONPath that finds it.
    pub path: String,
    /// Whether it must never be shown.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
}

/// How long a check is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// No attempt starts later than this many milliseconds after the first.
    pub for_ms: u64,
    /// Answers after which waiting is pointless: any of these that holds ends the attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_on: Vec<Expectation>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}
