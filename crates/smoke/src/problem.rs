//! What can be wrong with the files and the selection of checks, each with its place. What can go wrong on the wire is `report.rs`'s.

use std::error::Error;
use std::path::PathBuf;

use plimsoll_core::{Coded, ErrorCode, Location, Problem};

use crate::expect::schema::SchemaError;
use crate::load::ConfineError;

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
    #[error("all selected checks change something, which a protected environment allows with `--allow-mutate` only")]
    OnlyMutating,
    #[error("no check has the tag `{tag}`{}", suggest(near))]
    UnknownTag { tag: String, near: Option<String> },
    #[error("no check has the tag `{tag}`, at column {column} of the filter{}", suggest(near))]
    UnknownFilterTag { tag: String, column: usize, near: Option<String> },
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
    #[error("{text} is neither an HTTP status nor a class like \"2xx\"")]
    Status { text: String },
    #[error("a request has one of `body`, `json`, `form`, `file` and `multipart`")]
    TwoBodies,
    #[error("an answer to HEAD has no body to look into")]
    HeadHasNoBody,
    #[error("`redirects` needs `expect.url`, or a login page would pass")]
    RedirectWithoutUrl,
    #[error("a check looks at something: add `request`, `log`, `sql`, `redis`, `tcp`, `dns` or `command`")]
    NoProbe,
    #[error("a check looks at one thing, and this is the second one: make it a check of its own")]
    TwoProbes,
    #[error("`{part}` cannot be expected of `{probe}`")]
    NotOfThisProbe { part: &'static str, probe: &'static str },
    #[error("`{name}` is captured from an answer's header, which only `request` has")]
    NoHeaders { name: String },
    #[error("a check that changes something needs `cleanup`, or `leaves` to say what it leaves behind")]
    NothingTakesBack,
    #[error(
        "{what} may change something: take it back with `cleanup = {{ request = {{ .. }} }}`, or say what stays with \
         `leaves = \"..\"`, or that nothing is changed with `effect = \"read\"`"
    )]
    MayChange { what: String },
    #[error("a check that only looks leaves nothing: remove `leaves`, or the effect `read`")]
    ReadLeaves,
    #[error("`{name}` is not an HTTP method, methods are written in capitals")]
    Method { name: String },
    #[error("`{text}` is not a version of HTTP, there are `1.1` and `2`")]
    Version { text: String },
    #[error("a size is a number of bytes above zero, such as 500000 or \"10MB\"")]
    Size,
    #[error("`{text}` is not an IP address, nor `all`")]
    Address { text: String },
    #[error("`{text}` is not an address like `localhost:6379`")]
    HostAndPort { text: String },
    #[error("`auth` is either `basic`, with `user` and `password`, or `bearer`")]
    AuthShape,
    #[error("`{name}` is not a cookie name")]
    CookieName { name: String },
    #[error("`{name}` takes a text, a number, true or false, or a list of these")]
    NotPlain { name: String },
    #[error("the part `{name}` takes a text, or a table of `file` and, if need be, `type` and `name`")]
    PartShape { name: String },
    #[error("the file `{path}` cannot be used")]
    File {
        path: String,
        #[source]
        source: ConfineError,
    },
    #[error("a capture takes a JSONPath, or a table with one of `json`, `header`, `cookie` and `regex`")]
    CaptureShape,
    #[error("a capture has no `{key}` like this: there are `json`, `header`, `cookie`, `regex`, `type` and `secret`")]
    CaptureKey { key: String },
    #[error("`{name}` is not a type, there are null, boolean, integer, number, string, array and object")]
    UnknownType { name: String },
    #[error("`{name}` is not a matcher, write an object to compare with as {{ equals = .. }}")]
    NotAMatcher { name: String },
    #[error("`schema` takes the name of a file or a table")]
    SchemaShape,
    #[error("the JSON Schema cannot be used")]
    Schema(#[source] SchemaError),
    #[error("a SHA-256 has 64 hexadecimal digits")]
    Sha256,
    #[error("a command is a list that begins with a program")]
    NoWords,
    #[error("a log is read from either `file` or `command`")]
    LogSource,
    #[error("a log is searched for a line: add `contains` or `matches`")]
    LogLine,
    #[error("a query is no template: write `:name` in it, and name = \"{{{{ .. }}}}\" into `binds`")]
    QueryTemplate,
    #[error("`{name}` takes a text, a number, true, false or nothing")]
    BindShape { name: String },
    #[error("the query has no `:{name}`")]
    UnusedBind { name: String },
    #[error("the query has `:{name}`, add it to `binds`")]
    Unbound { name: String },
    #[error(
        "a command's output is searched from its beginning: remove `from_start`, and let the command say from when"
    )]
    CommandFromStart,
    #[error("`{name}` cannot be a name in the environment")]
    EnvironmentName { name: String },
    #[error("the URL of Redis {why}")]
    RedisUrl { why: &'static str },
    #[error("`KEYS` keeps everybody else waiting: write keys = \"prefix:*\" in place of the command")]
    RedisKeys,
    #[error("Redis is asked either `command` or `keys`")]
    RedisAction,
    #[error("this program was built without the feature `tls`")]
    NoTls,
    #[error("the template does not compile")]
    Template(#[source] Box<minijinja::Error>),
}

impl Invalid {
    /// The problem without a place.
    pub(crate) fn problem(&self) -> Problem {
        let code = match self {
            Self::Folder { .. } | Self::File { .. } => ErrorCode::FileUnreadable,
            Self::Template(_) | Self::UnknownName { .. } => ErrorCode::Template,
            Self::NothingSelected => ErrorCode::SmokeEmpty,
            Self::OnlyMutating => ErrorCode::SmokeReadOnly,
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
