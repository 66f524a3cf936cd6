//! The audit on every engine: steps that people make, and whether tampering is found, field by field. Which steps seeding
//! records is in `lifecycle_rows`.

use std::time::Duration;

use plimsoll_core::Coded;
use plimsoll_core::ErrorCode;
use plimsoll_core::db::Engine;
use plimsoll_core::inspect::sessions;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_seed::{
    AuditHead, AuditReport, RunOptions, SeedError, StepPlan, StepRequest, StepTo, apply_step, list_audit, plan_step,
    record_deleted, verify_audit,
};
use plimsoll_tests::fault::wait_until;
use plimsoll_tests::seeding::{problems, read, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests, server_tests};

fn verified(db: &mut TestDatabase, project: &TestProject) -> AuditReport {
    let seeds = read(&project.load(db)).expect("loads");
    verify_audit(db.db(), &seeds, None).expect("can be verified")
}

fn planned(db: &mut TestDatabase, project: &TestProject, row: &str, to: StepTo) -> Result<StepPlan, SeedError> {
    let seeds = read(&project.load(db)).expect("loads");
    plan_step(db.db(), &seeds, &StepRequest { table: "contract".to_owned(), row: row.to_owned(), to })
}

fn applied(db: &mut TestDatabase, project: &TestProject, plan: &StepPlan) -> Result<usize, SeedError> {
    let seeds = read(&project.load(db)).expect("loads");
    let by = RunOptions { actor: "omar@harbour".to_owned(), ..RunOptions::default() };
    apply_step(db.db(), &seeds, plan, Some("reviewed"), &by).map(|entries| entries.len())
}

fn promoted(db: &mut TestDatabase, project: &TestProject, row: &str, to: &str) -> Result<usize, SeedError> {
    let plan = planned(db, project, row, StepTo::State(to.to_owned()))?;
    applied(db, project, &plan)
}

/// The findings as one text.
fn found(db: &mut TestDatabase, project: &TestProject) -> String {
    verified(db, project).findings.iter().map(|finding| format!("{finding}\n")).collect()
}

