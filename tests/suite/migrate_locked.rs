//! Migrations that meet somebody else's lock: they try again, give up in the end, and never repeat what was done. What is
//! killed is in `migrate_faults` and `migrate_interrupted`.

use std::time::Duration;

use plimsoll_core::db::{DbErrorKind, Engine};
use plimsoll_migrate::{ApplyOptions, MigrateError, MigrateEvent, MigrationSet, Retry, apply};
use plimsoll_tests::migrating::{migrate, options, plan, prepare, set};
use plimsoll_tests::{TestDatabase, live_tests, server_tests};

const BASE: (&str, &str) = (
    "0001_base",
    "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0);",
);

fn impatient(tries: u32) -> ApplyOptions {
    let retry = Retry { tries, first_pause: Duration::from_millis(20), longest_pause: Duration::from_millis(50) };
    ApplyOptions { lock_timeout: Some(Duration::from_millis(200)), retry, ..options() }
}

/// Applies while somebody else writes to the tables and lets go after some retries; how many there were.
fn held_for(
    db: &mut TestDatabase,
    all: &MigrationSet,
    retries: usize,
    tries: u32,
) -> (Result<(), MigrateError>, usize) {
    prepare(db.db());
    let plan = plan(db, all).expect("there is a plan");
    let mut other = db.connect();
    other.begin().expect("begins");
    other.batch("INSERT INTO a VALUES (7)").expect("holds the table");
    let mut seen = 0;
    let outcome = apply(db.db(), all, &plan, &impatient(tries), &mut |event| {
        if let MigrateEvent::Retrying { attempt, of, .. } = event {
            seen += 1;
            assert_eq!((*attempt as usize, *of), (seen + 1, tries));
            if seen == retries {
                other.rollback().expect("lets go");
            }
        }
    });
    (outcome.map(drop), seen)
}

live_tests! {
    fn a_migration_that_meets_a_lock_is_tried_again_until_it_has_it(db: &mut TestDatabase) {
        migrate(db, &set(&[BASE])).expect("applies");
        let all = set(&[BASE, ("0002_wide", "UPDATE counter SET n = n + 1; ALTER TABLE a ADD COLUMN wide INTEGER; UPDATE counter SET n = n + 1;")]);
        let (outcome, seen) = held_for(db, &all, 2, 5);
        outcome.expect("applies in the end");
        assert_eq!((seen, db.int("SELECT n FROM counter"), db.count("a")), (2, 2, 0));
    }

    fn a_lock_that_is_never_let_go_ends_the_migration_after_the_last_try(db: &mut TestDatabase) {
        migrate(db, &set(&[BASE])).expect("applies");
        let all = set(&[BASE, ("0002_wide", "ALTER TABLE a ADD COLUMN wide INTEGER;")]);
        let (outcome, seen) = held_for(db, &all, usize::MAX, 3);
        let Err(MigrateError::Failed(failure)) = outcome else { panic!("expected a failure, got {outcome:?}") };
        assert_eq!((seen, failure.cause.kind), (2, DbErrorKind::Busy));
        migrate(db, &all).expect("applies now");
    }

    fn what_is_no_matter_of_locks_is_not_tried_again(db: &mut TestDatabase) {
        prepare(db.db());
        let all = set(&[BASE, ("0002_bad", "INSERT INTO nowhere VALUES (1);")]);
        let plan = plan(db, &all).expect("there is a plan");
        let mut retried = false;
        let outcome = apply(db.db(), &all, &plan, &impatient(5), &mut |event| {
            retried |= matches!(event, MigrateEvent::Retrying { .. });
        });
        assert!(outcome.is_err() && !retried);
    }
}

server_tests! {
    fn a_stepwise_migration_repeats_the_locked_statement_alone(db: &mut TestDatabase) {
        migrate(db, &set(&[BASE])).expect("applies");
        let index = if db.engine() == Engine::Postgres { "DROP INDEX CONCURRENTLY a_wide;" } else { "DROP INDEX a_wide ON a;" };
        let text = format!(
            "-- plimsoll: no-transaction\nUPDATE counter SET n = n + 1;\nALTER TABLE a ADD COLUMN wide INTEGER;\n\
             CREATE INDEX a_wide ON a (wide);\nUPDATE counter SET n = n + 1;\n{index}\nINSERT INTO a VALUES (7, 7);"
        );
        let all = set(&[BASE, ("0002_step", &text)]);
        let (outcome, seen) = held_for(db, &all, 2, 4);
        outcome.expect("applies in the end");
        assert_eq!((seen, db.int("SELECT n FROM counter"), db.count("a")), (2, 2, 1));
    }

    fn a_script_with_its_own_transaction_begins_that_again(db: &mut TestDatabase) {
        migrate(db, &set(&[BASE])).expect("applies");
        let text = "-- plimsoll: no-transaction\nUPDATE counter SET n = n + 1;\nBEGIN;\nUPDATE counter SET n = n + 1;\n\
                    INSERT INTO a VALUES (7);\nCOMMIT;\nUPDATE counter SET n = n + 1;";
        let all = set(&[BASE, ("0002_own", text)]);
        let options = ApplyOptions { lock_timeout: Some(Duration::from_secs(1)), ..impatient(4) };
        prepare(db.db());
        let plan = plan(db, &all).expect("there is a plan");
        let mut other = db.connect();
        other.begin().expect("begins");
        other.batch("INSERT INTO a VALUES (7)").expect("holds the row");
        let mut seen = 0;
        apply(db.db(), &all, &plan, &options, &mut |event| {
            if matches!(event, MigrateEvent::Retrying { .. }) {
                seen += 1;
                other.rollback().expect("lets go");
            }
        })
        .expect("applies in the end");
        assert_eq!((seen, db.int("SELECT n FROM counter"), db.count("a")), (1, 3, 1));
    }
}
