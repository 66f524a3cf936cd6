//! Taking back what runs wrote to tables with `bulk = true`, on every engine: rows as they were, and the files' word the next time.

use std::collections::BTreeMap;

use plimsoll_core::db::{Catalog, DynRow, Engine};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_seed::{BulkCounts, RunOptions, SeedError, UndoOptions, UndoPlan, UndoReport, apply_undo, plan_undo};
use plimsoll_tests::seeding::{plan, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

const DATASET: &str = r#"
[[table]]
name = "product"
key = ["sku"]
bulk = true
mode = "sync"
file = "data/products.csv"
"#;

const PRODUCTS: &str = "sku,name,note\nA-1,Lamp,\nA-2,Desk,oak\nA-3,Chair,\n";

/// One row changed, one gone, one new.
const CHANGED: &str = "sku,name,note\nA-2,Bureau,oak\nA-3,Chair,\nA-4,Shelf,\n";

fn product_table(db: &mut TestDatabase) {
    db.run(
        "CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL, note VARCHAR(200), \
         stock INTEGER NOT NULL DEFAULT 7)",
    );
}

fn project(dataset: &str) -> TestProject {
    TestProject::new().file("seeds/products.toml", dataset).file("data/products.csv", PRODUCTS)
}

/// A database that was seeded twice, how its rows were in between, and the project.
fn seeded_twice(db: &mut TestDatabase) -> (TestProject, Vec<DynRow>) {
    product_table(db);
    let project = project(DATASET);
    seed(db, &project).expect("seeds");
    db.run("UPDATE product SET stock = 3 WHERE sku = 'A-1'");
    let between = rows(db);
    project.write("data/products.csv", CHANGED);
    seed(db, &project).expect("seeds");
    (project, between)
}

fn rows(db: &mut TestDatabase) -> Vec<DynRow> {
    db.rows("SELECT sku, name, note, stock FROM product ORDER BY sku")
}

fn counts(db: &mut TestDatabase, project: &TestProject) -> BulkCounts {
    plan(db, project).expect("a plan").bulk.remove(0).counts
}

/// Created, updated, removed.
fn written(db: &mut TestDatabase, project: &TestProject) -> (u64, u64, u64) {
    let counts = counts(db, project);
    (counts.create, counts.update, counts.remove)
}

fn undo_plan(db: &mut TestDatabase, run: Option<i64>) -> UndoPlan {
    let catalog = Catalog::read(db.db()).expect("the catalogue is readable");
    plan_undo(db.db(), &catalog, &UndoOptions { run, ..UndoOptions::default() }).expect("a plan")
}

fn undo(db: &mut TestDatabase, run: Option<i64>) -> Result<UndoReport, SeedError> {
    let plan = undo_plan(db, run);
    let by = RunOptions { actor: "nell@desk".to_owned(), tool: "test".to_owned(), ..RunOptions::default() };
    apply_undo(db.db(), &plan, &UndoOptions { run, ..UndoOptions::default() }, &by)
}

/// One thing that happens: to the file, by somebody in the database, or by seeding.
#[derive(Debug, Clone)]
enum Event {
    FileSets(u8, u8, u8),
    FileDrops(u8),
    SomebodyNames(u8, u8),
    SomebodyNotes(u8, u8),
    SomebodyInserts(u8, u8),
    SomebodyDeletes(u8),
    Apply,
    ApplyAndUndo,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let (sku, value) = (0..5u8, 0..3u8);
    let event = prop_oneof![
        5 => (sku.clone(), value.clone(), value.clone()).prop_map(|(sku, name, note)| Event::FileSets(sku, name, note)),
        2 => sku.clone().prop_map(Event::FileDrops),
        2 => (sku.clone(), value.clone()).prop_map(|(sku, name)| Event::SomebodyNames(sku, name)),
        2 => (sku.clone(), value.clone()).prop_map(|(sku, note)| Event::SomebodyNotes(sku, note)),
        1 => (sku.clone(), value).prop_map(|(sku, name)| Event::SomebodyInserts(sku, name)),
        1 => sku.prop_map(Event::SomebodyDeletes),
        3 => Just(Event::Apply),
        4 => Just(Event::ApplyAndUndo),
    ];
    proptest::collection::vec(event, 4..24)
}

/// Whatever happened before, a run leaves nothing behind when it is taken back, and would do the same again.
fn history(db: &mut TestDatabase, project: &TestProject, events: &[Event]) -> Result<(), TestCaseError> {
    plimsoll_core::ledger::ensure(db.db()).expect("the ledger is made");
    for which in [LedgerTable::SeedRow, LedgerTable::SeedPart, LedgerTable::SeedRun, LedgerTable::SeedChange] {
        let name = table(db.engine(), which);
        db.run(&format!("DELETE FROM {name}"));
    }
    db.run("DELETE FROM product");
    let mut file: BTreeMap<u8, (u8, u8)> = BTreeMap::new();
    for event in events {
        match event {
            Event::FileSets(sku, name, note) => drop(file.insert(*sku, (*name, *note))),
            Event::FileDrops(sku) => drop(file.remove(sku)),
            Event::SomebodyNames(sku, name) => {
                db.run(&format!("UPDATE product SET name = 'n{name}' WHERE sku = 's{sku}'"));
            }
            Event::SomebodyNotes(sku, note) => {
                db.run(&format!("UPDATE product SET note = 'x{note}' WHERE sku = 's{sku}'"));
            }
            Event::SomebodyInserts(sku, name) => {
                db.run(&format!("DELETE FROM product WHERE sku = 's{sku}'"));
                db.run(&format!("INSERT INTO product (sku, name) VALUES ('s{sku}', 'n{name}')"));
            }
            Event::SomebodyDeletes(sku) => db.run(&format!("DELETE FROM product WHERE sku = 's{sku}'")),
            Event::Apply | Event::ApplyAndUndo => {
                let lines = file.iter().map(|(sku, (name, note))| format!("s{sku},n{name},x{note}\n"));
                project.write("data/products.csv", &format!("sku,name,note\n{}", lines.collect::<String>()));
                let (before, planned) = (rows(db), counts(db, project));
                seed(db, project).expect("seeds");
                if matches!(event, Event::Apply) || planned.create + planned.update + planned.remove == 0 {
                    continue;
                }
                let after = rows(db);
                undo(db, None).expect("is taken back");
                prop_assert_eq!(&rows(db), &before);
                prop_assert_eq!(counts(db, project), planned);
                seed(db, project).expect("seeds again");
                prop_assert_eq!(&rows(db), &after);
                prop_assert!(plan(db, project).expect("a plan").is_empty());
                undo(db, None).expect("is taken back again");
                prop_assert_eq!(&rows(db), &before);
            }
        }
    }
    Ok(())
}

live_tests! {
    fn a_first_load_of_few_rows_is_taken_back_and_comes_again(db: &mut TestDatabase) {
        product_table(db);
        let project = project(DATASET);
        seed(db, &project).expect("seeds");
        let loaded = rows(db);
        let report = undo(db, None).expect("is taken back");
        assert_eq!((report.undone, report.deleted), (1, 3));
        assert!(rows(db).is_empty());
        assert_eq!(written(db, &project), (3, 0, 0));
        seed(db, &project).expect("seeds again");
        assert_eq!(rows(db), loaded);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn rows_that_a_changed_file_changed_are_as_before_to_the_byte(db: &mut TestDatabase) {
        let (project, between) = seeded_twice(db);
        let after = rows(db);
        let report = undo(db, None).expect("is taken back");
        assert_eq!((report.undone, report.inserted, report.restored, report.deleted), (2, 1, 1, 1));
        assert_eq!(rows(db), between);
        // What the file says now is to be done as it was to be done then.
        assert_eq!(written(db, &project), (1, 1, 1));
        seed(db, &project).expect("seeds again");
        assert_eq!(rows(db), after);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn with_the_file_of_before_nothing_is_left_to_do_to_the_rows(db: &mut TestDatabase) {
        let (project, between) = seeded_twice(db);
        undo(db, None).expect("is taken back");
        project.write("data/products.csv", PRODUCTS);
        assert_eq!(written(db, &project), (0, 0, 0));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), between);
        // Rows that were put back are seeding's own as before.
        project.write("data/products.csv", CHANGED);
        assert_eq!(written(db, &project), (1, 1, 1));
    }

    fn an_undo_is_taken_back_as_well(db: &mut TestDatabase) {
        let (project, between) = seeded_twice(db);
        let after = rows(db);
        let run = undo(db, None).expect("is taken back").run;
        let redo = undo(db, Some(run)).expect("is taken back").run;
        assert_eq!(rows(db), after);
        assert!(plan(db, &project).expect("a plan").is_empty());
        undo(db, Some(redo)).expect("is taken back");
        assert_eq!(rows(db), between);
        assert_eq!(written(db, &project), (1, 1, 1));
    }

    fn an_edit_that_the_run_kept_is_kept_after_it_was_taken_back(db: &mut TestDatabase) {
        product_table(db);
        let project = project(DATASET);
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET note = 'mine' WHERE sku = 'A-2'");
        let between = rows(db);
        project.write("data/products.csv", CHANGED);
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(rows(db), between);
        let planned = counts(db, &project);
        assert_eq!((planned.create, planned.update, planned.remove, planned.edited), (1, 1, 1, 1));
        seed(db, &project).expect("seeds again");
        assert_eq!(db.texts("SELECT note FROM product WHERE sku = 'A-2'"), ["mine"]);
    }

    fn an_edit_that_the_run_overwrote_comes_back(db: &mut TestDatabase) {
        product_table(db);
        let project = project(&format!("{DATASET}on_edit = \"overwrite\"\n"));
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET note = 'mine' WHERE sku = 'A-2'");
        let edited = rows(db);
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT note FROM product WHERE sku = 'A-2'"), ["oak"]);
        undo(db, None).expect("is taken back");
        assert_eq!(rows(db), edited);
        assert_eq!(written(db, &project), (0, 1, 0));
        // The row is seeding's own still.
        project.write("data/products.csv", "sku,name,note\nA-1,Lamp,\nA-3,Chair,\n");
        assert_eq!(written(db, &project), (0, 0, 1));
    }

    fn a_row_that_was_there_before_gets_its_values_back_and_is_never_removed(db: &mut TestDatabase) {
        product_table(db);
        db.run("INSERT INTO product (sku, name, stock) VALUES ('A-2', 'Table', 1)");
        let before = rows(db);
        let project = project(DATASET);
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(rows(db), before);
        assert_eq!(written(db, &project), (2, 1, 0));
        project.write("data/products.csv", "sku,name,note\nA-1,Lamp,\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT sku FROM product ORDER BY sku"), ["A-1", "A-2"]);
    }

    fn a_row_that_somebody_makes_afterwards_is_theirs_and_never_removed(db: &mut TestDatabase) {
        product_table(db);
        let project = project(DATASET);
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        db.run("INSERT INTO product (sku, name) VALUES ('A-1', 'Lamp')");
        // With the file as it was, and with another one at once.
        assert_eq!(written(db, &project), (2, 0, 0));
        project.write("data/products.csv", "sku,name,note\nA-2,Desk,oak\n");
        assert_eq!(written(db, &project), (1, 0, 0));
        project.write("data/products.csv", PRODUCTS);
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name,note\nA-2,Desk,oak\n");
        assert_eq!(written(db, &project), (0, 0, 1));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT sku FROM product ORDER BY sku"), ["A-1", "A-2"]);
    }

    fn an_edited_row_that_the_run_removed_is_removed_again(db: &mut TestDatabase) {
        product_table(db);
        let project = project(&format!("{DATASET}on_edit = \"overwrite\"\n"));
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET name = 'Lantern' WHERE sku = 'A-1'");
        let between = rows(db);
        project.write("data/products.csv", CHANGED);
        let planned = counts(db, &project);
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(rows(db), between);
        assert_eq!(counts(db, &project), planned);
    }

    fn a_row_that_was_edited_since_stands_against_it(db: &mut TestDatabase) {
        let (_, _) = seeded_twice(db);
        db.run("UPDATE product SET name = 'Console' WHERE sku = 'A-2'");
        let before = rows(db);
        let plan = undo_plan(db, None);
        assert_eq!(plan.blocked.len(), 1, "{plan:?}");
        assert_eq!(plan.blocked[0].reason, "`name` is \"Console\" now, the run left \"Bureau\"");
        undo(db, None).expect_err("is refused");
        assert_eq!(rows(db), before);
    }

    fn rows_that_refer_to_others_of_their_table_come_back_after_them(db: &mut TestDatabase) {
        db.run("CREATE TABLE node (slug VARCHAR(40) NOT NULL PRIMARY KEY, parent VARCHAR(40), FOREIGN KEY (parent) REFERENCES node (slug))");
        let dataset = "[[table]]\nname = \"node\"\nkey = [\"slug\"]\nbulk = true\nmode = \"sync\"\nfile = \"data/nodes.csv\"\n";
        let project =
            TestProject::new().file("seeds/nodes.toml", dataset).file("data/nodes.csv", "slug,parent\nz,\nm,z\na,m\nk,\n");
        seed(db, &project).expect("seeds");
        let query = "SELECT slug, parent FROM node ORDER BY slug";
        let before = db.rows(query);
        project.write("data/nodes.csv", "slug,parent\nk,\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.rows(query).len(), 1);
        undo(db, None).expect("is taken back");
        assert_eq!(db.rows(query), before);
        undo(db, Some(1)).expect("the first load is taken back as well");
        assert!(db.rows(query).is_empty());
    }

    fn a_run_that_wrote_more_rows_than_are_kept_is_not_taken_back(db: &mut TestDatabase) {
        product_table(db);
        let many: String = (0..10_001).map(|number| format!("N-{number},Lamp,\n")).collect();
        let project = project(DATASET).file("data/products.csv", &format!("sku,name,note\n{many}"));
        seed(db, &project).expect("seeds");
        let blocked = undo_plan(db, None).blocked;
        assert_eq!((blocked.len(), blocked[0].table.as_str()), (1, "product"));
        assert!(blocked[0].reason.contains("too many"), "{blocked:?}");
        // A later run that changed few of them is.
        project.write("data/products.csv", &format!("sku,name,note\nA-1,Lamp,\n{many}"));
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(written(db, &project), (1, 0, 0));
    }

    fn any_run_is_taken_back_and_would_do_the_same_again(db: &mut TestDatabase) {
        product_table(db);
        let cases = if db.engine() == Engine::Sqlite { 32 } else { 8 };
        for policy in ["keep", "overwrite"] {
            let project = project(&format!("{DATASET}on_edit = \"{policy}\"\n"));
            let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
            let shared = std::cell::RefCell::new(&mut *db);
            let done = runner.run(&events(), |events| history(&mut shared.borrow_mut(), &project, &events));
            done.unwrap_or_else(|error| panic!("{policy}: {error}"));
        }
    }
}
