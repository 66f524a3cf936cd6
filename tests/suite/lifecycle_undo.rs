//! Rows with a life cycle that seeding would delete or take back, on every engine: gone from the files, undone, removed. What
//! becomes of other rows then is in the files about seeds.

use plimsoll_core::db::Catalog;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{
    AuditEntry, ResetOptions, RunOptions, UndoOptions, apply_reset, apply_undo, list_audit, plan_reset, plan_undo,
    verify_audit,
};
use plimsoll_tests::seeding::{CONTRACTS, contract_table, problems, read, seed, with_contracts};
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

fn undo(db: &mut TestDatabase, run: i64) -> Result<(), plimsoll_seed::SeedError> {
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
}
