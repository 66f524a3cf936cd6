//! The public table of exit codes. What each error maps to is decided in `error.rs`; this file only names the numbers.

use serde::Serialize;

/// How a `plimsoll` process ends, as scripts and CI see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done, or nothing had to be.
    Ok = 0,
    /// A defect in Plimsoll itself, or an error nobody foresaw.
    Unexpected = 1,
    /// The command line, a project file or a variable is wrong; nothing was written.
    Usage = 2,
    /// A check ran and failed.
    CheckFailed = 3,
    /// Something could not be measured or reached, so nothing can be said about it.
    CouldNotMeasure = 4,
    /// A gate refused: protection, promotion or confirmation.
    GateRefused = 5,
    /// Another deployment holds the lock.
    LockHeld = 6,
    /// The deployment failed and what it had started was undone.
    RolledBack = 7,
    /// The deployment failed in a state that a person must look at.
    NeedsPerson = 8,
    /// The target moved since the plan was made; nothing was done.
    PlanStale = 9,
    /// `--check` found pending changes.
    ChangesPending = 10,
    /// Ended by Ctrl-C. The signal is not caught: the next run finds out how far this one came, as after any kill.
    Interrupted = 130,
    /// Ended by SIGTERM, in the same way.
    Terminated = 143,
}

impl Exit {
    /// The number the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
