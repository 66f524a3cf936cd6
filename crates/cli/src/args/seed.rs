//! The arguments of `plimsoll seed`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::{Apply, Environment};

/// `seed`
#[derive(Debug, Subcommand)]
pub(crate) enum Seed {
    /// Show which rows would be created, updated or pruned
    Plan(SeedPlan),
    /// Write them, in one transaction
    Apply(SeedApply),
    /// List what wrote seeded rows, newest first
    Runs(SeedRuns),
    /// Take a run back: its rows become what they were before
    Undo(SeedUndo),
    /// Remove the rows that datasets created
    Reset(SeedReset),
    /// Check what must be true of the data
    Verify(SeedVerify),
}

/// `seed verify`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedVerify {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Print a digest of the declared rows of each table instead
    #[arg(long)]
    pub(crate) digest: bool,
}

/// `seed plan`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedPlan {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// Save the plan for `seed apply --plan`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Exit with 10 when there is anything to do
    #[arg(long)]
    pub(crate) check: bool,

    /// Leave rows that exist alone, only create missing ones
    #[arg(long)]
    pub(crate) top_up: bool,
}

/// `seed apply`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedApply {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Do what this saved plan says, or refuse if it is no longer true
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,

    /// Leave rows that exist alone, only create missing ones
    #[arg(long)]
    pub(crate) top_up: bool,

    /// Remove what datasets created before, then seed; asks first
    #[arg(long, conflicts_with_all = ["plan", "top_up"])]
    pub(crate) fresh: bool,

    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Another word for --yes
    #[arg(long)]
    pub(crate) force: bool,
}

/// `seed runs`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedRuns {
    #[command(flatten)]
    pub(crate) environment: Environment,

    /// How many runs to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: u32,
}

/// `seed undo`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedUndo {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// The run; by default the last one that was not taken back
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<i64>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `seed reset`
#[derive(Debug, ClapArgs)]
pub(crate) struct SeedReset {
    #[command(flatten)]
    pub(crate) apply: Apply,

    /// Only the rows of this dataset
    #[arg(long, value_name = "DATASET")]
    pub(crate) dataset: Vec<String>,

    /// Delete rows that were edited in the database as well
    #[arg(long)]
    pub(crate) discard_edits: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl SeedApply {
    /// The arguments that all writing commands share, with `--force` as `--yes`.
    pub(crate) fn agreed(&self) -> Apply {
        Apply { yes: self.apply.yes || self.force, ..self.apply.clone() }
    }
}
