//! Seeding again what is seeded already, on every engine: not one row version, trigger or sequence value is spent. What may
//! be told as different although it is not is in `seed_values`.

use plimsoll_core::db::{Db, DynRow, Engine, Stmt};
use plimsoll_tests::seeding::{domain_table, plan, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
rows = [
  { slug = "tutor", name = "Tutor", note = "Lessons" },
  { slug = "sales", name = "Sales" },
]
"#;

/// Whatever the engine changes when anybody writes anything.
fn traces(db: &mut TestDatabase, watcher: &mut dyn Db) -> Vec<DynRow> {
    let queries: &[&str] = match db.engine() {
        // What changes when another connection commits a change of the file.
        Engine::Sqlite => &["PRAGMA data_version"],
        Engine::Postgres => &[
            "SELECT xmin::text, ctid::text FROM domain ORDER BY id",
            "SELECT xmin::text, ctid::text FROM plimsoll.seed_row ORDER BY row_key",
            "SELECT last_value, is_called FROM domain_id_seq",
        ],
        Engine::Mysql => &[
            "SELECT count(*) FROM written",
            "SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'domain'",
        ],
    };
    queries.iter().flat_map(|sql| watcher.rows(&Stmt::new(*sql)).expect("can be asked")).collect()
}

/// MySQL shows no versions of rows, but every write fires a trigger.
fn watch(db: &mut TestDatabase) {
    if db.engine() != Engine::Mysql {
        return;
    }
    db.run("CREATE TABLE written (what VARCHAR(40))");
    for (number, (table, event)) in ["domain", "plimsoll_seed_row"]
        .iter()
        .flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|event| (table, event)))
        .enumerate()
    {
        db.run(&format!("CREATE TRIGGER watch_{number} BEFORE {event} ON {table} FOR EACH ROW INSERT INTO written VALUES ('{table} {event}')"));
    }
}

live_tests! {
    fn a_repetition_writes_nothing_at_all(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        watch(db);
        let mut watcher = db.connect();
        let before = traces(db, &mut *watcher);
        for _ in 0..3 {
            let report = seed(db, &project).expect("seeds");
            assert!(!report.wrote);
            assert_eq!(report.tables[0].counts.unchanged, 2);
        }
        assert_eq!(traces(db, &mut *watcher), before);
    }

    fn an_edit_that_is_kept_costs_no_write_either(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'");
        watch(db);
        let mut watcher = db.connect();
        let before = traces(db, &mut *watcher);
        assert!(!seed(db, &project).expect("seeds").wrote);
        assert_eq!(traces(db, &mut *watcher), before);
    }

    fn one_changed_row_leaves_all_others_untouched(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        watch(db);
        let mut watcher = db.connect();
        let before = traces(db, &mut *watcher);
        project.write("seeds/domains.toml", &DOMAINS.replace("Lessons", "School"));
        seed(db, &project).expect("seeds");
        let after = traces(db, &mut *watcher);
        assert_ne!(after, before, "what this test looks at notices a write");
        if db.engine() == Engine::Postgres {
            let same = before.iter().filter(|row| after.contains(row)).count();
            // The row `sales`, its entry in the ledger, and the sequence.
            assert_eq!(same, 3, "{before:?} {after:?}");
        }
        if db.engine() == Engine::Mysql {
            assert_eq!(before[1], after[1]);
            assert_eq!(db.int("SELECT count(*) FROM written WHERE what = 'domain UPDATE'"), 1);
            assert_eq!(db.int("SELECT count(*) FROM written WHERE what LIKE 'domain %'"), 1);
        }
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn comments_and_the_order_of_rows_and_columns_do_not_matter(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        let reordered = r#"
            # the same in other words
            [[table]]
            key = ["slug"]
            name = "domain"
            rows = [{ name = "Sales", slug = "sales" }, { note = "Lessons", slug = "tutor", name = "Tutor" }]
        "#;
        project.write("seeds/domains.toml", reordered);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }
}
