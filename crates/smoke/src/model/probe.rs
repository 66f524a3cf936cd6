//! What a check looks at, as data: HTTP and the other kinds. Measuring is `http`'s and `probe`'s.

use std::borrow::Cow;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Request, Resolve, Texts, Visitor, is_false};
use crate::http::shown_base;

/// What a check looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// The answer to a request.
    Http(Box<Request>),
    /// Lines of a file or of a command's output.
    Log(LogProbe),
    /// The rows of a query.
    Sql(SqlProbe),
    /// What Redis answers.
    Redis(RedisProbe),
    /// Whether something listens.
    Tcp(TcpProbe),
    /// What a name means.
    Dns(DnsProbe),
    /// How a command ends and what it writes.
    Command(CommandProbe),
}

/// A line that must appear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogProbe {
    /// Where lines come from.
    pub source: LogSource,
    /// What the line holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The regular expression that finds something in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Whether lines count that were in the file before the run began.
    #[serde(default, skip_serializing_if = "is_false")]
    pub from_start: bool,
}

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// A file, relative to the project's root.
    File(String),
    /// The output of a program with its arguments.
    Command(Vec<String>),
}

/// A query of the environment's database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlProbe {
    /// The query, with `:name` for what is bound. Never a template: what is filled in is bound.
    pub query: String,
    /// What the names in it stand for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<(String, Value)>,
    /// The URL of another database than the environment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How long the database may work at it, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// A question to Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisProbe {
    /// Where it is.
    pub url: String,
    /// What is asked.
    pub action: RedisAction,
    /// The longest time to connect and for an answer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What is asked of Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedisAction {
    /// A command with its arguments.
    Command(Vec<String>),
    /// The keys that fit a pattern.
    Keys(String),
}

/// An address at which something listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TcpProbe {
    /// Host and port.
    pub address: String,
    /// Which addresses of the host are connected to; the first that answers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve: Option<Resolve>,
    /// The longest time for one address, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// A name to look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsProbe {
    /// The name.
    pub name: String,
    /// What is looked up.
    #[serde(rename = "type", default)]
    pub record: RecordType,
}

/// The kinds of addresses, which are all that the system's resolver tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are those of DNS")]
pub enum RecordType {
    #[default]
    A,
    Aaaa,
}

/// A command to run in the project's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandProbe {
    /// The program with its arguments. No shell is between.
    pub run: Vec<String>,
    /// Its environment, beside the search path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// How long it may run, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl RecordType {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }
}

impl Probe {
    /// The request, when it is one.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        match self {
            Self::Http(request) => Some(request),
            _ => None,
        }
    }

    /// What is looked at in one line, as it is written.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Http(request) => {
                let base = request.base_url.as_deref().map(without_password).unwrap_or_default();
                format!("{} {base}{}", request.method.as_str(), request.path)
            }
            Self::Log(LogProbe { source: LogSource::File(file), .. }) => format!("log {file}"),
            Self::Log(LogProbe { source: LogSource::Command(words), .. }) => format!("log of {}", words.join(" ")),
            Self::Sql(SqlProbe { query, .. }) => {
                format!("sql {}", query.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            Self::Redis(RedisProbe { action: RedisAction::Command(words), .. }) => format!("redis {}", words.join(" ")),
            Self::Redis(RedisProbe { action: RedisAction::Keys(pattern), .. }) => format!("redis keys {pattern}"),
            Self::Tcp(TcpProbe { address, .. }) => format!("tcp {address}"),
            Self::Dns(DnsProbe { name, record }) => format!("dns {name} {}", record.as_str()),
            Self::Command(CommandProbe { run, .. }) => format!("command {}", run.join(" ")),
        }
    }
}

/// A URL, or a template that makes one, as it may be shown.
fn without_password(url: &str) -> Cow<'_, str> {
    match Url::parse(url) {
        Ok(parsed) if parsed.password().is_some() => {
            Cow::Owned(shown_base(&parsed).as_str().trim_end_matches('/').to_owned())
        }
        _ => Cow::Borrowed(url),
    }
}

impl Texts for Probe {
    fn texts(&mut self, visitor: &mut dyn Visitor) {
        match self {
            Self::Http(request) => request.texts(visitor),
            Self::Log(LogProbe { source, contains, matches, from_start: _ }) => {
                match source {
                    LogSource::File(file) => file.texts(visitor),
                    LogSource::Command(words) => words.texts(visitor),
                }
                contains.texts(visitor);
                matches.texts(visitor);
            }
            Self::Sql(SqlProbe { query: _, binds, url, timeout_ms: _ }) => {
                binds.texts(visitor);
                url.texts(visitor);
            }
            Self::Redis(RedisProbe { url, action, timeout_ms: _ }) => {
                url.texts(visitor);
                match action {
                    RedisAction::Command(words) => words.texts(visitor),
                    RedisAction::Keys(pattern) => pattern.texts(visitor),
                }
            }
            Self::Tcp(TcpProbe { address, resolve, timeout_ms: _ }) => {
                address.texts(visitor);
                if let Some(Resolve::Address(one)) = resolve {
                    one.texts(visitor);
                }
            }
            Self::Dns(DnsProbe { name, record: _ }) => name.texts(visitor),
            Self::Command(CommandProbe { run, env, timeout_ms: _ }) => {
                run.texts(visitor);
                env.texts(visitor);
            }
        }
    }
}
