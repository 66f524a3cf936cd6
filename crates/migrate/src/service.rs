//! Migrating a database in one call, as a service does at its start: several instances may start at once. What runs them is
//! left to others.

use std::time::Duration;

use plimsoll_core::db::{Access, DatabaseUrl, Db, connect};
use plimsoll_core::lock::{self, Holder};

use crate::apply::{ApplyOptions, Retry, apply};
use crate::error::MigrateError;
use crate::event::MigrateEvent;
use crate::history::History;
use crate::plan::{MigratePlan, PlanOptions, plan};
use crate::report::MigrateReport;
use crate::source::{MigrationSet, check_prisma_provider};

/// How [`migrate`] goes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrateOptions {
    /// How long to wait while another instance migrates. A minute by default.
    pub lock_wait: Duration,
    /// How long a statement may wait for a lock of the database; the engine's own limit when none is given.
    pub lock_timeout: Option<Duration>,
    /// How often and how patiently to try again what did not get its lock.
    pub retry: Retry,
    /// Apply migrations that come before ones already applied, as after merging an older branch.
    pub allow_out_of_order: bool,
    /// Who migrates, as those are told who wait, such as `notes@host-7`.
    pub actor: String,
    /// The program and its version for the ledger, such as `notes 1.4.0`.
    pub tool: String,
}

impl Default for MigrateOptions {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(60),
            lock_timeout: None,
            retry: Retry::default(),
            allow_out_of_order: false,
            actor: "a service".to_owned(),
            tool: concat!("plimsoll-migrate ", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Brings a database up to date. When nothing is pending, it is only read: no lock is taken and nothing is written. Otherwise
/// one instance applies what is pending under the deployment lock, and the others wait for it.
///
/// # Errors
/// What stands against the migrations, found before anything was written; [`MigrateError::Lock`] when another one holds the lock
/// for longer than `lock_wait`; [`MigrateError::Failed`] with the report of what was done.
pub fn migrate(
    url: &DatabaseUrl,
    set: &MigrationSet,
    options: &MigrateOptions,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<MigrateReport, MigrateError> {
    check_prisma_provider(set, url.engine())?;
    let mut look = connect(url, Access::Read).map_err(MigrateError::Open)?;
    if make(look.as_mut(), set, options)?.steps.is_empty() {
        return Ok(MigrateReport::default());
    }
    let holder = Holder::new(&options.actor, "migrate at start");
    let lock = lock::acquire_unless(url, &holder, options.lock_wait, &mut || {
        // A file that was not there yet was seen as an empty database in memory.
        if let Some(fresh) = url.file().and_then(|_| connect(url, Access::Read).ok()) {
            look = fresh;
        }
        make(look.as_mut(), set, options).is_ok_and(|plan| plan.steps.is_empty())
    })?;
    drop(look);
    // Another instance has done everything.
    let Some(lock) = lock else { return Ok(MigrateReport::default()) };
    let mut db = lock.connect().map_err(MigrateError::Open)?;
    // Another instance may have been faster.
    let plan = make(db.as_mut(), set, options)?;
    if plan.steps.is_empty() {
        return Ok(MigrateReport::default());
    }
    db.ensure_diesel_history().map_err(MigrateError::Open)?;
    let apply_options = ApplyOptions {
        deployment: None,
        lock_timeout: options.lock_timeout,
        retry: options.retry.clone(),
        tool: options.tool.clone(),
        fence: Some(lock.fence()),
        ..ApplyOptions::default()
    };
    apply(db.as_mut(), set, &plan, &apply_options, on_event)
}

fn make(db: &mut dyn Db, set: &MigrationSet, options: &MigrateOptions) -> Result<MigratePlan, MigrateError> {
    let options = PlanOptions { allow_out_of_order: options.allow_out_of_order };
    plan(set, &History::observe(db, set)?, &options)
}
