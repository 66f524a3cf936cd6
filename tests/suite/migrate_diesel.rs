//! diesel's stock harness beside this crate on every engine: both always agree. What diesel does by itself is diesel's.

use diesel::Connection;
use diesel::backend::Backend;
use diesel_migrations::MigrationHarness;
use plimsoll_core::db::Engine;
use plimsoll_migrate::revert::{self, RevertOptions, RevertTarget};
use plimsoll_migrate::{Down, MigrationSet, Note, Overall};
use plimsoll_tests::migrating::{fails, history, migrate, options, plan, set};
use plimsoll_tests::{TestDatabase, live_tests};

const A: (&str, &str) = ("2024-01-01-000000_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);");
const B: (&str, &str) = ("2024-02-01-000000_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);");
const C: (&str, &str) = ("2024-03-01-000000_c", "CREATE TABLE c (id INTEGER PRIMARY KEY);");

/// What `diesel migration list` would say, and what `diesel migration run` would do.
trait Stock {
    fn applied(&mut self) -> Vec<String>;
    fn pending(&mut self, set: &MigrationSet) -> Vec<String>;
    fn has_pending(&mut self, set: &MigrationSet) -> bool;
    fn run_next(&mut self, set: &MigrationSet);
}

impl<C, DB> Stock for C
where
    DB: Backend,
    C: Connection<Backend = DB> + MigrationHarness<DB>,
{
    fn applied(&mut self) -> Vec<String> {
        let mut versions: Vec<_> =
            self.applied_migrations().expect("readable").iter().map(ToString::to_string).collect();
        versions.sort();
        versions
    }

    fn pending(&mut self, set: &MigrationSet) -> Vec<String> {
        self.pending_migrations(set.clone()).expect("readable").iter().map(|each| each.name().to_string()).collect()
    }

    fn has_pending(&mut self, set: &MigrationSet) -> bool {
        self.has_pending_migration(set.clone()).expect("readable")
    }

    fn run_next(&mut self, set: &MigrationSet) {
        self.run_next_migration(set.clone()).expect("diesel applies it");
    }
}

fn stock(db: &TestDatabase) -> Box<dyn Stock> {
    let url = db.diesel_url();
    match db.engine() {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => Box::new(diesel::SqliteConnection::establish(url).expect("connects")),
        #[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
        Engine::Postgres => Box::new(diesel::PgConnection::establish(url).expect("connects")),
        #[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
        Engine::Mysql => Box::new(diesel::MysqlConnection::establish(url).expect("connects")),
        #[allow(unreachable_patterns, reason = "depends on the engines compiled in")]
        other => panic!("{other} is not compiled in"),
    }
}

live_tests! {
    fn diesel_lists_what_is_applied_and_pending_just_as_the_plan_does(db: &mut TestDatabase) {
        let all = set(&[A, B, C]);
        let mut stock = stock(db);
        assert_eq!(stock.pending(&all).len(), 3);
        migrate(db, &set(&[A, B])).expect("applies");
        assert_eq!(stock.applied(), ["20240101000000", "20240201000000"]);
        assert_eq!(stock.pending(&all), ["2024-03-01-000000_c"]);
        assert!(stock.has_pending(&all));
        assert_eq!(plan(db, &all).expect("a plan").steps.len(), 1);
        migrate(db, &all).expect("applies");
        assert!(!stock.has_pending(&all));
        assert_eq!(stock.applied().len(), 3);
    }

    fn what_diesel_applied_is_applied_and_nothing_is_lost_when_both_take_turns(db: &mut TestDatabase) {
        let all = set(&[A, B, C]);
        let mut stock = stock(db);
        stock.run_next(&all);
        let report = migrate(db, &set(&[A, B])).expect("applies");
        assert_eq!(report.applied.len(), 1);
        stock.run_next(&all);
        let plan = plan(db, &all).expect("a plan");
        assert_eq!((plan.overall, plan.steps.len()), (Overall::Current, 0));
        let unknown = |version: &str| Note::NoChecksum { version: version.to_owned() };
        assert_eq!(plan.notes, [unknown("20240101000000"), unknown("20240301000000")]);
        assert_eq!(db.tables(), ["a", "b", "c"]);
    }

    fn a_failed_migration_is_pending_for_diesel_too(db: &mut TestDatabase) {
        let broken = set(&[A, ("2024-02-01-000000_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);")]);
        fails(db, &broken);
        assert_eq!(stock(db).pending(&broken), ["2024-02-01-000000_b"]);
    }

    fn what_was_taken_back_is_pending_for_diesel_and_what_diesel_applied_can_be_taken_back(db: &mut TestDatabase) {
        let mut all = set(&[A, B]);
        for (migration, table) in all.migrations.iter_mut().zip(["a", "b"]) {
            migration.down = Some(Down { file: "down.sql".into(), sql: format!("DROP TABLE {table};"), declared_transaction: None });
        }
        let mut stock = stock(db);
        migrate(db, &set(&[A])).expect("applies");
        stock.run_next(&all);
        assert_eq!(stock.applied(), ["20240101000000", "20240201000000"]);
        for (left, pending) in [(vec!["a"], vec![B.0]), (vec![], vec![A.0, B.0])] {
            let last = RevertOptions { target: RevertTarget::Steps(1), allow_lossy: true };
            let plan = revert::plan(&all, &history(db), &last).expect("a plan");
            revert::apply(db.db(), &all, &plan, &options(), &mut |_| {}).expect("takes back");
            assert_eq!((db.tables(), stock.pending(&all)), (left.into_iter().map(str::to_owned).collect(), pending.into_iter().map(str::to_owned).collect()));
        }
        assert!(stock.applied().is_empty());
    }
}
