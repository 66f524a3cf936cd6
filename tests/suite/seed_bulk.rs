//! Tables with `bulk = true` on every engine: first load, repetition, edits, conflicts, adoption, removal. What is refused, and
//! with which place, is in `seed_bulk_errors`.

use plimsoll_core::db::{Db, DynRow, Engine, Stmt};
use plimsoll_seed::{BulkCounts, BulkPlan, RowAction};
use plimsoll_tests::seeding::{plan, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DATASET: &str = r#"
[[table]]
name = "product"
key = ["sku"]
bulk = true
file = "data/products.csv"
"#;

const PRODUCTS: &str =
    "sku,name,price,note\nA-1,\"Lamp, small\",9.50,\nA-2,Desk,120,oak\nA-3,Chair,45.00,\"four\nlegs\"\n";

fn product_table(db: &mut TestDatabase) {
    db.run(
        "CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL, price DECIMAL(10,2) NOT NULL, \
         note VARCHAR(200), stock INTEGER NOT NULL DEFAULT 7)",
    );
}

fn project(dataset: &str, products: &str) -> TestProject {
    TestProject::new().file("seeds/products.toml", dataset).file("data/products.csv", products)
}

/// A database that was seeded once, and its project.
fn seeded(db: &mut TestDatabase, dataset: &str) -> TestProject {
    product_table(db);
    let project = project(dataset, PRODUCTS);
    seed(db, &project).expect("seeds");
    project
}

fn planned(db: &mut TestDatabase, project: &TestProject) -> BulkPlan {
    plan(db, project).expect("a plan").bulk.remove(0)
}

fn rows(db: &mut TestDatabase) -> Vec<String> {
    let read = "SELECT sku, name, note FROM product ORDER BY sku";
    db.rows(read).iter().map(|row| format!("{}|{}|{}", row.text(0), row.text(1), row.text(2))).collect()
}

fn counts(create: u64, update: u64, unchanged: u64, edited: u64) -> BulkCounts {
    BulkCounts { create, update, unchanged, edited, ..BulkCounts::default() }
}

/// Whatever the engine changes when anybody writes anything that lasts.
fn traces(db: &mut TestDatabase, watcher: &mut dyn Db) -> Vec<DynRow> {
    let queries: &[&str] = match db.engine() {
        Engine::Sqlite => &["PRAGMA data_version"],
        Engine::Postgres => &[
            "SELECT xmin::text, ctid::text FROM product ORDER BY sku",
            "SELECT xmin::text, ctid::text FROM plimsoll.seed_part ORDER BY part",
            "SELECT xmin::text, ctid::text FROM plimsoll.seed_row ORDER BY row_key",
        ],
        Engine::Mysql => &["SELECT count(*) FROM written"],
    };
    queries.iter().flat_map(|sql| watcher.rows(&Stmt::new(*sql)).expect("can be asked")).collect()
}

/// MySQL shows no versions of rows, but every write fires a trigger.
fn watch(db: &mut TestDatabase) {
    if db.engine() != Engine::Mysql {
        return;
    }
    db.run("CREATE TABLE written (what VARCHAR(40))");
    let all = ["product", "plimsoll_seed_part", "plimsoll_seed_row"];
    for (number, (table, event)) in
        all.iter().flat_map(|table| ["INSERT", "UPDATE", "DELETE"].map(|event| (table, event))).enumerate()
    {
        db.run(&format!("CREATE TRIGGER watch_{number} BEFORE {event} ON {table} FOR EACH ROW INSERT INTO written VALUES ('{table} {event}')"));
    }
}

live_tests! {
    fn a_first_load_brings_every_row_of_the_file(db: &mut TestDatabase) {
        product_table(db);
        let project = project(DATASET, PRODUCTS);
        let shown = plan(db, &project).expect("a plan").to_string();
        assert!(shown.contains("product  + 3 create\n      + A-1, A-2, A-3\n"), "{shown}");
        let report = seed(db, &project).expect("seeds");
        assert_eq!((report.tables[0].counts.create, report.wrote), (3, true));
        assert_eq!(rows(db), ["A-1|Lamp, small|", "A-2|Desk|oak", "A-3|Chair|four\nlegs"]);
        assert_eq!(db.int("SELECT count(*) FROM product WHERE note IS NULL AND stock = 7"), 1);
        assert_eq!(planned(db, &project).counts, counts(0, 0, 3, 0));
    }

    fn a_repetition_writes_nothing_at_all(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        watch(db);
        let mut watcher = db.connect();
        let before = traces(db, &mut *watcher);
        for _ in 0..2 {
            // Also in a session that has not staged the rows before.
            db.reconnect();
            let report = seed(db, &project).expect("seeds");
            assert_eq!((report.tables[0].counts.unchanged, report.wrote), (3, false));
        }
        assert_eq!(traces(db, &mut *watcher), before);
    }

    fn planning_needs_no_right_to_write_and_leaves_nothing(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        project.write("data/products.csv", &PRODUCTS.replace("Desk", "Table"));
        let seeds = plimsoll_tests::seeding::read(&project.load(db)).expect("loads");
        let mut looking = plimsoll_core::db::connect(db.url(), plimsoll_core::db::Access::Read).expect("opens");
        for _ in 0..2 {
            let plan = plimsoll_tests::seeding::plan_on(&mut *looking, &seeds).expect("a plan");
            assert_eq!(plan.bulk[0].counts, counts(0, 1, 2, 0));
        }
        assert!(looking.batch("DELETE FROM product").is_err(), "the session is still for looking only");
        drop(looking);
        assert_eq!(db.tables(), ["product"]);
    }

    fn a_changed_file_changes_what_changed_in_it_and_nothing_else(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        watch(db);
        project.write("data/products.csv", &(PRODUCTS.replace("Desk", "Table") + "B-1,Shelf,10,\n"));
        let planned = planned(db, &project);
        assert_eq!(planned.counts, counts(1, 1, 2, 0));
        assert_eq!(planned.sample.len(), 2);
        assert_eq!((planned.sample[0].action, planned.sample[0].columns[0].column.as_str()), (RowAction::Update, "name"));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-1|Lamp, small|", "A-2|Table|oak", "A-3|Chair|four\nlegs", "B-1|Shelf|"]);
        if db.engine() == Engine::Mysql {
            assert_eq!(db.int("SELECT count(*) FROM written WHERE what LIKE 'product %'"), 2);
        }
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn an_edit_in_the_database_is_kept_and_reported(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        db.run("UPDATE product SET name = 'Bureau' WHERE sku = 'A-2'");
        for _ in 0..2 {
            let report = seed(db, &project).expect("seeds");
            assert_eq!((report.tables[0].counts.edited, report.wrote), (1, false));
        }
        // Another column of the same row still follows the file.
        project.write("data/products.csv", &PRODUCTS.replace("oak", "beech"));
        let planned = planned(db, &project);
        assert_eq!(planned.counts, counts(0, 1, 2, 1));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db)[1], "A-2|Bureau|beech");
        let plan = plan(db, &project).expect("a plan");
        assert!(plan.is_empty());
        assert!(plan.to_string().contains("name: keeps \"Bureau\", the file has \"Desk\""), "{plan}");
    }

    fn a_column_changed_on_both_sides_stays_a_conflict_until_one_gives_way(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        db.run("UPDATE product SET name = 'Bureau' WHERE sku = 'A-2'");
        project.write("data/products.csv", &PRODUCTS.replace("Desk", "Table"));
        for _ in 0..3 {
            let planned = planned(db, &project);
            assert_eq!(planned.sample[0].action, RowAction::Conflict);
            seed(db, &project).expect("seeds");
            assert_eq!(rows(db)[1], "A-2|Bureau|oak");
        }
        assert!(plan(db, &project).expect("a plan").is_empty());
        // The edit is taken back: now the file wins.
        db.run("UPDATE product SET name = 'Desk' WHERE sku = 'A-2'");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(rows(db)[1], "A-2|Table|oak");
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn a_conflict_survives_another_change_of_the_file(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        db.run("UPDATE product SET name = 'Bureau' WHERE sku = 'A-2'");
        project.write("data/products.csv", &PRODUCTS.replace("Desk", "Table"));
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", &PRODUCTS.replace("Desk", "Table").replace("Chair", "Stool"));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-1|Lamp, small|", "A-2|Bureau|oak", "A-3|Stool|four\nlegs"]);
        assert_eq!(planned(db, &project).sample[0].action, RowAction::Conflict);
        // The file catches up with the edit, and neither side has anything to keep any more.
        project.write("data/products.csv", &PRODUCTS.replace("Desk", "Bureau"));
        seed(db, &project).expect("seeds");
        assert_eq!(planned(db, &project).counts, counts(0, 0, 3, 0));
        project.write("data/products.csv", PRODUCTS);
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db)[1], "A-2|Desk|oak");
    }

    fn a_dataset_may_overwrite_edits_or_call_them_errors(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        db.run("UPDATE product SET name = 'Bureau' WHERE sku = 'A-2'");
        project.write("seeds/products.toml", &format!("{DATASET}on_edit = \"fail\"\n"));
        let error = plan(db, &project).expect_err("is an error");
        let told = plimsoll_tests::seeding::problems(&error);
        assert_eq!(told, ["data/products.csv:3:1: `product` A-2 was edited in the database: `name` is \"Bureau\", the file has \"Desk\""]);
        project.write("seeds/products.toml", &format!("{DATASET}on_edit = \"overwrite\"\n"));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(rows(db)[1], "A-2|Desk|oak");
    }

    fn rows_that_are_there_already_are_adopted_and_never_removed(db: &mut TestDatabase) {
        product_table(db);
        db.run("INSERT INTO product (sku, name, price, note) VALUES ('A-2', 'Desk', 120, 'oak'), ('Z-9', 'Mine', 1, NULL)");
        let sync = format!("{DATASET}mode = \"sync\"\n");
        let project = project(&sync, PRODUCTS);
        assert_eq!(planned(db, &project).counts, counts(2, 0, 1, 0));
        seed(db, &project).expect("seeds");
        assert!(plan(db, &project).expect("a plan").is_empty());
        // Of three rows that leave the file, two were created by seeding, and one of these was edited since.
        db.run("UPDATE product SET note = 'mine now' WHERE sku = 'A-3'");
        project.write("data/products.csv", "sku,name,price,note\nB-1,Shelf,10,\n");
        let planned = planned(db, &project);
        assert_eq!((planned.counts.create, planned.counts.remove, planned.counts.spared), (1, 1, 1));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-2|Desk|oak", "A-3|Chair|mine now", "B-1|Shelf|", "Z-9|Mine|"]);
        let after = plan(db, &project).expect("a plan");
        assert_eq!((after.is_empty(), after.bulk[0].counts.spared), (true, 1), "{after}");
        // Once the edit is taken back, nothing speaks for the row any more.
        db.run("UPDATE product SET note = 'four\nlegs' WHERE sku = 'A-3'");
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-2|Desk|oak", "B-1|Shelf|", "Z-9|Mine|"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn the_first_row_may_be_one_that_was_there(db: &mut TestDatabase) {
        product_table(db);
        db.run("INSERT INTO product (sku, name, price, note) VALUES ('A-1', 'Lamp, small', 9.5, NULL), ('A-2', 'Desk', 120, 'oak')");
        let project = project(&format!("{DATASET}mode = \"sync\"\n"), PRODUCTS);
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name,price,note\n");
        assert_eq!(planned(db, &project).counts.remove, 1);
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-1|Lamp, small|", "A-2|Desk|oak"]);
    }

    fn without_sync_rows_that_leave_the_file_stay(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        project.write("data/products.csv", "sku,name,price,note\nA-1,Lamp,9.50,\n");
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db), ["A-1|Lamp|", "A-2|Desk|oak", "A-3|Chair|four\nlegs"]);
    }

    fn with_insert_rows_that_exist_are_left_alone(db: &mut TestDatabase) {
        product_table(db);
        db.run("INSERT INTO product (sku, name, price) VALUES ('A-2', 'Mine', 1)");
        let project = project(&format!("{DATASET}mode = \"insert\"\n"), PRODUCTS);
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 2);
        assert_eq!(rows(db)[1], "A-2|Mine|");
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn a_row_that_somebody_deleted_comes_back(db: &mut TestDatabase) {
        let project = seeded(db, DATASET);
        db.run("DELETE FROM product WHERE sku = 'A-2'");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 1);
        assert_eq!(db.count("product"), 3);
    }

    fn thousands_of_rows_make_several_parts_and_come_out_the_same(db: &mut TestDatabase) {
        product_table(db);
        let row = |number: u32| format!("S-{number:06},Thing {number},{}.25,\n", number % 900);
        let file: String = "sku,name,price,note\n".to_owned() + &(0..21_000).map(row).collect::<String>();
        let project = project(&format!("{DATASET}mode = \"sync\"\n"), &file);
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 21_000);
        let parts = if db.engine() == Engine::Postgres { "plimsoll.seed_part" } else { "plimsoll_seed_part" };
        assert_eq!(db.int(&format!("SELECT count(*) FROM {parts} WHERE part >= 0")), 3);
        db.run("UPDATE product SET name = 'Edited' WHERE sku = 'S-000007'");
        let changed = file.replace("Thing 20999,", "Changed,").replace(&row(15_000), "");
        project.write("data/products.csv", &changed);
        let planned = planned(db, &project);
        let expected = BulkCounts { update: 1, unchanged: 20_997, edited: 1, remove: 1, ..BulkCounts::default() };
        assert_eq!(planned.counts, expected);
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("product"), 20_999);
        assert_eq!(planned_counts(db, &project), counts(0, 0, 20_998, 1));
    }

    fn the_session_is_as_before_once_rows_are_compared_and_written(db: &mut TestDatabase) {
        let settings = match db.engine() {
            Engine::Sqlite => "PRAGMA cache_size",
            Engine::Postgres => "SELECT current_setting('work_mem')",
            Engine::Mysql => "SELECT @@optimizer_switch, @@join_cache_level, @@join_buffer_size, @@join_buffer_space_limit, @@mrr_buffer_size",
        };
        let mut before = None;
        product_table(db);
        let project = project(DATASET, PRODUCTS);
        for products in [PRODUCTS.to_owned(), PRODUCTS.replace("oak", "ash")] {
            project.write("data/products.csv", &products);
            let held = db.rows(settings);
            assert_eq!(*before.get_or_insert_with(|| held.clone()), held);
            seed(db, &project).expect("seeds");
            plan(db, &project).expect("a plan");
        }
        assert_eq!(before, Some(db.rows(settings)));
    }

    fn rows_may_stand_in_any_order_and_refer_to_earlier_ones_of_their_table(db: &mut TestDatabase) {
        db.run("CREATE TABLE node (slug VARCHAR(40) NOT NULL PRIMARY KEY, parent VARCHAR(40), FOREIGN KEY (parent) REFERENCES node (slug))");
        let dataset = "[[table]]\nname = \"node\"\nkey = [\"slug\"]\nbulk = true\nfile = \"data/nodes.csv\"\n";
        let project = TestProject::new().file("seeds/nodes.toml", dataset).file("data/nodes.csv", "slug,parent\nz,\nm,z\na,m\nk,\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT slug FROM node ORDER BY slug"), ["a", "k", "m", "z"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn a_column_may_have_its_own_word_about_edits(db: &mut TestDatabase) {
        let project = seeded(db, &format!("{DATASET}on_edit = {{ note = \"overwrite\" }}\n"));
        db.run("UPDATE product SET name = 'Bureau', note = 'mine' WHERE sku = 'A-2'");
        assert_eq!(planned(db, &project).counts, counts(0, 1, 2, 1));
        seed(db, &project).expect("seeds");
        assert_eq!(rows(db)[1], "A-2|Bureau|oak");
    }

    fn rows_of_json_lines_keep_their_types(db: &mut TestDatabase) {
        let kind = match db.engine() { Engine::Postgres => "JSONB", _ => "JSON" };
        db.run(&format!(
            "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, flag BOOLEAN NOT NULL, doc {kind}, ratio DOUBLE PRECISION, at TIMESTAMP NULL)"
        ));
        let dataset = "[[table]]\nname = \"thing\"\nkey = [\"id\"]\nbulk = true\nfile = \"data/things.jsonl\"\n";
        let lines = "{\"id\":1,\"flag\":true,\"doc\":{\"b\":[1,2],\"a\":\"x\"},\"ratio\":0.1,\"at\":\"2024-02-29T10:00:00+02:00\"}\n\
                     {\"id\":2,\"flag\":false,\"doc\":null,\"ratio\":null}\n";
        let project = TestProject::new().file("seeds/things.toml", dataset).file("data/things.jsonl", lines);
        seed(db, &project).expect("seeds");
        db.reconnect();
        assert!(plan(db, &project).expect("a plan").is_empty());
        assert_eq!(db.int("SELECT count(*) FROM thing WHERE flag AND ratio = 0.1 AND doc IS NOT NULL"), 1);
        project.write("data/things.jsonl", &lines.replace("\"a\":\"x\"", "\"a\":\"y\""));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
    }
}

fn planned_counts(db: &mut TestDatabase, project: &TestProject) -> BulkCounts {
    planned(db, project).counts
}
