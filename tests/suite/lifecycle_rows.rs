//! Rows with a life cycle on every engine: which steps seeding records, and which changes it refuses before anything is
//! written. Whether the records can be trusted is in `lifecycle_audit`.

use plimsoll_core::db::Engine;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{
    RowChange, RunOptions, SeedError, StepRequest, StepTo, apply_step, list_audit, may_change, plan_step, verify_audit,
};
use plimsoll_tests::seeding::{CONTRACTS, contract_table, counted_id, plan, problems, read, seed, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

/// The steps of a contract, oldest first.
fn steps(db: &mut TestDatabase, slug: &str) -> Vec<String> {
    let entries = list_audit(db.db(), Some("contract"), Some(slug), 100).expect("is listed");
    entries.iter().rev().map(plimsoll_seed::AuditEntry::shown).collect()
}

/// What seeding says when the files have changed so.
#[track_caller]
fn refused(db: &mut TestDatabase, from: &str, to: &str) -> (SeedError, String) {
    let project = with_contracts(db);
    project.write("seeds/contracts.toml", &CONTRACTS.replace(from, to));
    let before = db.texts("SELECT body FROM contract ORDER BY slug");
    let error = seed(db, &project).expect_err("is refused");
    assert_eq!(db.texts("SELECT body FROM contract ORDER BY slug"), before);
    let told = problems(&error).join("\n");
    (error, told)
}

live_tests! {
    fn a_new_row_in_a_later_state_records_all_the_steps_to_it(db: &mut TestDatabase) {
        contract_table(db);
        let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("life cycle  5 steps of 2 rows"), "{planned}");
        assert!(planned.contains("contract squat: CREATED -> REVIEW_SUBMITTED -> APPROVED -> PUBLISHED"), "{planned}");
        seed(db, &project).expect("seeds");
        let all = ["CREATED", "CREATED -> REVIEW_SUBMITTED", "REVIEW_SUBMITTED -> APPROVED", "APPROVED -> PUBLISHED"];
        assert_eq!(steps(db, "squat"), all);
        assert_eq!(steps(db, "plank"), ["CREATED"]);
        let actors = format!("SELECT DISTINCT actor FROM {}", table(db.engine(), LedgerTable::SeedAudit));
        assert_eq!(db.texts(&actors), ["nell@harbour"]);
        let again = seed(db, &project).expect("seeds");
        assert!(!again.wrote && plan(db, &project).expect("a plan").is_empty());
    }

    fn a_plan_before_the_tables_exist_is_the_one_that_is_applied_after(db: &mut TestDatabase) {
        let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
        let seeds = read(&project.load(db)).expect("loads");
        let early = plimsoll_tests::seeding::plan_on(db.db(), &seeds).expect("a plan");
        contract_table(db);
        plimsoll_seed::apply(db.db(), &seeds, &early, &plimsoll_seed::ApplyOptions::default(), &mut |_| {}).expect("applies");
        assert_eq!(steps(db, "squat").len(), 4);
    }

    fn a_table_with_a_life_cycle_is_not_for_very_many_rows(db: &mut TestDatabase) {
        let block = "\n[[table]]\nname = \"contract\"\nkey = [\"slug\"]\nbulk = true\nfile = \"data/contracts.csv\"\n";
        let dataset = CONTRACTS.split("\n[[table]]").next().expect("the life cycle").to_owned() + block;
        let project = TestProject::new().file("seeds/contracts.toml", &dataset);
        project.write("data/contracts.csv", "slug,body,status\nsquat,knees out,CREATED\n");
        let error = read(&project.load(db)).expect_err("is refused");
        let told = problems(&error).join("\n");
        assert!(told.contains("the rows of `contract` have a life cycle (seeds/contracts.toml:"), "{told}");
    }

    fn an_immutable_row_is_not_changed_and_the_error_says_where_it_is_declared(db: &mut TestDatabase) {
        let (error, told) = refused(db, "knees out", "knees in");
        assert_eq!(error.code(), ErrorCode::RowImmutable);
        assert!(told.starts_with("seeds/contracts.toml:14:"), "{told}");
        assert!(told.contains("`contract` squat is PUBLISHED, so `body` may not change"), "{told}");
    }

    fn columns_that_are_excepted_change_all_the_same(db: &mut TestDatabase) {
        let project = with_contracts(db);
        project.write("seeds/contracts.toml", &CONTRACTS.replace("\"PUBLISHED\" },", "\"PUBLISHED\", retired_at = \"2031\" },"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT retired_at FROM contract WHERE slug = 'squat'"), ["2031"]);
    }

    fn a_mutable_row_changes_and_steps_on_in_one_go(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let on = CONTRACTS.replace("stay still\", status = \"CREATED\"", "stay\", status = \"APPROVED\"");
        project.write("seeds/contracts.toml", &on);
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "plank"), ["CREATED", "CREATED -> REVIEW_SUBMITTED", "REVIEW_SUBMITTED -> APPROVED"]);
        assert_eq!(db.texts("SELECT body FROM contract WHERE slug = 'plank'"), ["stay"]);
    }

    fn a_way_back_that_is_not_declared_is_a_problem_with_its_place(db: &mut TestDatabase) {
        let (error, told) = refused(db, "knees out\", status = \"PUBLISHED\"", "knees out\", status = \"APPROVED\"");
        assert_eq!(error.code(), ErrorCode::TransitionMissing);
        assert!(told.contains("`contract` squat is PUBLISHED, and no transition leads from there to APPROVED"), "{told}");
        assert!(told.starts_with("seeds/contracts.toml:14:"), "{told}");
    }

    fn a_state_that_no_transition_names_is_a_problem_with_the_nearest(db: &mut TestDatabase) {
        let (error, told) = refused(db, "status = \"CREATED\"", "status = \"APROVED\"");
        assert_eq!(error.code(), ErrorCode::TransitionMissing);
        assert!(told.contains("`contract` plank: no transition names the state `APROVED`, did you mean `APPROVED`?"), "{told}");
    }

    fn rows_that_were_there_before_are_recorded_as_found(db: &mut TestDatabase) {
        contract_table(db);
        db.run("INSERT INTO contract (slug, body, status) VALUES ('squat', 'knees out', 'PUBLISHED'), ('plank', 'x', 'CREATED')");
        let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("contract squat: found in PUBLISHED"), "{planned}");
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "squat"), ["found in PUBLISHED"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn rows_that_were_seeded_before_they_had_a_life_cycle_get_one(db: &mut TestDatabase) {
        contract_table(db);
        let without = CONTRACTS.split_once("[[table]]").expect("it has one").1;
        let project = TestProject::new().file("seeds/contracts.toml", &format!("[[table]]{without}"));
        seed(db, &project).expect("seeds");
        project.write("seeds/contracts.toml", CONTRACTS);
        assert!(!plan(db, &project).expect("a plan").is_empty());
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "squat"), ["found in PUBLISHED"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn a_state_that_is_written_on_creation_only_still_decides_about_the_row(db: &mut TestDatabase) {
        let insert_only = CONTRACTS
            .replace(", status = \"PUBLISHED\"", "")
            .replace(", status = \"CREATED\"", "")
            + "\n[table.insert_only]\nstatus = \"'PUBLISHED'\"\n";
        contract_table(db);
        let project = TestProject::new().file("seeds/contracts.toml", &insert_only);
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "plank").len(), 4);
        project.write("seeds/contracts.toml", &insert_only.replace("stay still", "move"));
        assert_eq!(seed(db, &project).expect_err("is refused").code(), ErrorCode::RowImmutable);
    }

    fn a_state_changed_without_a_step_is_not_built_upon(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("UPDATE contract SET status = 'CREATED' WHERE slug = 'squat'");
        project.write("seeds/contracts.toml", &CONTRACTS.replace("knees out", "knees in"));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::AuditDisagrees);
        let told = problems(&error).join("\n");
        assert!(told.contains("`contract` squat is CREATED, but the last step in its audit led to PUBLISHED"), "{told}");
    }

    fn a_published_row_that_is_gone_is_not_simply_made_again(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("DELETE FROM contract WHERE slug = 'squat'");
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::AuditDisagrees);
        assert!(problems(&error)[0].contains("is gone from the database"), "{:?}", problems(&error));
    }

    fn a_published_row_that_was_changed_does_not_step_on(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("UPDATE contract SET weight = 9 WHERE slug = 'squat'");
        project.write("seeds/contracts.toml", &CONTRACTS.replace("\"PUBLISHED\" }", "\"RETIRED\" }"));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::AuditDisagrees);
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'squat'"), ["PUBLISHED"]);
    }

    fn a_row_leaves_an_immutable_state_although_columns_change_by_themselves(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!(
            "CREATE TABLE contract ({id}, slug VARCHAR(40) NOT NULL UNIQUE, body VARCHAR(80) NOT NULL, status VARCHAR(40) NOT NULL, \
             shown VARCHAR(40) GENERATED ALWAYS AS (upper(status)) STORED, retired_at VARCHAR(40))"
        ));
        if db.engine() == Engine::Mysql {
            db.run("ALTER TABLE contract ADD COLUMN updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)");
        }
        let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
        seed(db, &project).expect("seeds");
        project.write("seeds/contracts.toml", &CONTRACTS.replace("\"PUBLISHED\" }", "\"RETIRED\" }"));
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "squat").last().map(String::as_str), Some("PUBLISHED -> RETIRED"));
        let seeds = read(&project.load(db)).expect("loads");
        let report = verify_audit(db.db(), &seeds, None).expect("verifies");
        assert!(report.holds(), "{report}");
    }

    fn a_recorded_step_is_no_edit_whatever_is_said_about_those(db: &mut TestDatabase) {
        let project = with_contracts(db);
        for to in ["REVIEW_SUBMITTED", "APPROVED"] {
            let seeds = read(&project.load(db)).expect("loads");
            let request = StepRequest { table: "contract".to_owned(), row: "plank".to_owned(), to: StepTo::State(to.to_owned()) };
            let step = plan_step(db.db(), &seeds, &request).expect("a plan");
            apply_step(db.db(), &seeds, &step, None, &RunOptions::default()).expect("steps");
            for word in ["keep", "overwrite", "fail"] {
                project.write("seeds/contracts.toml", &CONTRACTS.replace("key = [\"slug\"]", &format!("key = [\"slug\"]\non_edit = \"{word}\"")));
                let planned = plan(db, &project).expect("a plan");
                assert!(planned.is_empty(), "{word}: {planned}");
            }
        }
        let fails = CONTRACTS.replace("key = [\"slug\"]", "key = [\"slug\"]\non_edit = \"fail\"");
        project.write("seeds/contracts.toml", &fails.replace("stay still", "stay put"));
        seed(db, &project).expect("other columns are written");
        assert_eq!(db.texts("SELECT status FROM contract WHERE body = 'stay put'"), ["APPROVED"]);
        db.run("UPDATE contract SET status = 'REVIEW_SUBMITTED' WHERE slug = 'plank'");
        assert_eq!(plan(db, &project).expect_err("that is an edit").code(), ErrorCode::SeedEdited);
    }

    fn an_immutable_row_may_not_be_deleted_and_others_may(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let seeds = read(&project.load(db)).expect("loads");
        let asked = |state| may_change(seeds.lifecycles(), "contract", Some(state), "squat", RowChange::Delete);
        let problem = asked("PUBLISHED").expect_err("is refused");
        assert_eq!((problem.code, problem.to_string().as_str()), (ErrorCode::RowImmutable, "`contract` squat is PUBLISHED, so it may not be deleted"));
        assert!(asked("CREATED").is_ok());
        assert!(may_change(seeds.lifecycles(), "domain", Some("PUBLISHED"), "tutor", RowChange::Delete).is_ok());
    }

    fn entries_go_into_the_services_own_table_as_well(db: &mut TestDatabase) {
        contract_table(db);
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE contract_audit ({id}, contract_id INTEGER NOT NULL, action VARCHAR(40) NOT NULL, said VARCHAR(80), who VARCHAR(200))"));
        let mirrored = CONTRACTS.replace("[[table]]", "[lifecycle.audit_table]\nname = \"contract_audit\"\ncolumns = { contract_id = \"row.id\", action = \"to_state\", said = \"key.slug ~ ' ' ~ number\", who = \"actor\" }\n\n[[table]]");
        let project = TestProject::new().file("seeds/contracts.toml", &mirrored);
        seed(db, &project).expect("seeds");
        let actions = "SELECT a.action FROM contract_audit a JOIN contract c ON c.id = a.contract_id WHERE c.slug = 'squat' ORDER BY a.id";
        assert_eq!(db.texts(actions), ["CREATED", "REVIEW_SUBMITTED", "APPROVED", "PUBLISHED"]);
        assert_eq!(db.texts("SELECT said FROM contract_audit WHERE said LIKE 'plank%'"), ["plank 5"]);
        assert!(!seed(db, &project).expect("seeds").wrote);
        assert_eq!(db.count("contract_audit"), 5);
    }

    fn a_table_for_entries_that_is_not_there_has_to_come_with_a_migration(db: &mut TestDatabase) {
        contract_table(db);
        let mirrored = CONTRACTS.replace("[[table]]", "[lifecycle.audit_table]\nname = \"contract_log\"\ncolumns = { action = \"to_state\" }\n\n[[table]]");
        let project = TestProject::new().file("seeds/contracts.toml", &mirrored);
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedTarget);
        assert!(problems(&error)[0].contains("there is no table `contract_log`"), "{:?}", problems(&error));
        assert_eq!(db.count("contract"), 0);
    }
}

#[test]
fn everything_wrong_with_a_life_cycle_is_told_with_its_place() {
    let db = TestDatabase::new(plimsoll_core::db::Engine::Sqlite);
    let wrong = CONTRACTS
        .replace("initial = \"CREATED\"", "initial = \"CREATD\"")
        .replace("\"REVIEW_SUBMITTED -> CREATED\"", "\"APPROVED\", \"RETIRED -> RETIRED\"")
        .replace("\"PUBLISHED\", \"RETIRED\"]", "\"PUBLISHD\"]")
        .replace("except = [\"retired_at\"]", "except = [\"status\"]");
    let project = TestProject::new().file("seeds/contracts.toml", &wrong);
    let error = read(&project.load(&db)).expect_err("is refused");
    insta::assert_snapshot!(problems(&error).join("\n"));
}
