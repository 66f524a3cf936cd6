//! A project and one of its environments, loaded from files and layers. It reads files; the process environment is handed in.

mod dotenv;
mod load;
mod model;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::db::DatabaseUrl;
use crate::{Coded, ErrorCode, Problem, Redactor, Secret};

pub use load::{environments, load, migrations_folder};
pub use model::{ReleaseKind, ReleaseSpec, RevisionSource, VariableSpec, VariableType};
pub use variables::Variable;

/// What the outside hands to [`load()`]. Its Debug form names the variables and never their values.
#[derive(Clone, Default)]
pub struct Inputs {
    /// The folder of `plimsoll.toml`, absolute.
    pub root: PathBuf,
    /// Where the command was typed: relative paths given with `--set` start here.
    pub current_dir: PathBuf,
    /// The environment's name.
    pub environment: String,
    /// The process environment.
    pub process: BTreeMap<String, String>,
    /// `--set NAME=VALUE`, in order.
    pub set: Vec<(String, String)>,
    /// `--with DATASET`: optional datasets to seed as well.
    pub with: Vec<String>,
    /// `--profile NAME`: how many rows are generated; wins over the environment and the project.
    pub profile: Option<String>,
    /// `--top-up`: rows that exist are left alone, only missing ones are created.
    pub top_up: bool,
}

/// A project, resolved for one environment. Its Debug form is redacted.
pub struct Project {
    /// The project's name.
    pub name: String,
    /// The folder of `plimsoll.toml`.
    pub root: PathBuf,
    /// The environment's name.
    pub environment: String,
    /// Whether changes need a confirmation by name.
    pub protected: bool,
    /// Where the service answers, when no release says so.
    pub base_url: Option<String>,
    /// The environment contract with its values.
    pub variables: Vec<Variable>,
    /// Every name a template may use.
    pub names: minijinja::Value,
    /// The target database.
    pub database: DatabaseUrl,
    /// Where the migrations are.
    pub migrations: Option<Migrations>,
    /// Where the datasets are.
    pub seed: Option<Seed>,
    /// What must be true after seeding.
    pub expect: Vec<Expect>,
    /// Where the smoke checks are.
    pub smoke: Option<Smoke>,
    /// What released processes inherit of the process environment: `PATH` and `HOME`, nothing else.
    pub inherited: BTreeMap<String, String>,
    /// What is released, in order.
    pub releases: Vec<ReleaseSpec>,
}

/// The migrations of a project.
#[derive(Debug, Clone)]
pub struct Migrations {
    /// The folder.
    pub path: PathBuf,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Option<Duration>,
    /// How often a statement that waited for a lock in vain is tried again; the default when none is given.
    pub lock_retries: Option<u32>,
    /// Whether a pending migration may be older than an applied one.
    pub allow_out_of_order: bool,
    /// How the migrations are judged.
    pub lint: Lint,
}

/// How migrations are judged, by the names of rules. Which rules there are is known where they are judged.
#[derive(Debug, Clone, Default)]
pub struct Lint {
    /// Rules that are off.
    pub allow: Vec<String>,
    /// Rules whose findings fail nothing.
    pub warn: Vec<String>,
    /// Opt-in rules that are on.
    pub opt_in: Vec<String>,
}

/// The datasets of a project.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The folder.
    pub path: PathBuf,
    /// Tables that hold user data.
    pub user_data: Vec<String>,
    /// Optional datasets that are seeded.
    pub with: Vec<String>,
    /// The profile that says how many rows are generated.
    pub profile: Option<String>,
    /// Whether rows that exist are left alone, whatever their datasets say.
    pub top_up: bool,
}

/// One expectation of the data.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The table counted.
    pub table: String,
    /// An SQL condition on the counted rows.
    pub filter: Option<String>,
    /// The least count that is right.
    pub at_least: Option<u64>,
    /// The greatest count that is right.
    pub at_most: Option<u64>,
    /// The only count that is right.
    pub exactly: Option<u64>,
    /// What else holds for the rows, each by itself.
    pub rules: Vec<ExpectRule>,
    /// Where it is declared.
    pub at: Option<crate::Location>,
}

/// What holds for the rows of an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectRule {
    /// Every one of these columns has a value.
    NotNull(Vec<String>),
    /// No two rows have the same values in these columns.
    Unique(Vec<String>),
    /// A column has one of these values, or NULL.
    Accepted {
        /// The column.
        column: String,
        /// The values.
        values: Vec<serde_json::Value>,
    },
    /// These columns are the values of another table's columns, or NULL.
    Relationship {
        /// The columns.
        columns: Vec<String>,
        /// The other table.
        table: String,
        /// Its columns, in the same order.
        references: Vec<String>,
    },
    /// A query that gives no rows.
    Sql(String),
}

/// The smoke checks of a project.
#[derive(Debug, Clone)]
pub struct Smoke {
    /// The folder.
    pub path: PathBuf,
    /// How an answer names its revision.
    pub revision: Option<RevisionSource>,
}

/// A project that cannot be used, with everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}", summary(problems))]
pub struct ProjectError {
    problems: Vec<Problem>,
}

impl ProjectError {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl Coded for ProjectError {
    fn code(&self) -> ErrorCode {
        self.problems.first().map_or(ErrorCode::InvalidValue, |problem| problem.code)
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.problems.iter().map(|problem| problem as &dyn Coded).collect()
    }
}

impl Project {
    /// The folder of everything Plimsoll keeps beside a project: kept revisions, logs, process records.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join(".plimsoll").join(&self.environment)
    }

    /// The redactor for everything that is shown or recorded of this project.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        redactor(&self.variables)
    }

    /// A variable's value.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Secret> {
        self.variables.iter().find(|variable| variable.name == name)?.value.as_ref()
    }

    /// A path relative to the project, for showing.
    #[must_use]
    pub fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Which of these are secrets is only known once the contract is read.
        f.debug_struct("Inputs")
            .field("root", &self.root)
            .field("current_dir", &self.current_dir)
            .field("environment", &self.environment)
            .field("process", &self.process.keys())
            .field("set", &self.set.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("with", &self.with)
            .field("profile", &self.profile)
            .field("top_up", &self.top_up)
            .finish()
    }
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rendered templates may hold any variable; `names` holds them all, and `variables` says the same, masked.
        let redactor = self.redactor();
        let shown = |text: String| redactor.redact(&text).into_owned();
        f.debug_struct("Project")
            .field("name", &self.name)
            .field("root", &self.root)
            .field("environment", &self.environment)
            .field("protected", &self.protected)
            .field("base_url", &self.base_url.clone().map(shown))
            .field("variables", &self.variables)
            .field("database", &self.database)
            .field("migrations", &self.migrations)
            .field("seed", &self.seed)
            .field("expect", &self.expect)
            .field("smoke", &self.smoke)
            .field("releases", &self.releases)
            .finish_non_exhaustive()
    }
}

/// Parses a duration: a number followed by `ms`, `s`, `m` or `h`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.trim().parse().ok()?;
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

fn redactor(variables: &[Variable]) -> Redactor {
    let secret = |variable: &&Variable| variable.spec.secret;
    Redactor::new(variables.iter().filter(secret).filter_map(|variable| variable.value.as_ref()))
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [one] => one.to_string(),
        many => format!("{} things are wrong with the project", many.len()),
    }
}
