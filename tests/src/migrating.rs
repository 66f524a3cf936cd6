//! Short words for what tests of migrations do again and again. What has to come of it is the tests'.

use plimsoll_core::db::Db;
use plimsoll_core::ledger;
use plimsoll_migrate::{
    ApplyOptions, Failure, History, MigrateError, MigrateEvent, MigratePlan, MigrateReport, MigrationSet, PlanOptions,
    apply,
};

use crate::TestDatabase;

/// How tests apply.
#[must_use]
pub fn options() -> ApplyOptions {
    ApplyOptions { tool: "test 1".to_owned(), ..ApplyOptions::default() }
}

/// Migrations that are not in files.
#[track_caller]
#[must_use]
pub fn set(migrations: &[(&str, &str)]) -> MigrationSet {
    MigrationSet::from_embedded(migrations).expect("the migrations load")
}

/// Makes the tables that migrating writes to.
pub fn prepare(db: &mut dyn Db) {
    ledger::ensure(db).expect("the ledger is made");
    db.ensure_diesel_history().expect("diesel's table is made");
}

/// What the database has.
#[track_caller]
pub fn history(db: &mut TestDatabase) -> History {
    History::read(db.db()).expect("the history is readable")
}

/// The plan, or what stands against it.
///
/// # Errors
/// The planner's.
pub fn plan(db: &mut TestDatabase, set: &MigrationSet) -> Result<MigratePlan, MigrateError> {
    plimsoll_migrate::plan(set, &history(db), &PlanOptions::default())
}

/// Plans and applies on the test's own connection.
///
/// # Errors
/// The planner's and those of applying.
pub fn migrate(db: &mut TestDatabase, set: &MigrationSet) -> Result<MigrateReport, MigrateError> {
    let mut nothing = |_: &MigrateEvent| {};
    migrate_telling(db, set, &mut nothing)
}

/// As [`migrate`], with the events.
///
/// # Errors
/// The planner's and those of applying.
pub fn migrate_telling(
    db: &mut TestDatabase,
    set: &MigrationSet,
    on_event: &mut dyn FnMut(&MigrateEvent),
) -> Result<MigrateReport, MigrateError> {
    prepare(db.db());
    let plan = plan(db, set)?;
    apply(db.db(), set, &plan, &options(), on_event)
}

/// Applies, and gives the failure that must come.
#[track_caller]
pub fn fails(db: &mut TestDatabase, set: &MigrationSet) -> Failure {
    match migrate(db, set) {
        Err(MigrateError::Failed(failure)) => *failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}
