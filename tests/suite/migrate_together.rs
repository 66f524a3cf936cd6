//! Many runners of the same migrations at once, as libraries and as processes: each migration runs once and everybody succeeds.
//! Who holds the lock is `lock`'s.

use std::sync::Barrier;

use plimsoll_core::db::Engine;
use plimsoll_migrate::{MigrateEvent, MigrateOptions, MigrateReport, MigrationSet, migrate};
use plimsoll_tests::fault::PATIENCE;
use plimsoll_tests::{Deployment, TestDatabase, live_tests};

const RUNNERS: usize = 16;
const ROUNDS: usize = 50;

/// The migrations up to a round: one more row, and every fifth round an index that must not be built twice.
fn migrations(engine: Engine, rounds: usize) -> MigrationSet {
    let mut all = vec![("0_ran".to_owned(), "CREATE TABLE ran (what INTEGER)".to_owned())];
    for round in 1..=rounds {
        all.push((format!("{}_row", round * 10), format!("INSERT INTO ran VALUES ({round})")));
        if round % 5 == 0 {
            let how = if engine == Engine::Postgres { "CREATE INDEX CONCURRENTLY" } else { "CREATE INDEX" };
            all.push((format!("{}_index", round * 10 + 1), format!("{how} ran_{round} ON ran (what)")));
        }
    }
    let all: Vec<_> = all.iter().map(|(name, sql)| (name.as_str(), sql.as_str())).collect();
    MigrationSet::from_embedded(&all).expect("the migrations load")
}

/// Starts runners in the same moment; what each of them did.
fn run_together(db: &TestDatabase, set: &MigrationSet, runners: usize) -> Vec<MigrateReport> {
    let start = Barrier::new(runners);
    let url = db.url();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..runners)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    let actor = format!("runner {number}");
                    let options = MigrateOptions { actor, lock_wait: PATIENCE, ..MigrateOptions::default() };
                    start.wait();
                    migrate(url, set, &options, &mut |_| {}).unwrap_or_else(|error| {
                        panic!("runner {number}: {error}: {:?}", std::error::Error::source(&error))
                    })
                })
            })
            .collect();
        running.into_iter().map(|each| each.join().expect("succeeds")).collect()
    })
}

live_tests! {
    fn sixteen_runners_apply_every_migration_exactly_once_in_fifty_rounds(db: &mut TestDatabase) {
        for round in 1..=ROUNDS {
            let set = migrations(db.engine(), round);
            let reports = run_together(db, &set, RUNNERS);
            let new = if round == 1 || round % 5 == 0 { 2 } else { 1 };
            let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
            assert_eq!(applied, new, "round {round}");
        }
        let all = i64::try_from(ROUNDS).expect("few");
        assert_eq!(db.count("ran"), all);
        assert_eq!(db.int("SELECT count(DISTINCT what) FROM ran"), all);
        if db.engine() == Engine::Postgres {
            assert_eq!(db.int("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), 0);
        }
    }

    fn eight_services_start_at_once_and_all_come_up(db: &mut TestDatabase) {
        let set = migrations(db.engine(), 3);
        let reports = run_together(db, &set, 8);
        assert_eq!(reports.iter().filter(|report| !report.applied.is_empty()).count(), 1);
        assert_eq!(db.texts("SELECT version FROM __diesel_schema_migrations ORDER BY version"), ["0", "10", "20", "30"]);
        assert_eq!(db.count("ran"), 3);
    }

    fn a_service_with_nothing_to_migrate_only_looks(db: &mut TestDatabase) {
        let set = migrations(db.engine(), 1);
        let mut events = 0;
        let options = MigrateOptions::default();
        migrate(db.url(), &set, &options, &mut |_: &MigrateEvent| events += 1).expect("migrates");
        assert!(events > 0);
        // While somebody holds the lock: neither waits nor fails.
        let holder = plimsoll_core::lock::Holder::new("ada@quay", "deploy");
        let lock = plimsoll_core::lock::acquire(db.url(), &holder, PATIENCE).expect("is free");
        let options = MigrateOptions { lock_wait: std::time::Duration::ZERO, ..options };
        let report = migrate(db.url(), &set, &options, &mut |_| panic!("nothing happens")).expect("looks");
        assert_eq!(report, MigrateReport::default());
        let more = migrations(db.engine(), 2);
        let error = migrate(db.url(), &more, &options, &mut |_| {}).expect_err("the lock is held");
        assert_eq!(plimsoll_core::Coded::code(&error), plimsoll_core::ErrorCode::LockHeld, "{error}");
        drop(lock);
        migrate(db.url(), &more, &options, &mut |_| {}).expect("migrates");
    }
}

#[test]
fn processes_that_migrate_at_once_all_succeed() {
    let database = TestDatabase::new(Engine::Postgres);
    let harbour = Deployment::of_harbour().env("DATABASE_URL", database.url_text()).env("HF_SUPERADMIN_TOKEN", "t0ken");
    let arguments = ["migrate", "up", "staging", "--yes", "--lock-wait", "60s"];
    let running: Vec<_> = (0..6).map(|_| harbour.start(&arguments)).collect();
    for each in running {
        each.end_of().exits(0);
    }
    harbour.run(&["migrate", "status", "staging"]).exits(0);
}
