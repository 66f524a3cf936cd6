//! Literal rows on every engine: created, updated, adopted, only inserted. What people edit meanwhile is in `seed_edits`.

use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_seed::{RowAction, SeedPlan};
use plimsoll_tests::seeding::{domain_table, plan, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
rows = [
  { slug = "tutor", name = "Tutor", note = "Lessons" },
  { slug = "sales", name = "Sales", note = "Advice" },
]
"#;

fn project(domains: &str) -> TestProject {
    TestProject::new().file("seeds/domains.toml", domains)
}

fn names(db: &mut TestDatabase) -> Vec<String> {
    db.texts("SELECT name FROM domain ORDER BY slug")
}

/// One snapshot for all engines: a plan must not tell which one it was made on.
fn shown(name: &str, plan: &SeedPlan) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, plan);
    });
}

live_tests! {
    fn rows_are_created_with_the_defaults_of_what_is_not_declared(db: &mut TestDatabase) {
        domain_table(db);
        let report = seed(db, &project(DOMAINS)).expect("seeds");
        assert!(report.wrote);
        assert_eq!((report.tables[0].table.as_str(), report.tables[0].counts.create), ("domain", 2));
        assert_eq!(names(db), ["Sales", "Tutor"]);
        assert_eq!(db.int("SELECT count(*) FROM domain WHERE position = 7"), 2);
        assert_eq!(db.texts("SELECT note FROM domain WHERE slug = 'tutor'"), ["Lessons"]);
    }

    fn the_plan_reads_the_same_on_every_engine(db: &mut TestDatabase) {
        let project = project(DOMAINS);
        let before = plan(db, &project).expect("a plan without tables");
        shown("seed_plan_before_migrating", &before);
        domain_table(db);
        let there = plan(db, &project).expect("a plan");
        shown("seed_plan_of_new_rows", &there);
        assert_eq!(before.digest(), there.digest());
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Advice' WHERE slug = 'sales'");
        let new = "  { slug = \"sales\", name = \"Sales\", note = \"Advice\" },\n  { slug = \"new\", name = \"New\" },";
        let changed = DOMAINS.replace("Lessons", "Lessons by phone");
        project.write("seeds/domains.toml", &changed.replace(new.lines().next().expect("a line"), new));
        shown("seed_plan_of_every_kind_of_change", &plan(db, &project).expect("a plan"));
    }

    fn only_the_changed_column_of_the_changed_row_is_written(db: &mut TestDatabase) {
        domain_table(db);
        let project = project(DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET position = 99");
        project.write("seeds/domains.toml", &DOMAINS.replace("Lessons", "School"));
        let plan = plan(db, &project).expect("a plan");
        assert_eq!(plan.tables[0].rows.len(), 1);
        assert_eq!(plan.tables[0].rows[0].columns.iter().map(|change| change.column.as_str()).collect::<Vec<_>>(), ["note"]);
        let report = seed(db, &project).expect("seeds");
        assert_eq!((report.tables[0].counts.update, report.tables[0].counts.unchanged), (1, 1));
        assert_eq!(db.texts("SELECT note FROM domain ORDER BY slug"), ["Advice", "School"]);
        assert_eq!(db.int("SELECT count(*) FROM domain WHERE position = 99"), 2);
    }

    fn a_row_that_was_deleted_in_the_database_is_created_again(db: &mut TestDatabase) {
        domain_table(db);
        let project = project(DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("DELETE FROM domain WHERE slug = 'sales'");
        assert_eq!(plan(db, &project).expect("a plan").counts().create, 1);
        seed(db, &project).expect("seeds");
        assert_eq!(names(db), ["Sales", "Tutor"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn rows_that_were_there_before_are_adopted_and_then_watched(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name, note) VALUES ('tutor', 'Tutor', 'Lessons'), ('sales', 'Old', 'Advice')");
        let project = project(DOMAINS);
        let plan = plan(db, &project).expect("a plan");
        let actions: Vec<_> = plan.tables[0].rows.iter().map(|row| row.action).collect();
        assert_eq!(actions, [RowAction::Adopt, RowAction::Update]);
        seed(db, &project).expect("seeds");
        assert_eq!(names(db), ["Sales", "Tutor"]);
        db.run("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'");
        seed(db, &project).expect("seeds");
        assert_eq!(names(db), ["Sales", "Teacher"]);
    }

    fn every_seeded_row_stands_in_the_ledger_with_its_source(db: &mut TestDatabase) {
        domain_table(db);
        seed(db, &project(DOMAINS)).expect("seeds");
        let ledger = table(db.engine(), LedgerTable::SeedRow);
        let rows = db.rows(&format!("SELECT table_name, key_json, applied, dataset, source FROM {ledger} ORDER BY key_json"));
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].text(0), rows[1].text(1), rows[1].text(3)), ("domain", "{\"slug\":\"tutor\"}", "domains"));
        assert!(rows[1].text(4).starts_with("seeds/domains.toml:6"), "{}", rows[1].text(4));
    }

    fn columns_that_are_only_inserted_are_never_written_again(db: &mut TestDatabase) {
        domain_table(db);
        let with_position = |position: u8| format!("{DOMAINS}\n[table.insert_only]\nposition = \"{position}\"\n");
        let project = project(&with_position(1));
        seed(db, &project).expect("seeds");
        project.write("seeds/domains.toml", &with_position(2));
        let report = seed(db, &project).expect("seeds");
        assert!(!report.wrote);
        assert_eq!(db.int("SELECT max(position) FROM domain"), 1);
    }

    fn in_insert_mode_rows_that_exist_are_not_even_compared(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('tutor', 'Mine')");
        let project = project(&DOMAINS.replace("key =", "mode = \"insert\"\nkey ="));
        let report = seed(db, &project).expect("seeds");
        assert_eq!((report.tables[0].counts.create, report.tables[0].counts.unchanged), (1, 1));
        assert_eq!(names(db), ["Sales", "Mine"]);
        project.write("seeds/domains.toml", &DOMAINS.replace("key =", "mode = \"insert\"\nkey =").replace("Sales", "Changed"));
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn many_rows_are_created_and_updated_in_batches_without_a_loss(db: &mut TestDatabase) {
        domain_table(db);
        let rows = |suffix: &str| {
            let rows: Vec<String> = (0..1201).map(|n| format!("  {{ slug = \"s{n}\", name = \"n{n}{suffix}\" }},")).collect();
            format!("[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [\n{}\n]\n", rows.join("\n"))
        };
        let project = project(&rows(""));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 1201);
        project.write("seeds/domains.toml", &rows("!"));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1201);
        assert_eq!(db.int("SELECT count(*) FROM domain WHERE name LIKE 'n%!'"), 1201);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }
}
