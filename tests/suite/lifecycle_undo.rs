//! Rows with a life cycle that seeding would delete or take back, on every engine: gone from the files, undone, removed. What
//! becomes of other rows then is in the files about seeds.

use plimsoll_core::db::Catalog;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{
    AuditEntry, ResetOptions, RunKind, RunOptions, SeedError, StepRequest, StepTo, UndoOptions, apply_reset,
    apply_step, apply_undo, install_triggers, list_audit, plan_reset, plan_step, plan_triggers, plan_undo,
    remove_triggers, runs, verify_audit,
};
use plimsoll_tests::seeding::{CONTRACTS, contract_table, counted_id, plan, problems, read, seed, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const PLANK: &str = "  { slug = \"plank\", body = \"stay still\", status = \"CREATED\" },\n";
const SQUAT: &str = "  { slug = \"squat\", body = \"knees out\", status = \"PUBLISHED\" },\n";

fn in_sync() -> String {
    CONTRACTS.replace("key = [\"slug\"]", "key = [\"slug\"]\nmode = \"sync\"")
}

fn seeded(db: &mut TestDatabase, contracts: &str) -> TestProject {
    contract_table(db);
    let project = TestProject::new().file("seeds/contracts.toml", contracts);
    seed(db, &project).expect("seeds");
    project
}

fn steps(db: &mut TestDatabase, slug: &str) -> Vec<String> {
    let entries = list_audit(db.db(), Some("contract"), Some(slug), 100).expect("is listed");
    entries.iter().rev().map(AuditEntry::shown).collect()
}

#[track_caller]
fn intact(db: &mut TestDatabase, project: &TestProject) {
    let seeds = read(&project.load(db)).expect("loads");
    let report = verify_audit(db.db(), &seeds, None).expect("verifies");
    assert!(report.holds(), "{report}");
}

/// As the command does it, which knows the declared life cycles.
fn undo_knowing(db: &mut TestDatabase, project: &TestProject, run: i64) -> Result<(), SeedError> {
    let lifecycles = read(&project.load(db)).expect("loads").lifecycles().clone();
    let catalog = Catalog::read(db.db()).expect("is readable");
    let options = UndoOptions { run: Some(run), lifecycles, ..UndoOptions::default() };
    let plan = plan_undo(db.db(), &catalog, &options)?;
    apply_undo(db.db(), &plan, &options, &RunOptions::default()).map(drop)
}

fn reset_knowing(db: &mut TestDatabase, project: &TestProject) -> Result<usize, SeedError> {
    let lifecycles = read(&project.load(db)).expect("loads").lifecycles().clone();
    let catalog = Catalog::read(db.db()).expect("is readable");
    let options = ResetOptions { lifecycles, ..ResetOptions::default() };
    let plan = plan_reset(db.db(), &catalog, &options)?;
    apply_reset(db.db(), &plan, &options, &RunOptions::default()).map(|report| report.deleted)
}

/// Rows may change again once they are retired.
fn retirable() -> String {
    CONTRACTS.replace("immutable = [\"PUBLISHED\", \"RETIRED\"]", "immutable = [\"PUBLISHED\"]")
}

/// A database in which the second run retired a row.
fn retired(db: &mut TestDatabase) -> TestProject {
    let project = seeded(db, &retirable());
    project.write("seeds/contracts.toml", &retirable().replace("\"PUBLISHED\" }", "\"RETIRED\" }"));
    seed(db, &project).expect("seeds");
    project
}

fn undo(db: &mut TestDatabase, run: i64) -> Result<(), SeedError> {
    let catalog = Catalog::read(db.db()).expect("is readable");
    let plan = plan_undo(db.db(), &catalog, &UndoOptions { run: Some(run), ..UndoOptions::default() })?;
    apply_undo(
        db.db(),
        &plan,
        &UndoOptions::default(),
        &RunOptions { actor: "omar@harbour".to_owned(), ..RunOptions::default() },
    )
    .map(drop)
}

fn promote(db: &mut TestDatabase, project: &TestProject, row: &str, to: &str) {
    let seeds = read(&project.load(db)).expect("loads");
    let to = StepTo::State(to.to_owned());
    let request = StepRequest { table: "contract".to_owned(), row: row.to_owned(), to };
    let step = plan_step(db.db(), &seeds, &request).expect("a plan");
    apply_step(db.db(), &seeds, &step, None, &RunOptions::default()).expect("steps");
}

live_tests! {
    fn a_row_gone_from_the_files_is_pruned_with_an_entry_and_a_published_one_is_not(db: &mut TestDatabase) {
        let project = seeded(db, &in_sync());
        project.write("seeds/contracts.toml", &in_sync().replace(SQUAT, ""));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::RowImmutable);
        let told = problems(&error).join("\n");
        assert!(told.contains("`contract` squat is PUBLISHED, so it may not be deleted") && told.starts_with("seeds/contracts.toml:"), "{told}");
        project.write("seeds/contracts.toml", &in_sync().replace(PLANK, ""));
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "plank"), ["CREATED", "CREATED -> deleted"]);
        assert_eq!(db.texts("SELECT slug FROM contract"), ["squat"]);
        intact(db, &project);
    }

    fn a_published_row_that_was_taken_back_by_raw_sql_is_not_pruned_either(db: &mut TestDatabase) {
        let project = seeded(db, &in_sync());
        db.run("UPDATE contract SET status = 'CREATED' WHERE slug = 'squat'");
        project.write("seeds/contracts.toml", &in_sync().replace("mode =", "on_edit = \"overwrite\"\nmode =").replace(SQUAT, ""));
        assert_eq!(seed(db, &project).expect_err("is refused").code(), ErrorCode::RowImmutable);
    }

    fn a_run_that_published_a_row_is_not_taken_back_even_without_its_life_cycle(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let error = undo(db, 1).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedUndoBlocked);
        let told = problems(&error).join("\n");
        assert!(told.contains("`contract` squat: it is PUBLISHED, a state in which it stays as it is"), "{told}");
        assert!(!told.contains("plank"), "{told}");
        intact(db, &project);
    }

    fn a_run_that_took_steps_is_taken_back_with_entries_that_say_so(db: &mut TestDatabase) {
        let draft = CONTRACTS.replace(SQUAT, "");
        let project = seeded(db, &draft);
        project.write("seeds/contracts.toml", &draft.replace("\"CREATED\" }", "\"APPROVED\" }"));
        seed(db, &project).expect("seeds");
        undo(db, 2).expect("is taken back");
        assert_eq!(steps(db, "plank").last().map(String::as_str), Some("APPROVED -> CREATED"));
        let last = list_audit(db.db(), None, None, 1).expect("is listed").remove(0);
        assert_eq!((last.actor.as_str(), last.note.as_deref(), last.run), ("omar@harbour", Some("run 2 was taken back"), Some(3)));
        intact(db, &project);
        undo(db, 1).expect("is taken back");
        assert_eq!(steps(db, "plank").last().map(String::as_str), Some("CREATED -> deleted"));
        assert_eq!(db.count("contract"), 0);
        intact(db, &project);
    }

    fn a_pruned_row_that_comes_back_has_its_state_again(db: &mut TestDatabase) {
        let project = seeded(db, &in_sync());
        project.write("seeds/contracts.toml", &in_sync().replace(PLANK, ""));
        seed(db, &project).expect("seeds");
        undo(db, 2).expect("is taken back");
        assert_eq!(steps(db, "plank").last().map(String::as_str), Some("CREATED"));
        intact(db, &project);
    }

    fn a_reset_leaves_published_rows_and_says_so(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let catalog = Catalog::read(db.db()).expect("is readable");
        let plan = plan_reset(db.db(), &catalog, &ResetOptions::default()).expect("a plan");
        let error = plan.require_free().expect_err("is refused");
        assert!(problems(&error)[0].contains("1 of them is PUBLISHED, a state in which they stay"), "{:?}", problems(&error));
        assert!(apply_reset(db.db(), &plan, &ResetOptions::default(), &RunOptions::default()).is_err());
        intact(db, &project);
    }

    fn a_reset_of_drafts_is_recorded(db: &mut TestDatabase) {
        let project = seeded(db, &CONTRACTS.replace(SQUAT, ""));
        let catalog = Catalog::read(db.db()).expect("is readable");
        let plan = plan_reset(db.db(), &catalog, &ResetOptions::default()).expect("a plan");
        apply_reset(db.db(), &plan, &ResetOptions::default(), &RunOptions::default()).expect("is reset");
        assert_eq!(steps(db, "plank"), ["CREATED", "CREATED -> deleted"]);
        intact(db, &project);
    }

    fn rows_that_stay_do_so_without_an_audit_and_under_a_life_cycle_that_came_later(db: &mut TestDatabase) {
        let project = seeded(db, &CONTRACTS.replace("except =", "audit = false\nexcept ="));
        let error = reset_knowing(db, &project).expect_err("is refused");
        assert!(problems(&error)[0].contains("1 of them is PUBLISHED, a state in which they stay"), "{:?}", problems(&error));
        let error = undo_knowing(db, &project, 1).expect_err("is refused");
        assert!(problems(&error)[0].contains("`contract` squat: it is PUBLISHED, a state in which it stays as it is"), "{:?}", problems(&error));
        db.run("UPDATE contract SET status = 'CREATED' WHERE slug = 'squat'");
        project.write("seeds/contracts.toml", &CONTRACTS.replace("immutable =", "audit = false\nimmutable =").replace("[\"PUBLISHED\", \"RETIRED\"]", "[\"CREATED\"]"));
        let error = reset_knowing(db, &project).expect_err("is refused");
        assert!(problems(&error)[0].contains("1 of them is CREATED"), "{:?}", problems(&error));
        assert_eq!(db.count("contract"), 2);
    }

    fn a_row_that_goes_back_into_an_immutable_state_is_kept_there_as_it_was_before(db: &mut TestDatabase) {
        let project = retired(db);
        undo(db, 2).expect("is taken back");
        intact(db, &project);
        project.write("seeds/contracts.toml", &retirable().replace("knees out", "knees in"));
        assert_eq!(seed(db, &project).expect_err("is refused").code(), ErrorCode::RowImmutable);
        let error = undo(db, 1).expect_err("is refused by the audit alone");
        assert!(problems(&error)[0].contains("squat: it is PUBLISHED"), "{:?}", problems(&error));
        project.write("seeds/contracts.toml", &retirable().replace("\"PUBLISHED\" }", "\"RETIRED\" }"));
        seed(db, &project).expect("it may be retired again");
        intact(db, &project);
    }

    fn a_row_that_was_changed_meanwhile_does_not_go_back_into_an_immutable_state(db: &mut TestDatabase) {
        let project = retired(db);
        db.run("UPDATE contract SET body = 'x' WHERE slug = 'squat'");
        let error = undo(db, 2).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::AuditDisagrees);
        assert!(problems(&error)[0].contains("`contract squat`, which would go back to PUBLISHED, is not what was recorded"), "{:?}", problems(&error));
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'squat'"), ["RETIRED"]);
        intact(db, &project);
    }

    fn the_services_own_table_is_told_of_deletions_and_of_ways_back_too(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE contract_audit ({id}, said VARCHAR(80))"));
        let mirrored = in_sync().replace(SQUAT, "").replace("[[table]]", "[lifecycle.audit_table]\nname = \"contract_audit\"\ncolumns = { said = \"row.id ~ ' ' ~ row.body ~ ' ' ~ to_state\" }\n\n[[table]]");
        let project = seeded(db, &mirrored);
        let id = db.int("SELECT id FROM contract");
        project.write("seeds/contracts.toml", &mirrored.replace(PLANK, ""));
        seed(db, &project).expect("seeds");
        undo_knowing(db, &project, 2).expect("is taken back");
        reset_knowing(db, &project).expect("is reset");
        let expected = ["CREATED", "", "CREATED", ""].map(|state| format!("{id} stay still {state}"));
        assert_eq!(db.texts("SELECT said FROM contract_audit ORDER BY id"), expected);
        intact(db, &project);
    }

    fn a_promoted_row_is_no_edited_one_to_what_removes_rows(db: &mut TestDatabase) {
        let draft = in_sync().replace(SQUAT, "");
        let project = seeded(db, &draft);
        promote(db, &project, "plank", "REVIEW_SUBMITTED");
        project.write("seeds/contracts.toml", &draft.replace(PLANK, ""));
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("plank"), "{planned}");
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("contract"), 0);
        intact(db, &project);
        project.write("seeds/contracts.toml", &draft);
        seed(db, &project).expect("seeds");
        promote(db, &project, "plank", "REVIEW_SUBMITTED");
        assert_eq!(reset_knowing(db, &project).expect("is reset"), 1);
        assert_eq!(db.count("contract"), 0);
    }

    fn a_step_is_a_run_that_only_another_step_leads_back_from(db: &mut TestDatabase) {
        let project = seeded(db, &CONTRACTS.replace(SQUAT, ""));
        promote(db, &project, "plank", "REVIEW_SUBMITTED");
        let last = runs(db.db(), 1).expect("are listed").remove(0);
        assert_eq!((last.number, last.kind, last.summary.as_deref()), (2, RunKind::Transition, Some("contract plank: CREATED -> REVIEW_SUBMITTED")));
        assert_eq!(list_audit(db.db(), None, None, 1).expect("is listed")[0].run, Some(2));
        let error = undo(db, 2).expect_err("is refused");
        assert!(problems(&error)[0].contains("only another step leads back from"), "{:?}", problems(&error));
        let catalog = Catalog::read(db.db()).expect("is readable");
        assert_eq!(plan_undo(db.db(), &catalog, &UndoOptions::default()).expect("a plan").run, 1);
    }

    fn a_way_back_that_triggers_refuse_stands_against_taking_a_run_back(db: &mut TestDatabase) {
        let draft = CONTRACTS.replace(SQUAT, "");
        let project = seeded(db, &draft);
        project.write("seeds/contracts.toml", &draft.replace("\"CREATED\" }", "\"PUBLISHED\" }").replace("immutable = [\"PUBLISHED\", ", "immutable = ["));
        seed(db, &project).expect("seeds");
        let seeds = read(&project.load(db)).expect("loads");
        let triggers = plan_triggers(db.db(), &seeds).expect("can be asked");
        install_triggers(db.db(), &triggers, None).expect("are made");
        let error = undo_knowing(db, &project, 2).expect_err("is refused");
        assert!(problems(&error)[0].contains("its triggers let no row go from PUBLISHED to CREATED: take them away"), "{:?}", problems(&error));
        let triggers = plan_triggers(db.db(), &seeds).expect("can be asked");
        remove_triggers(db.db(), &triggers, None).expect("are taken away");
        undo_knowing(db, &project, 2).expect("is taken back");
        intact(db, &project);
    }
}
