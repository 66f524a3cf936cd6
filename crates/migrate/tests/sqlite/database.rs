//! A database file of a test's own, and short words for what every test does with it. Expectations are the tests'.

use std::path::Path;

use plimsoll_core::db::{Access, DatabaseUrl, Db, Stmt, connect, scalar};
use plimsoll_core::ledger;
use plimsoll_migrate::{
    ApplyOptions, Failure, History, MigrateError, MigrateEvent, MigratePlan, MigrateReport, MigrationSet, PlanOptions,
    apply, plan,
};
use tempfile::TempDir;

pub(crate) struct Database {
    folder: TempDir,
    pub(crate) db: Box<dyn Db>,
    pub(crate) events: Vec<MigrateEvent>,
}

pub(crate) fn database() -> Database {
    let folder = TempDir::new().expect("a temporary folder");
    let db = open(folder.path());
    Database { folder, db, events: Vec::new() }
}

pub(crate) fn set(migrations: &[(&str, &str)]) -> MigrationSet {
    MigrationSet::from_embedded(migrations).expect("the migrations load")
}

impl Database {
    pub(crate) fn path(&self) -> String {
        self.folder.path().join("test.db").to_str().expect("UTF-8").to_owned()
    }

    /// Drops the connection, as a kill would, and opens another one.
    pub(crate) fn reconnect(&mut self) {
        self.db = open(self.folder.path());
    }

    pub(crate) fn plan(&mut self, set: &MigrationSet) -> MigratePlan {
        let history = History::read(&mut *self.db).expect("the history is readable");
        plan(set, &history, &PlanOptions::default()).expect("there is a plan")
    }

    pub(crate) fn apply(&mut self, set: &MigrationSet) -> Result<MigrateReport, MigrateError> {
        ledger::ensure(&mut *self.db).expect("the ledger is made");
        self.db.ensure_diesel_history().expect("diesel's table is made");
        let plan = self.plan(set);
        self.apply_plan(set, &plan)
    }

    pub(crate) fn apply_plan(&mut self, set: &MigrationSet, plan: &MigratePlan) -> Result<MigrateReport, MigrateError> {
        let options = ApplyOptions { tool: "test 1".to_owned(), ..ApplyOptions::default() };
        let events = &mut self.events;
        events.clear();
        apply(&mut *self.db, set, plan, &options, &mut |event| events.push(event.clone()))
    }

    pub(crate) fn fails(&mut self, set: &MigrationSet) -> Failure {
        match self.apply(set) {
            Err(MigrateError::Failed(failure)) => *failure,
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    pub(crate) fn int(&mut self, sql: &str) -> i64 {
        scalar(&mut *self.db, &Stmt::new(sql)).expect("the query works").as_int().expect("an integer")
    }

    pub(crate) fn run(&mut self, sql: &str) {
        self.db.batch(sql).expect("the statement works");
    }

    pub(crate) fn tables(&mut self) -> Vec<String> {
        let stmt = Stmt::new(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%plimsoll_%' ORDER BY name",
        );
        let rows = self.db.rows(&stmt).expect("the query works");
        rows.iter()
            .map(|row| row.text(0).to_owned())
            .filter(|name| !name.starts_with("__") && !name.starts_with("sqlite_"))
            .collect()
    }
}

fn open(folder: &Path) -> Box<dyn Db> {
    let url = DatabaseUrl::parse("sqlite:test.db", folder).expect("a good URL");
    connect(&url, Access::Write).expect("the database opens")
}
