//! The guard: which rows a deletion would reach beyond those that are to go, and what user tables hold. Deleting is `apply`'s.

pub(crate) mod closure;
pub(crate) mod fingerprint;
pub(crate) mod graph;

pub use fingerprint::{Fingerprint, UserDataVerdict, UserTable};
