//! The arguments of the commands that look after a database in use: `counts`, `query` and `locks`.

use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand};

use super::{Environment, parse_wait};

/// `counts`
#[derive(Debug, ClapArgs)]
pub(crate) struct Counts {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Only these tables
    #[arg(value_name = "TABLE")]
    pub(crate) tables: Vec<String>,

    /// Take the server's own estimates, where it has any, instead of counting
    #[arg(long)]
    pub(crate) estimate: bool,
}

/// `query`
#[derive(Debug, ClapArgs)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// One statement that reads, such as `SELECT count(*) FROM orders`
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,

    /// Write comma-separated values: NULL is nothing, an empty text is ""
    #[arg(long)]
    pub(crate) csv: bool,

    /// Most rows to show
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: usize,

    /// How long the server may work at it
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_wait)]
    pub(crate) timeout: Duration,
}

/// `locks`
#[derive(Debug, Subcommand)]
pub(crate) enum Locks {
    /// Show who deploys, and which sessions keep others waiting
    List(Environment),
    /// End a session that is in the way, or take the lease of a deployment that is gone
    Release(Release),
}

/// `locks release`
#[derive(Debug, ClapArgs)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// The number of the session, as `locks list` shows it, or `lease`
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// End it without being asked
    #[arg(long)]
    pub(crate) yes: bool,
}
