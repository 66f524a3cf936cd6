//! The arguments of `plimsoll audit` and `plimsoll lifecycle`.

use clap::{Args as ClapArgs, Subcommand};
use plimsoll_seed::AuditHead;

use super::{Apply, Environment};

/// `audit`
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check every link of the audit, and every row against its last entry
    ///
    /// Exit code 0: intact. 3: an entry was changed, removed or added, a row is in another state than its last entry
    /// says, or an immutable row was changed. The first broken link is named.
    Verify(AuditVerify),
    /// List the last entries
    List(AuditList),
    /// Record a row as it is, when it was changed without Plimsoll and that is right
    Accept(AuditAccept),
}

/// `audit verify`
#[derive(Debug, ClapArgs)]
pub(crate) struct AuditVerify {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// A head that an earlier check gave and that was kept elsewhere: it has to be in the chain
    #[arg(long, value_name = "NUMBER:HASH", value_parser = parse_head)]
    pub(crate) head: Option<AuditHead>,
}

/// `audit list`
#[derive(Debug, ClapArgs)]
pub(crate) struct AuditList {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Only rows of this table
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Option<String>,

    /// Only this row, as plans name it
    #[arg(long, value_name = "ROW", requires = "table")]
    pub(crate) row: Option<String>,

    /// How many entries to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

/// `audit accept`
#[derive(Debug, ClapArgs)]
pub(crate) struct AuditAccept {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// The table
    pub(crate) table: String,

    /// The row as plans name it: the values of its key, with ` / ` between them
    pub(crate) row: String,

    /// What the audit says about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
}

/// `lifecycle`
#[derive(Debug, Subcommand)]
pub(crate) enum Lifecycle {
    /// Let the database itself refuse to change immutable rows
    ///
    /// Without a flag, says for each table whether its triggers are there.
    Triggers(LifecycleTriggers),
}

/// `lifecycle triggers`
#[derive(Debug, ClapArgs)]
pub(crate) struct LifecycleTriggers {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Make them, or bring them up to date
    #[arg(long, conflicts_with_all = ["remove", "sql"])]
    pub(crate) install: bool,

    /// Take them away
    #[arg(long, conflicts_with = "sql")]
    pub(crate) remove: bool,

    /// Print the SQL that makes them, for a migration
    #[arg(long)]
    pub(crate) sql: bool,
}

fn parse_head(text: &str) -> Result<AuditHead, String> {
    AuditHead::parse(text).ok_or_else(|| "expected a head such as `12:9f86d081..`".to_owned())
}
