//! Reconciliation: what a database holds, how it differs from the files, and the plan that follows. Writing is `apply`'s.

pub(crate) mod diff;
pub(crate) mod fresh;
pub(crate) mod lookup;
pub(crate) mod observe;
pub(crate) mod orphan;
pub(crate) mod plan;
pub(crate) mod prune;
pub(crate) mod show;
