//! What a run found, as plain data with nothing secret in it. Laying it out for a person is the command line's.

use std::fmt;

use plimsoll_core::{ErrorCode, Location};
use serde::Serialize;

use crate::error::SmokeFailed;
use crate::tally::RevisionTally;

/// Everything one run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SmokeReport {
    /// The base URL, without a password.
    pub target: String,
    /// How the revision was proved, when one was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<RevisionTally>,
    /// How many checks ended how.
    pub counts: Counts,
    /// How long the run took.
    pub duration_ms: u64,
    /// What earlier runs have left, then every check of the plan in its order, then what cleaned up.
    pub checks: Vec<CheckReport>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Measured, and as expected, at the first attempt.
    Pass,
    /// As expected, at a later attempt.
    Flaky,
    /// Not as expected, and the check only warns.
    Warn,
    /// Not as expected.
    Fail,
    /// Could not be measured, so nothing is known.
    Error,
    /// Not sent; the reason is given.
    Skip,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "one number for each verdict")]
pub struct Counts {
    pub pass: usize,
    pub flaky: usize,
    pub warn: usize,
    pub fail: usize,
    pub error: usize,
    pub skip: usize,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// The name.
    pub name: String,
    /// Where it is written.
    pub location: Location,
    /// How it ended.
    pub verdict: Verdict,
    /// The request as it was sent, or as written when it never was.
    pub request: String,
    /// How often it was sent.
    pub attempts: u32,
    /// From the first byte sent to the last one read, of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_ms: Option<u64>,
    /// The status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What was not as expected in the last answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<Unmeasured>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkipReason>,
    /// What was wrong at the first of several attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_attempt: Option<String>,
    /// The answer that made further attempts pointless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_on: Option<String>,
    /// The beginning of the last answer's body, when the check did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The last lines of what a command wrote or a log has, when the check did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// A shell line that sends the same request, with the secrets masked, when the check did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// What a person can do about it, where no line repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// One thing that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which part of the answer.
    pub part: Part,
    /// Which one of these: the header's name, the JSONPath, the captured name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// What was wanted.
    pub expected: String,
    /// What was there.
    pub actual: String,
    /// The lines that differ, where the texts are too long to see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// The address that answered so, when each address of a name was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, actual, .. } = self;
        write!(f, "{}: expected {expected}, found {actual}", self.place())
    }
}

impl Finding {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        let Self { part: _, of, expected, actual, diff, from } = self;
        [of, expected, actual].into_iter().for_each(&mut *visit);
        [diff, from].into_iter().flatten().for_each(visit);
    }

    /// What was looked at: `header etag`, `json $.id from 127.0.0.1`.
    #[must_use]
    pub fn place(&self) -> String {
        let of = &self.of;
        let part = match self.part {
            Part::Status => "status",
            Part::Url => "final URL",
            Part::Header => "header",
            Part::Body => "body",
            Part::Json => "json",
            Part::Capture => "capture",
            Part::Time => "time",
            Part::Revision => "revision",
            Part::Redirects => "redirects",
            Part::Cookie => "cookie",
            Part::ContentType => "content type",
            Part::Schema => "schema",
            Part::Bytes => "bytes",
            Part::Sha256 => "SHA-256",
            Part::Tls => "certificate",
            Part::Version => "HTTP version",
            Part::Rows => "rows",
            Part::Error => "error",
            Part::Exit => "exit code",
            Part::Stdout => "stdout",
            Part::Stderr => "stderr",
            Part::Log => "log",
        };
        let space = if of.is_empty() { "" } else { " " };
        let from = self.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{part}{space}{of}{from}")
    }
}

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The status.
    Status,
    /// The URL that answered after redirects.
    Url,
    /// A header.
    Header,
    /// The body as text.
    Body,
    /// The body as JSON.
    Json,
    /// A value that later checks need.
    Capture,
    /// The time from the first byte sent to the last one read.
    Time,
    /// The revision that answered.
    Revision,
    /// How many redirects were followed.
    Redirects,
    /// A cookie that the answer sets.
    Cookie,
    /// The media type.
    ContentType,
    /// The JSON Schema.
    Schema,
    /// How many bytes the body has.
    Bytes,
    /// The digest of the body.
    Sha256,
    /// The certificate.
    Tls,
    /// The version of HTTP.
    Version,
    /// How many rows a query gives.
    Rows,
    /// The error of a query or of Redis.
    Error,
    /// The exit code of a command.
    Exit,
    /// What a command wrote to its standard output.
    Stdout,
    /// What a command wrote to its standard error.
    Stderr,
    /// A line of a log.
    Log,
}

