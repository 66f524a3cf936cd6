//! The arguments: their doc comments are the manual. What a command does is in `command`.

mod lifecycle;
mod migrate;
mod operate;
mod seed;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use plimsoll_core::project::parse_duration;
use plimsoll_smoke::Filter;
use plimsoll_smoke::results::ReportFormat;

pub(crate) use lifecycle::{Audit, AuditAccept, AuditList, AuditVerify, Lifecycle, LifecycleTriggers};
pub(crate) use migrate::{
    Answer, Down, DriftSql, EngineName, Migrate, MigrateAdopt, MigrateDrift, MigrateInventory, MigrateLint,
    MigrateSquash, MigrateUp, MigrateVerify, NewLayout, NewMigration, Redo,
};
pub(crate) use operate::{Counts, Locks, Query, Release};
pub(crate) use seed::{Promote, Seed, SeedApply, SeedPlan, SeedPull, SeedReset, SeedRuns, SeedUndo, SeedVerify};

/// Plan, deploy, prove and undo services with a database.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, ClapArgs)]
pub(crate) struct Global {
    /// The folder of `plimsoll.toml`
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    pub(crate) project: PathBuf,

    /// Give a variable of the project a value; wins over every other layer
    #[arg(long = "set", global = true, value_name = "NAME=VALUE", value_parser = parse_set)]
    pub(crate) set: Vec<(String, String)>,

    /// How results are written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// How the program is called in advice
    #[arg(long, global = true, hide = true, default_value = "plimsoll")]
    pub(crate) program: String,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: JSON on stdout, one object per line where a command tells of its progress
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Migrate, seed, release, prove and record; undo the release when the proof fails
    Deploy(Deploy),
    /// Show what `deploy` would do, without writing anything
    Plan(Plan),
    /// Stop what serves in an environment
    Stop(Stop),
    /// Say what serves, whether it is alive, and who holds the lock
    Status(Environment),
    /// List the last deployments
    History(History),
    /// Look at or apply migrations
    #[command(subcommand)]
    Migrate(Migrate),
    /// Look at, apply, pull or verify seeds
    #[command(subcommand)]
    Seed(Seed),
    /// Check, list or mend the audit of rows with a life cycle
    #[command(subcommand)]
    Audit(Audit),
    /// Look after the life cycles of rows
    #[command(subcommand)]
    Lifecycle(Lifecycle),
    /// Run smoke checks
    #[command(subcommand)]
    Smoke(Smoke),
    /// Count the rows of every table
    Counts(Counts),
    /// Ask the database: one statement that reads, in a session that cannot write
    ///
    /// The database itself refuses what would write. What a function does outside of it, such as ending sessions or
    /// writing files of the server, it does not stop: an account that may not do so does.
    Query(Query),
    /// Show who waits for whom, and end who is in the way
    #[command(subcommand)]
    Locks(Locks),
    /// Look at the variables of an environment
    #[command(subcommand)]
    Env(Env),
    /// Explain an error code: cause and remedy
    Explain(Explain),
}

/// An environment of the project.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Environment {
    /// The environment: the name of a file in `environments/`
    #[arg(value_name = "ENVIRONMENT")]
    pub(crate) environment: String,

    /// Seed an optional dataset too
    #[arg(long, value_name = "DATASET")]
    pub(crate) with: Vec<String>,

    /// Generate as many rows as this profile says
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// What to call the state of the sources; found out from git by default
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: Option<String>,
}

/// `deploy`
#[derive(Debug, ClapArgs)]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Do what this saved plan says, or refuse if it is no longer true
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,

    /// Wait this long for another deployment to finish
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_wait)]
    pub(crate) lock_wait: Duration,

    /// Run smoke checks that change something in a protected environment too
    #[arg(long)]
    pub(crate) allow_mutate: bool,

    /// Deploy a protected environment without being asked
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `plan`
#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Save the plan for `deploy --plan`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Exit with 10 when there is anything to do
    #[arg(long)]
    pub(crate) check: bool,
}

