//! The arguments of `plimsoll seed`.

use clap::{Args, Subcommand};

use super::{Apply, Environment};

/// `seed`
#[derive(Debug, Subcommand)]
pub(crate) enum Seed {
    /// Show which rows would be created or updated
    Plan(Environment),
    /// Write them, in one transaction
    Apply(Apply),
    /// Check what must be true of the data
    Verify(SeedVerify),
}

/// `seed verify`
#[derive(Debug, Args)]
pub(crate) struct SeedVerify {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Print a digest of the declared rows of each table instead
    #[arg(long)]
    pub(crate) digest: bool,
}
