//! What can be wrong with the files and the selection of checks, each with its place. What can go wrong on the wire is `report.rs`'s.

use std::error::Error;
use std::path::PathBuf;

use plimsoll_core::{Coded, ErrorCode, Location, Problem};

/// Everything that is wrong with the checks, found before anything was sent. Never empty.
#[derive(Debug, thiserror::Error)]
#[error("{}", headline(problems))]
pub struct Problems {
    /// Each problem, in the order of the files.
    pub problems: Vec<Problem>,
}

impl Coded for Problems {
    fn code(&self) -> ErrorCode {
        self.problems.first().map_or(ErrorCode::InvalidValue, |first| first.code)
    }

    fn location(&self) -> Option<&Location> {
        self.problems.first().and_then(|first| first.at.as_ref())
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.problems.iter().map(|problem| problem as &dyn Coded).collect()
    }
}

/// What is wrong; the message of each says it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("cannot list the folder `{}`", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("no check is selected, so nothing would be proved")]
    NothingSelected,
    #[error("no check has the tag `{tag}`{}", suggest(near))]
    UnknownTag { tag: String, near: Option<String> },
    #[error("a check has no name")]
    EmptyName,
    #[error("the check `{name}` exists already, at {first}")]
    DuplicateName { name: String, first: Location },
    #[error("`{need}` is not a check{}", suggest(near))]
    UnknownNeed { need: String, near: Option<String> },
    #[error("checks wait for each other in a circle: {}", names.join(" -> "))]
    Circle { names: Vec<String> },
    #[error("`{name}` is captured already, at {first}")]
    DuplicateCapture { name: String, first: Location },
    #[error("`{name}` cannot be a name in templates, use letters, digits and `_`")]
    CaptureName { name: String },
    #[error("`{name}` is not captured by this check")]
    NotCaptured { name: String },
    #[error("`{name}` is neither a variable nor captured by a check{}", suggest(near))]
    UnknownName { name: String, near: Option<String> },
    #[error("the path `{path}` does not start with `/`")]
    Path { path: String },
    #[error("`{name}` is not a header name")]
    HeaderName { name: String },
    #[error("`{path}` is not a JSONPath")]
    JsonPath {
        path: String,
        #[source]
        source: serde_json_path::ParseError,
    },
    #[error("`{pattern}` is not a regular expression")]
    Pattern {
        pattern: String,
        #[source]
        source: Box<regex::Error>,
    },
    #[error("`{matcher}` takes {takes}")]
    MatcherValue { matcher: &'static str, takes: &'static str },
    #[error("`{text}` is not a duration, write one like `800ms`, `30s` or `5m`")]
    Duration { text: String },
    #[error("{status} is not an HTTP status")]
    Status { status: u16 },
    #[error("a request has `body` or `json`, not both")]
    TwoBodies,
    #[error("an answer to HEAD has no body to look into")]
    HeadHasNoBody,
    #[error("`follow_redirects` needs `expect.url`, or a login page would pass")]
    RedirectWithoutUrl,
    #[error("the template does not compile")]
    Template(#[source] Box<minijinja::Error>),
}

impl Invalid {
    /// The problem without a place.
    pub(crate) fn problem(&self) -> Problem {
        let code = match self {
            Self::Folder { .. } => ErrorCode::FileUnreadable,
            Self::Template(_) | Self::UnknownName { .. } => ErrorCode::Template,
            Self::NothingSelected => ErrorCode::SmokeEmpty,
            _ => ErrorCode::InvalidValue,
        };
        // A problem is flat: what caused it has no other place than its text.
        let cause = match self {
            Self::Template(error) => format!(": {}", template_text(error)),
            // The other lines of a regular expression's error draw an arrow.
            Self::Pattern { source, .. } => format!(": {}", source.to_string().lines().last().unwrap_or_default()),
            other => other.source().map(|cause| format!(": {cause}")).unwrap_or_default(),
        };
        Problem::new(code, format!("{self}{cause}"))
    }

    /// The problem at a place.
    pub(crate) fn at(&self, place: Location) -> Problem {
        self.problem().at(place)
    }
}

/// A template's error without the place minijinja gives it: templates in a value have no file of their own.
pub(crate) fn template_text(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn headline(problems: &[Problem]) -> String {
    match problems {
        [only] => only.message.clone(),
        several => format!("{} problems in the smoke checks", several.len()),
    }
}

fn suggest(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default()
}