/// `stop`
#[derive(Debug, ClapArgs)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) environment: Environment,
}

/// `history`
#[derive(Debug, ClapArgs)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// How many deployments to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: u32,
}

/// A command that writes under the deployment lock.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Wait this long for another deployment to finish
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_wait)]
    pub(crate) lock_wait: Duration,

    /// Change a protected environment without being asked
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `smoke`
#[derive(Debug, Subcommand)]
pub(crate) enum Smoke {
    /// Run the checks against what serves
    Run(SmokeRun),
    /// Turn a Hurl file or a curl line into checks
    ///
    /// The checks are written to stdout as TOML, what was left out to stderr. Exit code 3 when something was left out.
    Import(SmokeImport),
}

/// `smoke run`
#[derive(Debug, ClapArgs)]
pub(crate) struct SmokeRun {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Only checks with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,

    /// Only checks that an expression over tags and names selects: `api and not (slow or name ~ '^draft')`
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<Filter>,

    /// Run checks that change something in a protected environment too
    #[arg(long)]
    pub(crate) allow_mutate: bool,

    /// How many checks run beside each other; what changes something runs alone
    #[arg(long, value_name = "NUMBER", default_value = "4")]
    pub(crate) jobs: NonZeroUsize,

    /// Begin no other check after the first failure; what cleans up still runs
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// The longest time for all checks together
    #[arg(long, value_name = "TIME", value_parser = parse_wait)]
    pub(crate) deadline: Option<Duration>,

    /// Where the service is; what serves in the environment by default
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Write the results to a file as well, whatever they are: junit, tap, markdown, html or json
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_report)]
    pub(crate) report: Vec<(ReportFormat, PathBuf)>,
}

/// `smoke import`
#[derive(Debug, ClapArgs)]
pub(crate) struct SmokeImport {
    /// The Hurl file, or `-` for stdin
    #[arg(value_name = "FILE.hurl", required_unless_present = "curl", conflicts_with = "curl")]
    pub(crate) file: Option<PathBuf>,

    /// A curl line as it is typed into a shell
    #[arg(long, value_name = "LINE")]
    pub(crate) curl: Option<String>,
}

/// `env`
#[derive(Debug, Subcommand)]
pub(crate) enum Env {
    /// List the variables with their values; secrets are masked
    Show(EnvShow),
    /// Check that every required variable is set and every value is of its type
    Check(Environment),
}

/// `env show`
#[derive(Debug, ClapArgs)]
pub(crate) struct EnvShow {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Say where each value comes from and what it shadows
    #[arg(long)]
    pub(crate) explain: bool,
}

/// `explain`
#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// The code, such as `migrate::checksum_mismatch`
    pub(crate) code: String,
}

/// The arguments with every `--set` at their end. Given before and after a command, clap would drop those before.
pub(crate) fn gathered(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let (mut others, mut sets) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--set" {
            sets.push(argument);
            sets.extend(arguments.next());
        } else if argument.as_encoded_bytes().starts_with(b"--set=") {
            sets.push(argument);
        } else {
            others.push(argument);
        }
    }
    others.extend(sets);
    others
}

fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

fn parse_report(text: &str) -> Result<(ReportFormat, PathBuf), String> {
    let (name, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).unwrap_or((text, ""));
    let names: Vec<_> = ReportFormat::ALL.iter().map(|(name, _)| *name).collect();
    match ReportFormat::parse(name) {
        Some(format) if !file.is_empty() => Ok((format, PathBuf::from(file))),
        Some(_) => Err(format!("expected a file after the format, such as `{name}=results/smoke`")),
        None => Err(format!("`{name}` is not a format, there are {}", names.join(", "))),
    }
}

fn parse_wait(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a time such as `500ms`, `30s` or `2m`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
