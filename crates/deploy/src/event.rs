//! What happens during a deployment, as typed events. Showing them is the command line's.

use plimsoll_migrate::MigrateEvent;
use plimsoll_seed::SeedEvent;

use crate::report::Interrupted;

/// Something that happened. Texts hold no secrets.
#[derive(Debug)]
pub enum DeployEvent<'a> {
    /// Another deployment changed the target while this one waited for its lock, so it was planned again.
    Replanned {
        /// What moved.
        moved: &'a [String],
    },
    /// The lock is held and the plan is still true.
    Locked,
    /// A killed deployment was found and closed.
    Recovered(&'a Interrupted),
    /// The deployment has its number.
    Started {
        /// The number.
        deployment: i64,
    },
    /// A step begins; its intent is in the journal.
    StepStarted {
        /// What it is: `migrate`, `seed`, `start api`, `smoke`, `switch api`.
        step: &'a str,
    },
    /// A step is done and recorded.
    StepDone {
        /// What it is.
        step: &'a str,
        /// What it did, in a phrase.
        detail: &'a str,
    },
    /// A step failed; undoing begins.
    StepFailed {
        /// What it is.
        step: &'a str,
    },
    /// Something was undone.
    Undone {
        /// What, in a phrase.
        what: &'a str,
    },
    /// From migrating.
    Migrate(&'a MigrateEvent),
    /// From seeding.
    Seed(&'a SeedEvent),
    /// From the smoke checks.
    Smoke(&'a plimsoll_smoke::Event),
}
