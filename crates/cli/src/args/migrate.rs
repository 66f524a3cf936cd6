//! The arguments of `migrate` and its subcommands. What commands have in common is `args`'s.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use plimsoll_migrate::adopt::Tool;

use super::{Apply, Environment};

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
    /// Judge what would be applied: rows lost, running code broken, others made to wait
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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

fn parse_tool(text: &str) -> Result<Tool, String> {
    Tool::of(text).ok_or_else(|| {
        let known: Vec<_> = Tool::ALL.iter().map(ToString::to_string).collect();
        format!("expected one of {}", known.join(", "))
    })
}