live_tests! {
    fn an_untouched_audit_is_intact(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let report = verified(db, &project);
        assert!(report.holds(), "{report}");
        assert_eq!((report.entries, report.rows, report.head.number), (5, 2, 5));
    }

    fn each_changed_field_of_any_entry_is_found_and_the_first_broken_link_named(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let audit = table(db.engine(), LedgerTable::SeedAudit);
        let fields = ["at", "actor", "table_name", "row_key", "key_json", "row_id", "from_state", "to_state", "note", "run", "sealed", "covers", "content", "previous", "hash"];
        for entry in 1..=5 {
            for field in fields {
                // Not `RENAME`, not a copy: the very row, put back afterwards.
                let wrong = if ["run", "sealed"].contains(&field) { "99" } else { "'{}'" };
                db.run(&format!("CREATE TABLE kept AS SELECT * FROM {audit}"));
                db.run(&format!("UPDATE {audit} SET {field} = {wrong} WHERE number = {entry}"));
                let report = verified(db, &project);
                assert!(!report.holds(), "{field} of entry {entry}");
                assert_eq!(report.findings[0].entry, Some(entry), "{field} of entry {entry}: {report}");
                db.run(&format!("DELETE FROM {audit}"));
                db.run(&format!("INSERT INTO {audit} SELECT * FROM kept"));
                db.run("DROP TABLE kept");
            }
        }
        assert!(verified(db, &project).holds());
    }

    fn entries_that_are_missing_at_the_start_in_the_middle_or_at_the_end_are_found(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let audit = table(db.engine(), LedgerTable::SeedAudit);
        for (entry, named) in [(1, "entry 2: entry 1 is missing before it"), (3, "entry 4: entry 3 is missing before it"), (5, "entries are missing at the end: the ledger says that entry 5 is the last")] {
            db.run(&format!("CREATE TABLE kept AS SELECT * FROM {audit} WHERE number = {entry}"));
            db.run(&format!("DELETE FROM {audit} WHERE number = {entry}"));
            let found = found(db, &project);
            assert!(found.contains(named), "{found}");
            db.run(&format!("INSERT INTO {audit} SELECT * FROM kept"));
            db.run("DROP TABLE kept");
        }
        assert!(verified(db, &project).holds());
    }

    fn nothing_is_added_to_a_chain_that_was_cut_off(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let audit = table(db.engine(), LedgerTable::SeedAudit);
        db.run(&format!("DELETE FROM {audit} WHERE number = 5"));
        let error = promoted(db, &project, "plank", "CREATED").or_else(|_| promoted(db, &project, "squat", "RETIRED")).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::AuditBroken);
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'squat'"), ["PUBLISHED"]);
    }

    fn a_whole_new_chain_is_found_by_a_head_that_was_kept_elsewhere(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let seeds = read(&project.load(db)).expect("loads");
        let kept = verified(db, &project).head;
        assert!(verify_audit(db.db(), &seeds, Some(&kept)).expect("verifies").holds());
        let other = AuditHead { number: kept.number, hash: "0".repeat(64) };
        let report = verify_audit(db.db(), &seeds, Some(&other)).expect("verifies");
        assert_eq!(report.findings[0].to_string(), "entry 5: its hash is not the one that was kept");
        let longer = AuditHead { number: 9, ..kept };
        assert!(!verify_audit(db.db(), &seeds, Some(&longer)).expect("verifies").holds());
    }

    fn each_changed_field_of_a_published_row_is_found(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("UPDATE contract SET detail = '{\"sets\": 3}' WHERE slug = 'plank'");
        for (to, from) in [("REVIEW_SUBMITTED", 1), ("APPROVED", 1), ("PUBLISHED", 1)] {
            assert_eq!(promoted(db, &project, "plank", to).expect("steps"), from);
        }
        let edits = [
            ("id", "id + 1000", "id - 1000"),
            ("slug", "'plnk'", "'plank'"),
            ("body", "'Stay still'", "'stay still'"),
            ("weight", "1.51", "1.5"),
            ("detail", "'{\"sets\": 4}'", "'{\"sets\": 3}'"),
            ("detail", "NULL", "'{\"sets\": 3}'"),
            ("status", "'RETIRED'", "'PUBLISHED'"),
        ];
        for (column, wrong, right) in edits {
            db.run(&format!("UPDATE contract SET {column} = {wrong} WHERE body IN ('stay still')"));
            let report = verified(db, &project);
            assert!(!report.holds(), "{column} = {wrong}");
            assert!(report.findings.iter().any(|finding| finding.row.as_deref() == Some("contract plank")), "{report}");
            db.run(&format!("UPDATE contract SET {column} = {right} WHERE slug <> 'squat'"));
            assert!(verified(db, &project).holds(), "{column} = {right}: {}", found(db, &project));
        }
        db.run("UPDATE contract SET retired_at = '2031' WHERE slug = 'plank'");
        assert!(verified(db, &project).holds(), "that column is excepted");
        db.run("DELETE FROM contract WHERE slug = 'plank'");
        assert!(found(db, &project).contains("contract plank: it is gone from the database, and its last entry says PUBLISHED"));
    }

    fn a_published_row_that_was_smuggled_in_is_found(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("INSERT INTO contract (slug, body, status) VALUES ('jump', 'high', 'CREATED')");
        assert!(verified(db, &project).holds(), "rows of the service are its own until they are published");
        db.run("UPDATE contract SET status = 'PUBLISHED' WHERE slug = 'jump'");
        assert_eq!(found(db, &project), "contract jump: it is in an immutable state and has no entry\n");
        let plan = planned(db, &project, "jump", StepTo::AsFound).expect("it is found by that name");
        applied(db, &project, &plan).expect("is recorded");
        assert!(verified(db, &project).holds());
    }

    fn a_person_takes_a_row_step_by_step_and_no_further(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let plan = planned(db, &project, "plank", StepTo::State("REVIEW_SUBMITTED".to_owned())).expect("a plan");
        assert_eq!(plan.to_string(), "contract plank: CREATED -> REVIEW_SUBMITTED\n");
        assert_eq!(applied(db, &project, &plan).expect("steps"), 1);
        let error = promoted(db, &project, "plank", "PUBLISHED").expect_err("is two steps");
        assert_eq!(error.code(), ErrorCode::TransitionMissing);
        assert!(problems(&error)[0].contains("`contract` plank is REVIEW_SUBMITTED: a step leads to APPROVED or CREATED, not to PUBLISHED"), "{:?}", problems(&error));
        let last = list_audit(db.db(), Some("contract"), Some("plank"), 1).expect("is listed").remove(0);
        assert_eq!((last.actor.as_str(), last.note.as_deref(), last.to.as_str()), ("omar@harbour", Some("reviewed"), "REVIEW_SUBMITTED"));
        assert!(verified(db, &project).holds());
        // The file still says CREATED, and that is no edit: the step was recorded.
        let seeded = plimsoll_tests::seeding::plan(db, &project).expect("a plan");
        assert!(seeded.is_empty() && seeded.counts().edited == 0, "{seeded}");
    }

    fn a_step_that_was_shown_is_not_made_once_the_row_moved(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let plan = planned(db, &project, "plank", StepTo::State("REVIEW_SUBMITTED".to_owned())).expect("a plan");
        db.run("UPDATE contract SET body = 'x' WHERE slug = 'plank'");
        assert_eq!(applied(db, &project, &plan).expect_err("is stale").code(), ErrorCode::PlanStale);
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'plank'"), ["CREATED"]);
    }

    fn a_row_that_nobody_knows_cannot_be_promoted(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let error = promoted(db, &project, "plnk", "REVIEW_SUBMITTED").expect_err("there is none");
        assert_eq!(error.code(), ErrorCode::ReferenceMissing);
    }

    fn a_row_of_the_service_is_promoted_by_its_key(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("INSERT INTO contract (slug, body, status) VALUES ('jump', 'high', 'APPROVED')");
        assert_eq!(promoted(db, &project, "jump", "PUBLISHED").expect("steps"), 2);
        assert!(verified(db, &project).holds());
    }

    fn what_was_done_without_the_tool_can_be_accepted_and_is_recorded_as_such(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("UPDATE contract SET body = 'knees in' WHERE slug = 'squat'");
        assert!(!verified(db, &project).holds());
        let plan = planned(db, &project, "squat", StepTo::AsFound).expect("a plan");
        assert_eq!(plan.writes, None);
        applied(db, &project, &plan).expect("is recorded");
        assert!(verified(db, &project).holds(), "{}", found(db, &project));
        db.run("DELETE FROM contract WHERE slug = 'squat'");
        let plan = planned(db, &project, "squat", StepTo::AsFound).expect("a plan");
        assert!(plan.to_string().starts_with("contract squat: PUBLISHED -> deleted"), "{plan}");
        applied(db, &project, &plan).expect("is recorded");
        assert!(verified(db, &project).holds(), "{}", found(db, &project));
        plimsoll_tests::seeding::seed(db, &project).expect("it may be made again now");
        assert!(verified(db, &project).holds(), "{}", found(db, &project));
    }

    fn rows_that_were_deleted_by_the_tool_are_recorded_as_deleted(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let lifecycles = read(&project.load(db)).expect("loads").lifecycles().clone();
        let last = list_audit(db.db(), Some("contract"), Some("plank"), 1).expect("is listed").remove(0);
        db.run("DELETE FROM contract WHERE slug = 'plank'");
        let rows = [("contract", last.row_key.as_str()), ("contract", "unknown")];
        let recorded = record_deleted(db.db(), &lifecycles, &rows, "nell@harbour", Some(4)).expect("is recorded");
        assert_eq!((recorded.len(), recorded[0].shown().as_str(), recorded[0].run), (1, "CREATED -> deleted", Some(4)));
        assert!(verified(db, &project).holds(), "{}", found(db, &project));
    }

    fn a_step_is_made_under_the_lock_and_in_a_session_that_is_set_up_for_rows(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let seeds = read(&project.load(db)).expect("loads");
        let plan = planned(db, &project, "plank", StepTo::State("REVIEW_SUBMITTED".to_owned())).expect("a plan");
        db.run("UPDATE contract SET weight = 2 WHERE slug = 'squat'");
        let accepting = planned(db, &project, "squat", StepTo::AsFound).expect("a plan");
        let fence = acquire(db.url(), &Holder::new("ada@quay", "seed promote"), Duration::ZERO).expect("is free").fence();
        drop(acquire(db.url(), &Holder::new("bob@pier", "deploy dev"), Duration::ZERO).expect("is free again"));
        let by = RunOptions { fence: Some(fence), ..RunOptions::default() };
        for plan in [&plan, &accepting] {
            apply_step(db.db(), &seeds, plan, None, &by).expect_err("the lock is not held any more");
        }
        db.run(match db.engine() {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF",
            Engine::Postgres => "SET session_replication_role = replica",
            Engine::Mysql => "SET time_zone = '+05:00'",
        });
        let error = applied(db, &project, &plan).expect_err("is refused");
        assert!(format!("{error:?}").contains("not set up for writing rows"), "{error:?}");
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'plank'"), ["CREATED"]);
        assert_eq!(list_audit(db.db(), None, None, 9).expect("is listed").len(), 5);
    }

    fn a_column_that_came_later_is_noted_and_no_alarm(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("ALTER TABLE contract ADD COLUMN colour VARCHAR(20) DEFAULT 'red'");
        let report = verified(db, &project);
        assert!(report.holds() && report.notes.len() == 1, "{report}");
        assert!(report.notes[0].contains("`colour` of `contract` came later"), "{report}");
        if db.engine() != Engine::Sqlite {
            db.run("ALTER TABLE contract DROP COLUMN weight");
            assert!(found(db, &project).contains("contract squat: it is PUBLISHED and was changed"));
        }
    }
}

server_tests! {
    fn an_edit_that_comes_while_a_step_is_made_is_not_recorded_as_accepted(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let seeds = read(&project.load(db)).expect("loads");
        let plan = planned(db, &project, "plank", StepTo::State("REVIEW_SUBMITTED".to_owned())).expect("a plan");
        let mut editor = db.connect();
        editor.begin().expect("begins");
        editor.batch("UPDATE contract SET body = 'x' WHERE slug = 'plank'").expect("writes");
        let mut other = db.connect();
        let session = db.session(other.as_mut());
        let stepping = std::thread::spawn(move || apply_step(other.as_mut(), &seeds, &plan, None, &RunOptions::default()));
        let url = db.url().clone();
        wait_until("the step to wait for the row", || {
            let found = sessions(db.db(), &url).expect("the server tells");
            found.get(session).is_some_and(|session| !session.blocked_by.is_empty())
        });
        editor.commit().expect("commits");
        let error = stepping.join().expect("is no panic").expect_err("the row moved");
        assert_eq!(error.code(), ErrorCode::PlanStale);
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'plank'"), ["CREATED"]);
    }
}
