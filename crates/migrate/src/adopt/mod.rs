//! Takes over a database that another tool has migrated: proves what it applied, and records that. Locking is the caller's.
//!
//! [`detect()`] and [`choose`] find the tool's table, [`observe`] reads it, [`plan()`] compares it with the files, and [`apply()`]
//! writes the ledger. Between the last two, a caller may replay the files of the plan elsewhere and compare schemas.

mod apply;
mod dbmate;
mod detect;
mod diesel;
mod evidence;
mod flyway;
mod golang_migrate;
mod goose;
mod plan;
mod prisma;
mod proof;
mod read;
mod refinery;
mod sqitch;
mod sqitch_plan;
mod sqlx;
mod versions;

use std::fmt;

use plimsoll_core::db::{Db, DynRow, Engine, Stmt};
use serde::{Deserialize, Serialize};

use crate::error::MigrateError;
use crate::source::Migration;

pub use apply::{AdoptReport, apply};
pub use detect::{choose, detect};
pub use evidence::Evidence;
pub use plan::{AdoptNote, AdoptPlan, AdoptState, Adoption, plan};

/// A tool whose history can be adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// Prisma Migrate, `_prisma_migrations`.
    Prisma,
    /// Flyway, `flyway_schema_history`.
    Flyway,
    /// diesel, `__diesel_schema_migrations`, which Plimsoll keeps as well.
    Diesel,
    /// sqlx, `_sqlx_migrations`.
    Sqlx,
    /// golang-migrate, `schema_migrations` with one row.
    GolangMigrate,
    /// dbmate, `schema_migrations` with a row for each.
    Dbmate,
    /// goose, `goose_db_version`.
    Goose,
    /// Sqitch, the table `changes` of its registry.
    Sqitch,
    /// refinery, `refinery_schema_history`.
    Refinery,
}

/// A table in which a tool keeps its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whose it is.
    pub tool: Tool,
    /// The schema on PostgreSQL, the database on MySQL, none on SQLite.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them the ledger lacks. Only for diesel's table, which Plimsoll writes to as well; elsewhere all of them.
    pub unknown: u64,
}

/// What another tool recorded, in terms that all of them share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignHistory {
    /// Whose it is.
    pub tool: Tool,
    /// The table, with its schema where there is one.
    pub table: String,
    /// Its rows in the order in which they were written.
    pub entries: Vec<ForeignEntry>,
}

/// One migration as another tool recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignEntry {
    /// What the tool tells it by: a version, or a name where it has no versions.
    pub key: String,
    /// What people call it, as far as the tool keeps that.
    pub name: String,
    /// The checksum as recorded, for tools that keep one.
    pub checksum: Option<String>,
    /// How it stands.
    pub state: ForeignState,
    /// When, in UTC where the tool knows the zone, ISO 8601.
    pub applied_at: Option<String>,
}

/// How a migration stands according to another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignState {
    /// All of it was applied.
    Applied,
    /// It failed, and some of it may be there.
    Failed,
    /// It was applied or failed, and was taken back.
    RolledBack,
    /// Nothing was run: it marks where the tool took over, and everything up to it counts as applied.
    Baseline,
    /// The tool was interrupted and does not know how far it came.
    Dirty,
}

/// Reads a tool's table. Nothing is written.
///
/// # Errors
/// [`MigrateError::History`] when the database refuses.
pub fn observe(db: &mut dyn Db, found: &Found) -> Result<ForeignHistory, MigrateError> {
    let engine = db.engine();
    let rules = found.tool.rules();
    let stmt = Stmt::new((rules.select)(engine, &found.quoted(engine)));
    let rows = db.rows(&stmt).map_err(MigrateError::History)?;
    Ok(ForeignHistory { tool: found.tool, table: found.shown(), entries: (rules.entries)(&rows) })
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Prisma,
        Self::Flyway,
        Self::Diesel,
        Self::Sqlx,
        Self::GolangMigrate,
        Self::Dbmate,
        Self::Goose,
        Self::Sqitch,
        Self::Refinery,
    ];

    /// The name, as on the command line and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prisma => "prisma",
            Self::Flyway => "flyway",
            Self::Diesel => "diesel",
            Self::Sqlx => "sqlx",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Sqitch => "sqitch",
            Self::Refinery => "refinery",
        }
    }

    /// The tool of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }

    fn rules(self) -> Rules {
        match self {
            Self::Prisma => prisma::RULES,
            Self::Flyway => flyway::RULES,
            Self::Diesel => diesel::RULES,
            Self::Sqlx => sqlx::RULES,
            Self::GolangMigrate => golang_migrate::RULES,
            Self::Dbmate => dbmate::RULES,
            Self::Goose => goose::RULES,
            Self::Sqitch => sqitch::RULES,
            Self::Refinery => refinery::RULES,
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What has to be known about a tool.
struct Rules {
    /// The name of its table, where the columns alone could be somebody else's.
    table: Option<&'static str>,
    /// Columns that its table has.
    columns: &'static [&'static str],
    /// Whether it has no other columns.
    no_other_columns: bool,
    /// The query over the quoted table, rows in the order in which they were written.
    select: fn(Engine, &str) -> String,
    /// What the rows of that query mean.
    entries: fn(&[DynRow]) -> Vec<ForeignEntry>,
    /// Whether an entry is about this project at all.
    concerns: fn(&ForeignEntry, &Evidence) -> bool,
    /// Whether an entry is about a migration.
    is: fn(&ForeignEntry, &Migration, &Evidence) -> bool,
    /// Whether an entry says that a migration before it is applied as well.
    covers: fn(&ForeignEntry, &Migration) -> bool,
    /// Whether the file still is what was applied.
    compare: fn(&ForeignEntry, &Migration, &Evidence) -> Compared,
    /// What its user has to do about a migration that failed, with `{key}` for the migration.
    mend: &'static str,
}

/// A recorded checksum and a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Compared {
    Equal,
    /// Equal once line ends are written the other way.
    EqualLines,
    /// The tool recorded none.
    NoChecksum,
    Different {
        recorded: String,
        computed: String,
    },
}

/// For tools whose table belongs to one project.
fn everything(_: &ForeignEntry, _: &Evidence) -> bool {
    true
}

/// For tools whose entries are about themselves alone.
fn covers_nothing(_: &ForeignEntry, _: &Migration) -> bool {
    false
}

/// For tools that keep no checksum.
fn no_checksum(_: &ForeignEntry, _: &Migration, _: &Evidence) -> Compared {
    Compared::NoChecksum
}
