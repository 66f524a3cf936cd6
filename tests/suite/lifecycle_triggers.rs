//! Triggers that keep immutable rows as they are, on every engine: what raw SQL may not do, and what it may.

use std::time::Duration;

use plimsoll_core::db::Engine;
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_seed::{TableTriggers, TriggerState, install_triggers, plan_triggers, remove_triggers};
use plimsoll_tests::seeding::{CONTRACTS, counted_id, read, seed, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

fn state(db: &mut TestDatabase, project: &TestProject) -> Vec<TableTriggers> {
    let seeds = read(&project.load(db)).expect("loads");
    plan_triggers(db.db(), &seeds).expect("can be asked")
}

fn guarded(db: &mut TestDatabase) -> TestProject {
    let project = with_contracts(db);
    let triggers = state(db, &project);
    assert_eq!(triggers[0].state, TriggerState::Missing);
    install_triggers(db.db(), &triggers, None).expect("are made");
    assert_eq!(state(db, &project)[0].state, TriggerState::Installed);
    project
}

#[track_caller]
fn refused(db: &mut TestDatabase, sql: &str) {
    let error = db.db().batch(sql).expect_err(sql);
    assert!(error.to_string().contains("(its life cycle)"), "{error}: {sql}");
}

live_tests! {
    fn raw_sql_cannot_change_or_delete_a_published_row(db: &mut TestDatabase) {
        guarded(db);
        for set in ["body = 'x'", "body = 'Knees out'", "slug = 'y'", "weight = 2", "weight = NULL", "detail = '{}'", "id = id + 100", "status = 'APPROVED'", "status = 'published'", "status = 'RETIRED', body = 'x'"] {
            refused(db, &format!("UPDATE contract SET {set} WHERE slug = 'squat'"));
        }
        refused(db, "DELETE FROM contract WHERE slug = 'squat'");
        refused(db, "DELETE FROM contract");
        match db.engine() {
            Engine::Postgres => {
                refused(db, "TRUNCATE contract");
                refused(db, "INSERT INTO contract (slug, body, status) VALUES ('squat', 'x', 'PUBLISHED') ON CONFLICT (slug) DO UPDATE SET body = 'x'");
            }
            Engine::Mysql => {
                refused(db, "REPLACE INTO contract (slug, body, status) VALUES ('squat', 'x', 'PUBLISHED')");
                refused(db, "INSERT INTO contract (slug, body, status) VALUES ('squat', 'x', 'PUBLISHED') ON DUPLICATE KEY UPDATE body = 'x'");
            }
            Engine::Sqlite => {
                refused(db, "REPLACE INTO contract (slug, body, status) VALUES ('squat', 'x', 'PUBLISHED')");
                refused(db, "UPDATE OR REPLACE contract SET slug = 'squat' WHERE slug = 'plank'");
                refused(db, "INSERT INTO contract (slug, body, status) VALUES ('squat', 'x', 'PUBLISHED') ON CONFLICT (slug) DO UPDATE SET body = 'x'");
            }
        }
        assert_eq!(db.texts("SELECT body FROM contract WHERE slug = 'squat' AND status = 'PUBLISHED'"), ["knees out"]);
    }

    fn raw_sql_may_do_what_the_life_cycle_allows(db: &mut TestDatabase) {
        guarded(db);
        for sql in [
            "UPDATE contract SET retired_at = '2031' WHERE slug = 'squat'",
            "UPDATE contract SET body = body WHERE slug = 'squat'",
            "UPDATE contract SET status = 'RETIRED', retired_at = '2032' WHERE slug = 'squat'",
            "UPDATE contract SET body = 'x', status = 'REVIEW_SUBMITTED' WHERE slug = 'plank'",
            "UPDATE contract SET slug = 'plonk' WHERE slug = 'plank'",
            "INSERT INTO contract (slug, body, status) VALUES ('jump', 'high', 'CREATED')",
            "DELETE FROM contract WHERE slug = 'jump'",
        ] {
            db.run(sql);
        }
        refused(db, "UPDATE contract SET status = 'SOLD' WHERE slug = 'plonk'");
    }

    fn seeding_passes_with_what_the_life_cycle_allows(db: &mut TestDatabase) {
        let project = guarded(db);
        let on = CONTRACTS
            .replace("\"PUBLISHED\" },", "\"RETIRED\", retired_at = \"2031\" },")
            .replace("still\", status = \"CREATED\"", "put\", status = \"PUBLISHED\"");
        project.write("seeds/contracts.toml", &on);
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 2);
        assert_eq!(db.texts("SELECT status FROM contract ORDER BY slug"), ["PUBLISHED", "RETIRED"]);
        let seeds = read(&project.load(db)).expect("loads");
        let report = plimsoll_seed::verify_audit(db.db(), &seeds, None).expect("verifies");
        assert!(report.holds(), "{report}");
    }

    fn triggers_of_another_life_cycle_are_outdated_and_brought_up_to_date(db: &mut TestDatabase) {
        let project = guarded(db);
        project.write("seeds/contracts.toml", &CONTRACTS.replace("immutable = [\"PUBLISHED\", \"RETIRED\"]", "immutable = [\"RETIRED\"]"));
        let triggers = state(db, &project);
        assert_eq!(triggers[0].state, TriggerState::Outdated);
        install_triggers(db.db(), &triggers, None).expect("are made");
        assert_eq!(state(db, &project)[0].state, TriggerState::Installed);
        db.run("UPDATE contract SET body = 'x' WHERE slug = 'squat'");
    }

    fn columns_that_the_database_computes_from_the_state_keep_no_row_from_stepping_on(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!(
            "CREATE TABLE contract ({id}, slug VARCHAR(40) NOT NULL UNIQUE, body VARCHAR(80) NOT NULL, status VARCHAR(40) NOT NULL, \
             shown VARCHAR(40) GENERATED ALWAYS AS (upper(status)) STORED, retired_at VARCHAR(40))"
        ));
        let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
        seed(db, &project).expect("seeds");
        let triggers = state(db, &project);
        install_triggers(db.db(), &triggers, None).expect("are made");
        db.run("UPDATE contract SET status = 'RETIRED' WHERE slug = 'squat'");
        refused(db, "UPDATE contract SET body = 'x' WHERE slug = 'squat'");
    }

    fn triggers_are_not_made_without_the_lock(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let triggers = state(db, &project);
        let fence = acquire(db.url(), &Holder::new("ada@quay", "lifecycle triggers"), Duration::ZERO).expect("is free").fence();
        drop(acquire(db.url(), &Holder::new("bob@pier", "deploy dev"), Duration::ZERO).expect("is free again"));
        install_triggers(db.db(), &triggers, Some(&fence)).expect_err("it is not held any more");
        assert_eq!(state(db, &project)[0].state, TriggerState::Missing);
    }

    fn triggers_go_away_without_a_trace(db: &mut TestDatabase) {
        let project = guarded(db);
        let triggers = state(db, &project);
        remove_triggers(db.db(), &triggers, None).expect("are taken away");
        assert_eq!(state(db, &project)[0].state, TriggerState::Missing);
        db.run("DELETE FROM contract");
        if db.engine() == Engine::Postgres {
            assert_eq!(db.int("SELECT count(*) FROM pg_proc WHERE proname LIKE 'plimsoll%'"), 0);
        }
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn triggers_that_are_switched_off_are_outdated() {
    let db = &mut TestDatabase::new(Engine::Postgres);
    let project = guarded(db);
    db.run("ALTER TABLE contract DISABLE TRIGGER ALL");
    assert_eq!(state(db, &project)[0].state, TriggerState::Outdated);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn triggers_are_found_in_a_schema_whose_name_has_capitals() {
    let db = &mut TestDatabase::new(Engine::Postgres);
    db.run("CREATE SCHEMA \"My-App\"; SET search_path TO \"My-App\"");
    guarded(db);
    refused(db, "DELETE FROM contract WHERE slug = 'squat'");
}
