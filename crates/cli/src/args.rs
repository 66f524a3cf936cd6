//! The arguments: their doc comments are the manual. What a command does is in `command`.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use plimsoll_core::project::parse_duration;
use plimsoll_migrate::adopt::Tool;

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
    /// Look at, apply or verify seeds
    #[command(subcommand)]
    Seed(Seed),
    /// Run smoke checks
    #[command(subcommand)]
    Smoke(Smoke),
    /// Look at the variables of an environment
    #[command(subcommand)]
    Env(Env),
    /// Explain an error code: cause and remedy
    Explain(Explain),
}

/// An environment of the project.
#[derive(Debug, ClapArgs)]
pub(crate) struct Environment {
    /// The environment: the name of a file in `environments/`
    #[arg(value_name = "ENVIRONMENT")]
    pub(crate) environment: String,

    /// Seed an optional dataset too
    #[arg(long, value_name = "DATASET")]
    pub(crate) with: Vec<String>,

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

/// `migrate`
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Compare the files with the database, migration by migration
    ///
    /// Exit code 0: the database has exactly what the folder says. 10: migrations are to be applied, or nothing was ever
    /// migrated. 5: files are missing, were edited after they had been applied, or come too late.
    Status(Environment),
    /// Begin the next migration, in the layout that the folder has
    New(NewMigration),
    /// Show what would be applied
    Plan(Environment),
    /// Judge what would be applied: what it does to rows, to running code and to others who wait
    ///
    /// Exit code 0: nothing that fails the check. 3: a finding that no comment accepts. 4: a statement that is not understood.
    /// `-- plimsoll:allow RULE reason` before a statement accepts a finding. docs/lint.md lists the rules.
    Lint(MigrateLint),
    /// Apply what is pending
    Up(MigrateUp),
    /// Take migrations back with their down scripts, the last applied first
    ///
    /// A migration that was interrupted while it was taken back is continued. What would lose rows, columns or tables is
    /// refused without `--lose-data`, and said in the plan before it is done.
    Down(Down),
    /// Take migrations back and apply them again
    Redo(Redo),
    /// Take over a database that another tool migrated: prove what it applied, and record that
    Adopt(MigrateAdopt),
    /// Prove in a scratch database that migrations can be taken back
    ///
    /// Each goes up, down and up again, with generated rows; schema and rows are compared with what they were. Reversible:
    /// all is as before. Lossy: the same but for what is named. Irreversible: there is no down script. Wrong: the down script
    /// fails, or leaves something else.
    ///
    /// A down script may say what is meant in a comment at its head: `-- plimsoll: irreversible reason`, or
    /// `-- plimsoll: lossy reason` for losing what was there before the migration. Exit code 0: all do what they should. 3: one
    /// does not, or loses what was there before without saying so. 4: something could not be measured.
    Verify(MigrateVerify),
    /// List what migrations are made of: sizes, objects, rows, ways back, their state in git
    Inventory(MigrateInventory),
    /// Find what somebody changed in the schema without a migration
    ///
    /// The applied migrations are replayed in a scratch database, which is dropped again; the real one is only read. Exit code
    /// 0: the schema is what they make. 3: it is not. 4: that could not be found out.
    Drift(MigrateDrift),
    /// Fold migrations into one baseline that is proven to make the same
    ///
    /// Schema and rows of both are compared in scratch databases before any file is touched. Databases that have all of the
    /// folded migrations count the baseline as applied.
    Squash(MigrateSquash),
}

/// `migrate drift`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateDrift {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Make scratch databases on this server; on that of the environment by default
    #[arg(long, value_name = "URL")]
    pub(crate) scratch: Option<String>,

    /// Print only the SQL that brings the two together
    #[arg(long, value_name = "WAY")]
    pub(crate) sql: Option<DriftSql>,
}

/// Which way drift is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DriftSql {
    /// For a new migration: keep what the database has
    Adopt,
    /// To run in the database: take it back
    Revert,
}

/// `migrate squash`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateSquash {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// The last migration that is folded
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: String,

    /// What the baseline is called
    #[arg(long, value_name = "NAME", default_value = "baseline")]
    pub(crate) name: String,

    /// Prove it and print it, and change no file
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Make scratch databases on this server; on that of the environment by default
    #[arg(long, value_name = "URL")]
    pub(crate) scratch: Option<String>,
}

/// `migrate lint`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateLint {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Judge all migrations, each as if those before it were in use; needs no database
    #[arg(long)]
    pub(crate) all: bool,

    /// Do not fail for statements that are not understood
    #[arg(long)]
    pub(crate) allow_unclassified: bool,
}