/// Why a request has no complete answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmeasured {
    /// The reason.
    pub kind: UnmeasuredKind,
    /// What the system says about it.
    pub detail: String,
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, detail } = self;
        let kind = match kind {
            UnmeasuredKind::Refused => "connection refused",
            UnmeasuredKind::Reset => "connection lost before an answer",
            UnmeasuredKind::TimedOut => "no complete answer in time",
            UnmeasuredKind::NameNotFound => "host name not found",
            UnmeasuredKind::Tls => "no trusted connection",
            UnmeasuredKind::CutShort => "answer cut short",
            UnmeasuredKind::TooLarge => "answer too large",
            UnmeasuredKind::Redirects => "too many redirects",
            UnmeasuredKind::NotPrepared => "request cannot be made",
            UnmeasuredKind::OutOfTime => "time of the whole run used up",
            UnmeasuredKind::NotThere => "not there",
            UnmeasuredKind::Unusable => "cannot be measured",
            UnmeasuredKind::Other => "request failed",
        };
        if detail.is_empty() { f.write_str(kind) } else { write!(f, "{kind} ({detail})") }
    }
}

/// The kinds of reasons for which nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmeasuredKind {
    /// Nothing listens there.
    Refused,
    /// The connection ended before the headers.
    Reset,
    /// The time for one request ran out.
    TimedOut,
    /// The name has no address.
    NameNotFound,
    /// The TLS handshake failed.
    Tls,
    /// The connection ended inside the body.
    CutShort,
    /// The body is larger than allowed.
    TooLarge,
    /// The redirects do not end.
    Redirects,
    /// A template has no value, or makes no valid request.
    NotPrepared,
    /// The time for the whole run ran out.
    OutOfTime,
    /// A file or program that is not there.
    NotThere,
    /// What would be measured does not let itself be measured: no access, no driver, no answer that can be read.
    Unusable,
    /// Anything else.
    Other,
}

/// Why a check was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A check it waits for did not pass.
    Needs(String),
    /// The run was to stop at the first failure, which was this check.
    StoppedAt(String),
    /// It changes something, and the environment may only be looked at.
    ReadOnly,
    /// What cleans up after this check has nothing to do.
    NothingSent(String),
    /// What cleans up needs this name, which was not captured.
    NotCaptured(String),
    /// What cleans up after an earlier run needs this name, a secret that was not written down.
    SecretNotKept(String),
    /// What cleans up after an earlier run was not written down, as it holds a secret, and is not in this plan.
    NotInThePlan,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs(name) => write!(f, "`{name}` did not pass"),
            Self::StoppedAt(name) => write!(f, "stopped after `{name}`"),
            Self::ReadOnly => {
                f.write_str("it changes something, and the environment is protected: allow it with `--allow-mutate`")
            }
            Self::NothingSent(name) => write!(f, "nothing of `{name}` was sent"),
            Self::NotCaptured(name) => {
                write!(f, "`{name}` was not captured: look whether something was left, and take it back by hand")
            }
            Self::SecretNotKept(name) => {
                write!(f, "it needs the secret `{name}`, which is not written down: take back by hand what was left")
            }
            Self::NotInThePlan => f.write_str(
                "what cleans it up holds a secret and is not written down: run its check, or take it back by hand",
            ),
        }
    }
}

impl Verdict {
    /// The verdict in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Flaky => "FLAKY",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::Error => "ERROR",
            Self::Skip => "SKIP",
        }
    }
}

