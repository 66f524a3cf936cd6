//! Rows that are gone from the files, on every engine: what is deleted, what is kept, and what refuses it. Undoing is `seed_undo`'s.

use plimsoll_core::db::Engine;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::RowAction;
use plimsoll_tests::seeding::{counted_id, domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
mode = "sync"
rows = [
  { slug = "tutor", name = "Tutor" },
  { slug = "sales", name = "Sales" },
]
"#;

const TUTOR: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
mode = "sync"
rows = [{ slug = "tutor", name = "Tutor" }]
"#;

/// A database that was seeded once with two rows, and its project, which declares one of them now.
fn one_gone(db: &mut TestDatabase) -> TestProject {
    domain_table(db);
    let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
    seed(db, &project).expect("seeds");
    project.write("seeds/domains.toml", TUTOR);
    project
}

/// Calls that refer to domains, as users made them.
fn calls(db: &mut TestDatabase, on_delete: &str) {
    let id = counted_id(db.engine());
    db.run(&format!(
        "CREATE TABLE phone_call ({id}, domain_id INTEGER, FOREIGN KEY (domain_id) REFERENCES domain(id) {on_delete})"
    ));
    db.run("INSERT INTO phone_call (domain_id) SELECT id FROM domain WHERE slug = 'sales'");
    db.run("INSERT INTO phone_call (domain_id) SELECT id FROM domain WHERE slug = 'sales'");
}

fn slugs(db: &mut TestDatabase) -> Vec<String> {
    db.texts("SELECT slug FROM domain ORDER BY slug")
}

fn entries(db: &mut TestDatabase) -> i64 {
    let ledger = table(db.engine(), LedgerTable::SeedRow);
    db.int(&format!("SELECT count(*) FROM {ledger}"))
}

live_tests! {
    fn a_row_gone_from_a_dataset_in_sync_is_pruned_and_the_next_plan_is_empty(db: &mut TestDatabase) {
        let project = one_gone(db);
        let planned = plan(db, &project).expect("a plan");
        assert!(planned.to_string().contains("1 to prune") && planned.to_string().contains("- sales"), "{planned}");
        let report = seed(db, &project).expect("seeds");
        assert_eq!((report.tables[0].counts.prune, report.to_string().contains("1 pruned")), (1, true));
        assert_eq!(slugs(db), ["tutor"]);
        assert_eq!(entries(db), 1);
        assert!(!seed(db, &project).expect("seeds").wrote);
    }

    fn without_sync_rows_that_are_gone_are_left_alone(db: &mut TestDatabase) {
        let project = one_gone(db);
        project.write("seeds/domains.toml", &TUTOR.replace("mode = \"sync\"\n", ""));
        assert!(!seed(db, &project).expect("seeds").wrote);
        assert_eq!(slugs(db), ["sales", "tutor"]);
    }

    fn a_dataset_that_declares_no_row_any_more_prunes_all_it_made(db: &mut TestDatabase) {
        let project = one_gone(db);
        project.write("seeds/domains.toml", "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = []\n");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.prune, 2);
        assert!(slugs(db).is_empty());
    }

    fn a_dataset_file_that_vanished_prunes_nothing(db: &mut TestDatabase) {
        let project = one_gone(db);
        std::fs::remove_file(project.path().join("seeds/domains.toml")).expect("is removed");
        project.write("seeds/other.toml", &TUTOR.replace("tutor", "other"));
        seed(db, &project).expect("seeds");
        assert_eq!(slugs(db), ["other", "sales", "tutor"]);
    }

    fn a_row_that_was_there_before_is_let_go_and_not_deleted(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('sales', 'Sales')");
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        project.write("seeds/domains.toml", TUTOR);
        assert_eq!(plan(db, &project).expect("a plan").tables[0].rows[0].action, RowAction::Release);
        seed(db, &project).expect("seeds");
        assert_eq!((slugs(db).len(), entries(db)), (2, 1));
        assert!(!seed(db, &project).expect("seeds").wrote);
    }

    fn an_entry_of_an_older_format_has_no_origin_and_is_let_go(db: &mut TestDatabase) {
        let project = one_gone(db);
        let ledger = table(db.engine(), LedgerTable::SeedRow);
        db.run(&format!("UPDATE {ledger} SET origin = NULL, run = NULL"));
        seed(db, &project).expect("seeds");
        assert_eq!((slugs(db).len(), entries(db)), (2, 1));
    }

    fn a_row_edited_in_the_database_is_kept_and_reported_again_and_again(db: &mut TestDatabase) {
        let project = one_gone(db);
        db.run("UPDATE domain SET name = 'Selling' WHERE slug = 'sales'");
        for _ in 0..2 {
            let planned = plan(db, &project).expect("a plan");
            assert_eq!(planned.tables[0].rows[0].action, RowAction::Orphaned);
            assert!(planned.to_string().contains("name: seeded as \"Sales\", is \"Selling\""), "{planned}");
            assert!(!seed(db, &project).expect("seeds").wrote);
            assert_eq!(slugs(db), ["sales", "tutor"]);
        }
    }

    fn an_edit_in_a_column_that_no_dataset_names_keeps_the_row_too(db: &mut TestDatabase) {
        let project = one_gone(db);
        db.run("UPDATE domain SET note = 'Ask Nell' WHERE slug = 'sales'");
        assert!(!seed(db, &project).expect("seeds").wrote);
        assert_eq!(slugs(db), ["sales", "tutor"]);
    }

    fn an_edit_that_the_file_had_caught_up_with_keeps_nothing(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Selling' WHERE slug = 'sales'");
        project.write("seeds/domains.toml", &DOMAINS.replace("\"Sales\"", "\"Selling\""));
        seed(db, &project).expect("seeds");
        project.write("seeds/domains.toml", TUTOR);
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.prune, 1);
    }

    fn a_dataset_may_prune_edited_rows_or_call_them_an_error(db: &mut TestDatabase) {
        let project = one_gone(db);
        db.run("UPDATE domain SET name = 'Selling' WHERE slug = 'sales'");
        project.write("seeds/domains.toml", &TUTOR.replace("mode", "on_edit = { default = \"overwrite\", name = \"fail\" }\nmode"));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedEdited);
        assert!(problems(&error)[0].contains("`domain` sales is gone from the files and was edited"), "{:?}", problems(&error));
        project.write("seeds/domains.toml", &TUTOR.replace("mode", "on_edit = \"overwrite\"\nmode"));
        seed(db, &project).expect("seeds");
        assert_eq!(slugs(db), ["tutor"]);
    }

    fn rows_that_a_cascade_would_delete_refuse_the_prune(db: &mut TestDatabase) {
        let project = one_gone(db);
        calls(db, "ON DELETE CASCADE");
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedPruneBlocked);
        let told = problems(&error);
        assert!(told[0].contains("`domain` sales, gone from the files, cannot be pruned: 2 rows of `phone_call` would be deleted with it"), "{told:?}");
        assert_eq!((db.count("phone_call"), db.count("domain")), (2, 2));
    }

    fn rows_that_would_lose_their_reference_refuse_the_prune(db: &mut TestDatabase) {
        let project = one_gone(db);
        calls(db, "ON DELETE SET NULL");
        let error = plan(db, &project).expect_err("is refused");
        assert!(problems(&error)[0].contains("`domain_id` of 2 rows of `phone_call` would become NULL"), "{:?}", problems(&error));
    }

    fn rows_that_stand_in_the_way_refuse_the_prune(db: &mut TestDatabase) {
        let project = one_gone(db);
        calls(db, "");
        let error = plan(db, &project).expect_err("is refused");
        assert!(problems(&error)[0].contains("2 rows of `phone_call` refer to it by `domain_id`"), "{:?}", problems(&error));
        db.run("DELETE FROM phone_call");
        seed(db, &project).expect("seeds");
        assert_eq!(slugs(db), ["tutor"]);
    }

    fn children_go_before_their_parents_when_all_are_gone(db: &mut TestDatabase) {
        domain_table(db);
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE greeting ({id}, slug VARCHAR(40) NOT NULL UNIQUE, domain_id INTEGER NOT NULL, FOREIGN KEY (domain_id) REFERENCES domain(id) ON DELETE CASCADE)"));
        let greetings = "[[table]]\nname = \"greeting\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = []\n";
        let project = TestProject::new()
            .file("docs/a.json", "{\"greetings\": [{\"slug\": \"hello\", \"domain\": \"sales\"}, {\"slug\": \"hey\", \"domain\": \"sales\"}]}")
            .file("seeds/domains.toml", DOMAINS)
            .file("seeds/greetings.toml", "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"greeting\"\neach = \"doc.greetings as g\"\nkey = [\"slug\"]\nmode = \"sync\"\n[table.columns]\nslug = \"g.slug\"\ndomain_id = \"ref('domain', slug=g.domain)\"\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("greeting"), 2);
        project.write("seeds/domains.toml", TUTOR);
        let error = plan(db, &project).expect_err("a greeting refers to it");
        assert!(problems(&error).iter().any(|told| told.contains("this row refers to it")), "{:?}", problems(&error));
        project.write("seeds/greetings.toml", greetings);
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("greeting"), slugs(db)), (0, vec!["tutor".to_owned()]));
    }

    fn children_that_move_away_in_the_same_plan_do_not_stand_in_the_way(db: &mut TestDatabase) {
        domain_table(db);
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE greeting ({id}, slug VARCHAR(40) NOT NULL UNIQUE, domain_id INTEGER NOT NULL, FOREIGN KEY (domain_id) REFERENCES domain(id) ON DELETE CASCADE)"));
        let project = TestProject::new()
            .file("docs/a.json", "{\"slug\": \"hello\", \"domain\": \"sales\"}")
            .file("seeds/domains.toml", DOMAINS)
            .file("seeds/greetings.toml", "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"greeting\"\nkey = [\"slug\"]\n[table.columns]\nslug = \"doc.slug\"\ndomain_id = \"ref('domain', slug=doc.domain)\"\n");
        seed(db, &project).expect("seeds");
        project.write("seeds/domains.toml", TUTOR);
        project.write("docs/a.json", "{\"slug\": \"hello\", \"domain\": \"tutor\"}");
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("greeting"), slugs(db)), (1, vec!["tutor".to_owned()]));
        assert!(!seed(db, &project).expect("seeds").wrote);
    }

    fn rows_of_one_table_that_refer_to_each_other_are_pruned_together(db: &mut TestDatabase) {
        db.run("CREATE TABLE area (slug VARCHAR(40) PRIMARY KEY, parent VARCHAR(40), FOREIGN KEY (parent) REFERENCES area(slug))");
        let sync = |rows: &str| format!("[[table]]\nname = \"area\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{rows}]\n");
        let project = TestProject::new().file("seeds/areas.toml", &sync("{ slug = \"a\" }, { slug = \"b\", parent = \"a\" }, { slug = \"c\", parent = \"b\" }"));
        seed(db, &project).expect("seeds");
        // Somebody closed the circle, which is no edit of a declared value.
        db.run("UPDATE area SET parent = 'c' WHERE slug = 'a'");
        let overwrite = |rows: &str| sync(rows).replace("mode", "on_edit = \"overwrite\"\nmode");
        project.write("seeds/areas.toml", &overwrite(""));
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("area"), 0);
    }

    fn a_key_in_another_spelling_is_the_same_row_and_not_pruned(db: &mut TestDatabase) {
        let project = one_gone(db);
        project.write("seeds/domains.toml", &DOMAINS.replace("\"sales\"", "\"SALES\""));
        let outcome = seed(db, &project);
        // Where the column's collation tells the two apart they are two rows; elsewhere the one there is stays.
        let expected: &[&str] = if db.engine() == Engine::Mysql { &["sales", "tutor"] } else { &["SALES", "tutor"] };
        assert_eq!(slugs(db), expected, "{outcome:?}");
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn rows_of_another_schema_refuse_the_prune_as_well() {
    let mut database = TestDatabase::new(Engine::Postgres);
    let db = &mut database;
    let project = one_gone(db);
    db.run("CREATE SCHEMA crm; CREATE TABLE crm.lead (id SERIAL PRIMARY KEY, domain_id INTEGER REFERENCES public.domain(id) ON DELETE CASCADE)");
    db.run("CREATE TABLE crm.note (lead_id INTEGER REFERENCES crm.lead(id) ON DELETE CASCADE)");
    db.run("INSERT INTO crm.lead (domain_id) SELECT id FROM domain WHERE slug = 'sales'");
    let error = plan(db, &project).expect_err("is refused");
    assert!(problems(&error)[0].contains("1 row of `crm.lead` would be deleted with it"), "{:?}", problems(&error));
}