/// `migrate down`
#[derive(Debug, ClapArgs)]
pub(crate) struct Down {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Take back everything that was applied after this migration; `none` for all
    #[arg(long, value_name = "VERSION", conflicts_with = "steps")]
    pub(crate) to: Option<String>,

    /// How many migrations to take back
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) steps: NonZeroUsize,

    /// Take back what loses rows, columns or tables, too
    #[arg(long)]
    pub(crate) lose_data: bool,

    /// Say whether the statement happened that an earlier run was killed in, when it ends with migrate::undecided
    #[arg(long, value_name = "ANSWER")]
    pub(crate) statement_happened: Option<Answer>,
}

/// `migrate redo`
#[derive(Debug, ClapArgs)]
pub(crate) struct Redo {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// How many migrations to take back and apply again
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) steps: NonZeroUsize,

    /// Take back what loses rows, columns or tables, too
    #[arg(long)]
    pub(crate) lose_data: bool,
}

/// `migrate new`
#[derive(Debug, ClapArgs)]
pub(crate) struct NewMigration {
    /// What it does, in a few words: `add_email_to_users`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// How an empty folder is to keep its migrations; a flat layout by default
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub(crate) layout: Option<NewLayout>,

    /// The folder of migrations; `[migrations] path` in plimsoll.toml by default
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// The layouts that a folder can be begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum NewLayout {
    /// `0001_name.up.sql` and `0001_name.down.sql`
    Flat,
    /// `<timestamp>_name/up.sql` and `down.sql`
    Diesel,
    /// `<timestamp>_name/migration.sql`
    Prisma,
    /// `V1__name.sql` and `U1__name.sql`
    Flyway,
    /// As flat, with sqlx's comments
    Sqlx,
    /// `1_name.up.sql` and `1_name.down.sql`
    Golangmigrate,
    /// One file with `-- migrate:up` and `-- migrate:down`
    Dbmate,
    /// One file with `-- +goose Up` and `-- +goose Down`
    Goose,
}

/// `migrate adopt`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateAdopt {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Whose history, when several tools left one: prisma, flyway, diesel, sqlx, golang-migrate, dbmate, goose, sqitch or
    /// refinery
    #[arg(long, value_name = "TOOL", value_parser = parse_tool)]
    pub(crate) from: Option<Tool>,

    /// Show what would be recorded, without writing anything
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `migrate verify`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateVerify {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Make the scratch database on this server instead of the environment's own
    #[arg(long, value_name = "URL")]
    pub(crate) scratch: Option<String>,

    /// Prove this migration and those after it only
    #[arg(long, value_name = "VERSION")]
    pub(crate) from: Option<String>,

    /// Exit with 3 when a migration has no down script and does not say that it is meant so
    #[arg(long)]
    pub(crate) require_down: bool,
}

/// `migrate inventory`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateInventory {
    /// The environment: the name of a file in `environments/`
    #[arg(value_name = "ENVIRONMENT", required_unless_present = "path")]
    pub(crate) environment: Option<String>,

    /// A folder of migrations, without any project
    #[arg(long, value_name = "DIR", conflicts_with = "environment", requires = "engine")]
    pub(crate) path: Option<PathBuf>,

    /// The engine that the folder is for
    #[arg(long, value_enum, value_name = "ENGINE", requires = "path")]
    pub(crate) engine: Option<EngineName>,
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    /// SQLite
    Sqlite,
    /// PostgreSQL
    Postgres,
    /// MySQL and MariaDB
    Mysql,
}

/// `migrate up`
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateUp {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Say whether the statement happened that an earlier run was killed in, when it ends with migrate::undecided
    #[arg(long, value_name = "ANSWER")]
    pub(crate) statement_happened: Option<Answer>,
}

/// What a person found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    /// It did
    Yes,
    /// It did not
    No,
}

/// `seed`
#[derive(Debug, Subcommand)]
pub(crate) enum Seed {
    /// Show which rows would be created or updated
    Plan(Environment),
    /// Write them, in one transaction
    Apply(Apply),
    /// Check the expected counts
    Verify(Environment),
}

/// A command that writes under the deployment lock.
#[derive(Debug, ClapArgs)]
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
}

/// `smoke run`
#[derive(Debug, ClapArgs)]
pub(crate) struct SmokeRun {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Only checks with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,

    /// Where the service is; what serves in the environment by default
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
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

fn parse_wait(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "expected a time such as `500ms`, `30s` or `2m`".to_owned())
}

fn parse_tool(text: &str) -> Result<Tool, String> {
    Tool::of(text).ok_or_else(|| {
        let known: Vec<_> = Tool::ALL.iter().map(ToString::to_string).collect();
        format!("expected one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
