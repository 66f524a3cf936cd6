//! What people edit in the database against what changes in the files, on every engine. Rows nobody edits are in `seed_rows`.

use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{Outcome, RowAction, SeedError};
use plimsoll_tests::seeding::{domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
rows = [{ slug = "tutor", name = "Tutor", note = "Lessons" }]
"#;

/// A database that was seeded once, and its project.
fn seeded(db: &mut TestDatabase, domains: &str) -> TestProject {
    domain_table(db);
    let project = TestProject::new().file("seeds/domains.toml", domains);
    seed(db, &project).expect("seeds");
    project
}

fn row(db: &mut TestDatabase) -> (String, String) {
    let row = db.rows("SELECT name, note FROM domain").remove(0);
    (row.text(0).to_owned(), row.text(1).to_owned())
}

fn tutor(name: &str, note: &str) -> (String, String) {
    (name.to_owned(), note.to_owned())
}

live_tests! {
    fn re_seeding_keeps_an_administrators_edit_and_reports_it(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        db.run("UPDATE domain SET name = 'Teacher'");
        for _ in 0..2 {
            let report = seed(db, &project).expect("seeds");
            assert_eq!((report.tables[0].counts.edited, report.wrote), (1, false));
            assert_eq!(row(db), tutor("Teacher", "Lessons"));
        }
        let plan = plan(db, &project).expect("a plan");
        let change = &plan.tables[0].rows[0].columns[0];
        assert_eq!((change.column.as_str(), change.outcome), ("name", Outcome::Edited));
    }

    fn a_changed_file_updates_the_columns_that_were_not_edited(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        db.run("UPDATE domain SET name = 'Teacher'");
        project.write("seeds/domains.toml", &DOMAINS.replace("Lessons", "School"));
        seed(db, &project).expect("seeds");
        assert_eq!(row(db), tutor("Teacher", "School"));
        assert_eq!(plan(db, &project).expect("a plan").counts().edited, 1);
    }

    fn a_column_changed_on_both_sides_is_a_conflict_and_kept(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        db.run("UPDATE domain SET name = 'Teacher'");
        project.write("seeds/domains.toml", &DOMAINS.replace("Tutor", "Coach"));
        for _ in 0..2 {
            let plan = plan(db, &project).expect("a plan");
            assert_eq!(plan.tables[0].rows[0].action, RowAction::Conflict);
            assert!(plan.to_string().contains("name: keeps \"Teacher\", the file changed to \"Coach\""), "{plan}");
            seed(db, &project).expect("seeds");
            assert_eq!(row(db), tutor("Teacher", "Lessons"));
        }
    }

    fn an_edit_the_file_catches_up_with_is_no_edit_any_more(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        db.run("UPDATE domain SET name = 'Teacher'");
        project.write("seeds/domains.toml", &DOMAINS.replace("Tutor", "Teacher"));
        seed(db, &project).expect("seeds");
        assert!(plan(db, &project).expect("a plan").tables[0].rows.is_empty());
        project.write("seeds/domains.toml", &DOMAINS.replace("Tutor", "Coach"));
        seed(db, &project).expect("seeds");
        assert_eq!(row(db), tutor("Coach", "Lessons"));
    }

    fn an_edit_taken_back_lets_the_file_win_again(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        db.run("UPDATE domain SET note = NULL");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.edited, 1);
        db.run("UPDATE domain SET note = 'Lessons'");
        project.write("seeds/domains.toml", &DOMAINS.replace("Lessons", "School"));
        seed(db, &project).expect("seeds");
        assert_eq!(row(db), tutor("Tutor", "School"));
    }

    fn a_dataset_may_overwrite_edits(db: &mut TestDatabase) {
        let project = seeded(db, &DOMAINS.replace("key =", "on_edit = \"overwrite\"\nkey ="));
        db.run("UPDATE domain SET name = 'Teacher'");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(row(db), tutor("Tutor", "Lessons"));
    }

    fn a_dataset_may_call_edits_an_error_with_their_place(db: &mut TestDatabase) {
        let project = seeded(db, &DOMAINS.replace("key =", "on_edit = \"fail\"\nkey ="));
        db.run("UPDATE domain SET name = 'Teacher'");
        let error: SeedError = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedEdited);
        let told = problems(&error);
        assert!(told[0].starts_with("seeds/domains.toml:6:"), "{told:?}");
        assert!(told[0].contains("`domain` tutor was edited in the database: `name` is \"Teacher\", the file has \"Tutor\""), "{told:?}");
        assert_eq!(row(db), tutor("Teacher", "Lessons"));
    }

    fn each_column_may_have_a_word_of_its_own_and_the_plan_says_which(db: &mut TestDatabase) {
        let policy = "on_edit = { default = \"keep\", name = \"overwrite\" }\nkey =";
        let project = seeded(db, &DOMAINS.replace("key =", policy));
        db.run("UPDATE domain SET name = 'Teacher', note = 'Ask Nell'");
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("name: \"Teacher\" -> \"Tutor\" (on_edit.name = overwrite)"), "{planned}");
        assert!(planned.contains("note: keeps \"Ask Nell\", the file has \"Lessons\" (on_edit = keep)"), "{planned}");
        seed(db, &project).expect("seeds");
        assert_eq!(row(db), tutor("Tutor", "Ask Nell"));
        project.write("seeds/domains.toml", &DOMAINS.replace("key =", "on_edit = { nmae = \"fail\" }\nkey ="));
        let told = problems(&plan(db, &project).expect_err("there is no such column")).join("\n");
        assert!(told.contains("`on_edit` names `nmae`, which is not among the columns of `domain`"), "{told}");
    }

    fn a_plan_that_has_to_be_exact_is_refused_when_a_value_moved_that_it_overwrites(db: &mut TestDatabase) {
        let project = seeded(db, &DOMAINS.replace("key =", "on_edit = \"overwrite\"\nkey ="));
        db.run("UPDATE domain SET name = 'Teacher'");
        let seeds = plimsoll_tests::seeding::read(&project.load(db)).expect("loads");
        let plan = plimsoll_tests::seeding::plan_on(db.db(), &seeds).expect("a plan");
        db.run("UPDATE domain SET name = 'Trainer'");
        let exact = plimsoll_seed::ApplyOptions { exact: true, ..plimsoll_seed::ApplyOptions::default() };
        let error = plimsoll_seed::apply(db.db(), &seeds, &plan, &exact, &mut |_| {}).expect_err("is stale");
        assert!(matches!(&error, SeedError::PlanStale { moved } if moved == &["domain tutor"]), "{error}");
        assert_eq!(row(db), tutor("Trainer", "Lessons"));
    }

    fn an_edit_made_while_the_plan_is_applied_is_not_overwritten(db: &mut TestDatabase) {
        let project = seeded(db, DOMAINS);
        project.write("seeds/domains.toml", &DOMAINS.replace("Tutor", "Coach"));
        let seeds = plimsoll_tests::seeding::read(&project.load(db)).expect("loads");
        let plan = plimsoll_tests::seeding::plan_on(db.db(), &seeds).expect("a plan");
        let mut other = db.connect();
        match db.engine() {
            plimsoll_core::db::Engine::Sqlite => other.batch("PRAGMA busy_timeout = 200"),
            plimsoll_core::db::Engine::Postgres => other.batch("SET lock_timeout = 200"),
            plimsoll_core::db::Engine::Mysql => other.batch("SET SESSION innodb_lock_wait_timeout = 1"),
        }
        .expect("is set");
        let mut edited = false;
        let outcome = plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |event| {
            if matches!(event, plimsoll_seed::SeedEvent::Started { .. }) {
                edited = other.batch("UPDATE domain SET name = 'Teacher'").is_ok();
            }
        });
        // Either the edit comes too late to be made, or it is seen.
        let expected = if edited { "Teacher" } else { "Coach" };
        assert_eq!(row(db), tutor(expected, "Lessons"), "{outcome:?}");
    }
}
