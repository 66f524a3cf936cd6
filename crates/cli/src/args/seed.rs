//! The arguments of `plimsoll seed`.

use clap::Subcommand;

use super::{Apply, Environment};

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