impl Counts {
    pub(crate) fn of(checks: &[CheckReport]) -> Self {
        let mut counts = Self::default();
        for check in checks {
            *match check.verdict {
                Verdict::Pass => &mut counts.pass,
                Verdict::Flaky => &mut counts.flaky,
                Verdict::Warn => &mut counts.warn,
                Verdict::Fail => &mut counts.fail,
                Verdict::Error => &mut counts.error,
                Verdict::Skip => &mut counts.skip,
            } += 1;
        }
        counts
    }
}

impl CheckReport {
    /// Every text that is not one of ours, for masking. A field that is added has to be named here as well.
    pub(crate) fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        // Without `..`: places and numbers are left out on purpose, and nothing by oversight.
        let Self {
            name,
            location: _,
            verdict: _,
            request,
            attempts: _,
            answer_ms: _,
            status: _,
            findings,
            unmeasured,
            skipped,
            first_attempt,
            stopped_on,
            answer,
            output,
            curl,
            advice,
        } = self;
        [name, request].into_iter().for_each(&mut *visit);
        [first_attempt, stopped_on, answer, output, curl, advice].into_iter().flatten().for_each(&mut *visit);
        if let Some(Unmeasured { kind: _, detail }) = unmeasured {
            visit(detail);
        }
        if let Some(skipped) = skipped {
            skipped.each_text(visit);
        }
        findings.iter_mut().for_each(|finding| finding.each_text(visit));
    }

    /// What was wrong, in one line; the reason for a skip is one too.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let unmeasured = self.unmeasured.as_ref().map(ToString::to_string);
        let finding = || self.findings.first().map(ToString::to_string);
        unmeasured.or_else(finding).or_else(|| self.skipped.as_ref().map(ToString::to_string))
    }
}

impl SkipReason {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Needs(name)
            | Self::StoppedAt(name)
            | Self::NothingSent(name)
            | Self::NotCaptured(name)
            | Self::SecretNotKept(name) => visit(name),
            Self::ReadOnly | Self::NotInThePlan => {}
        }
    }
}

impl SmokeReport {
    /// Every text that is not one of ours, for masking.
    pub(crate) fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        let Self { target, revision, counts: _, duration_ms: _, checks } = self;
        visit(target);
        if let Some(RevisionTally { expected, named: _, other: _, silent: _ }) = revision {
            visit(expected);
        }
        checks.iter_mut().for_each(|check| check.each_text(visit));
    }

    /// Whether everything was measured and as expected, warnings aside.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.counts.fail == 0 && self.counts.error == 0
    }

    /// The first check that failed or could not be measured.
    #[must_use]
    pub fn first_failure(&self) -> Option<&CheckReport> {
        self.checks.iter().find(|check| matches!(check.verdict, Verdict::Fail | Verdict::Error))
    }

    /// The whole run in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        let Counts { pass, flaky, warn, fail, error, skip } = self.counts;
        let numbers = [
            (pass, "passed"),
            (flaky, "flaky"),
            (warn, "warned"),
            (fail, "failed"),
            (error, "not measured"),
            (skip, "skipped"),
        ];
        let parts: Vec<_> =
            numbers.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        format!("smoke checks: {}", parts.join(", "))
    }

    /// The report, or the error that carries it when the run did not pass. A failure outweighs what was not measured.
    ///
    /// # Errors
    /// [`SmokeFailed`] with the report.
    pub fn into_result(self) -> Result<Self, SmokeFailed> {
        let failed = self.checks.iter().find(|check| check.verdict == Verdict::Fail);
        let code = match failed.map(|check| &check.findings) {
            Some(findings) if findings.iter().any(|finding| finding.part == Part::Revision) => {
                ErrorCode::RevisionMismatch
            }
            Some(_) => ErrorCode::SmokeFailed,
            None if self.counts.error > 0 => ErrorCode::SmokeUnmeasured,
            None => return Ok(self),
        };
        Err(SmokeFailed { report: Box::new(self), code })
    }
}
