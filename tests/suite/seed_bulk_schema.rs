//! Tables with `bulk = true` and what their schema has around them, on every engine: other schemas, collations, counters, columns
//! that come later, rows that refer to their own table. What is done to plain tables is in `seed_bulk`.

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::seeding::{counted_id, plan, problems, seed};
use plimsoll_tests::{TestProject, live_tests};

const DATASET: &str =
    "[[table]]\nname = \"product\"\nkey = [\"sku\"]\nbulk = true\nmode = \"sync\"\nfile = \"data/products.csv\"\n";

fn project(rows: &str) -> TestProject {
    TestProject::new().file("seeds/products.toml", DATASET).file("data/products.csv", rows)
}

fn of_items(rows: &str) -> TestProject {
    let dataset = DATASET.replace("product", "item").replace("sku", "id");
    TestProject::new().file("seeds/items.toml", &dataset).file("data/items.csv", rows)
}

live_tests! {
    fn rows_elsewhere_that_would_go_as_well_are_told_first(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(40))");
        let refers = "(id INTEGER NOT NULL PRIMARY KEY, sku VARCHAR(40), FOREIGN KEY (sku) REFERENCES";
        let other = match db.engine() {
            Engine::Sqlite => {
                db.run(&format!("CREATE TABLE note {refers} Product (sku) ON DELETE CASCADE)"));
                "note"
            }
            Engine::Postgres => {
                db.run(&format!("CREATE SCHEMA app2; CREATE TABLE app2.note {refers} product (sku) ON DELETE CASCADE)"));
                "app2.note"
            }
            Engine::Mysql => {
                db.run(&format!("CREATE TABLE note {refers} product (sku) ON DELETE CASCADE)"));
                "note"
            }
        };
        let project = project("sku,name\nA,Lamp\nB,Desk\n");
        seed(db, &project).expect("seeds");
        db.run(&format!("INSERT INTO {other} VALUES (1, 'B')"));
        project.write("data/products.csv", "sku,name\nA,Lamp\n");
        let error = seed(db, &project).expect_err("a note would go");
        assert_eq!(error.code(), ErrorCode::SeedPruneBlocked);
        let expected = format!(
            "seeds/products.toml:2:8: rows of `product` that the file has no more cannot be removed: 1 row of `{other}` would be deleted with it"
        );
        assert_eq!(problems(&error), [expected]);
        assert_eq!((db.count("product"), db.int(&format!("SELECT count(*) FROM {other}"))), (2, 1));
    }

    fn a_key_that_is_only_written_differently_is_not_gone(db: &mut TestDatabase) {
        let collation = match db.engine() {
            Engine::Sqlite => "COLLATE NOCASE",
            Engine::Postgres => {
                db.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
                "COLLATE loose"
            }
            Engine::Mysql => "COLLATE utf8mb4_general_ci",
        };
        db.run(&format!("CREATE TABLE product (sku VARCHAR(40) {collation} NOT NULL PRIMARY KEY, name VARCHAR(40))"));
        let project = project("sku,name\nA,Lamp\nB,Desk\n");
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name\na,Lamp\nB,Desk\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM product ORDER BY name"), ["Desk", "Lamp"]);
        project.write("data/products.csv", "sku,name\na,Lamp\nA,Light\n");
        assert_eq!(plan(db, &project).expect_err("is one key").code(), ErrorCode::SeedDuplicate);
    }

    fn a_column_that_comes_later_is_filled_by_the_file(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL)");
        let project = project("sku,name\nA,Lamp\nB,Desk\n");
        seed(db, &project).expect("seeds");
        db.run("ALTER TABLE product ADD COLUMN colour VARCHAR(20) NOT NULL DEFAULT 'none'; UPDATE product SET name = 'Ours' WHERE sku = 'B'");
        project.write("data/products.csv", "sku,name,colour\nA,Lamp,red\nB,Desk,none\nC,Chair,blue\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT colour FROM product ORDER BY sku"), ["red", "none", "blue"]);
        assert_eq!(db.texts("SELECT name FROM product ORDER BY sku"), ["Lamp", "Ours", "Chair"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn the_next_row_goes_past_ids_that_were_streamed(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE item ({id}, name VARCHAR(40) NOT NULL)"));
        seed(db, &of_items("id,name\n40,a\n7,b\n")).expect("seeds");
        db.run("INSERT INTO item (name) VALUES ('mine')");
        assert_eq!(db.int("SELECT id FROM item WHERE name = 'mine'"), 41);
    }

    fn an_explicit_zero_that_is_streamed_stays_a_zero(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE item ({id}, name VARCHAR(40) NOT NULL)"));
        let project = of_items("id,name\n0,none\n1,a\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM item ORDER BY id"), ["none", "a"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
        db.run("INSERT INTO item (name) VALUES ('mine')");
        assert_eq!(db.int("SELECT id FROM item WHERE name = 'mine'"), 2);
    }

    fn a_row_goes_together_with_those_below_it(db: &mut TestDatabase) {
        db.run("CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER, FOREIGN KEY (parent) REFERENCES item (id))");
        let project = of_items("id,parent\n1,\n2,1\n3,2\n4,4\n5,\n");
        seed(db, &project).expect("seeds");
        db.run("INSERT INTO item VALUES (9, 3)");
        project.write("data/items.csv", "id,parent\n5,\n");
        let error = seed(db, &project).expect_err("somebody else's row is below");
        assert!(problems(&error)[0].ends_with("cannot be removed: 1 row of `item` refers to it by `parent`"), "{:?}", problems(&error));
        db.run("DELETE FROM item WHERE id = 9");
        seed(db, &project).expect("seeds");
        assert_eq!(db.int("SELECT min(id) FROM item"), 5);
        assert_eq!(db.count("item"), 1);
    }

    fn a_row_goes_together_with_those_below_it_that_may_not_be_without(db: &mut TestDatabase) {
        db.run("CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, parent INTEGER NOT NULL, FOREIGN KEY (parent) REFERENCES item (id))");
        if db.engine() == Engine::Mysql {
            db.run("SET FOREIGN_KEY_CHECKS = 0; INSERT INTO item VALUES (0, 100); SET FOREIGN_KEY_CHECKS = 1");
        } else {
            db.run("INSERT INTO item VALUES (0, 0)");
        }
        let project = of_items("id,parent\n1,0\n2,1\n3,2\n5,0\n");
        seed(db, &project).expect("seeds");
        project.write("data/items.csv", "id,parent\n5,0\n");
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("item"), db.int("SELECT sum(id) FROM item WHERE id IN (0, 5)")), (2, 5));
    }

    fn a_small_row_that_goes_before_the_streamed_ones_below_it_says_what_to_do(db: &mut TestDatabase) {
        db.run("CREATE TABLE area (slug VARCHAR(40) NOT NULL PRIMARY KEY)");
        db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, area VARCHAR(40), FOREIGN KEY (area) REFERENCES area (slug))");
        let areas = |rows: &str| format!("[[table]]\nname = \"area\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{rows}]\n");
        let project = project("sku,area\nA,east\nB,west\n").file("seeds/areas.toml", &areas("{ slug = \"east\" }, { slug = \"west\" }"));
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,area\nA,east\n");
        project.write("seeds/areas.toml", &areas("{ slug = \"east\" }"));
        let error = seed(db, &project).expect_err("a product refers to it");
        assert_eq!(error.code(), ErrorCode::SeedPruneBlocked);
        let expected = "1 row of `product` refers to it by `area`; rows of `product` are streamed and go last: seed once without those, then take this out as well";
        assert!(problems(&error)[0].ends_with(expected), "{:?}", problems(&error));
        project.write("seeds/areas.toml", &areas("{ slug = \"east\" }, { slug = \"west\" }"));
        seed(db, &project).expect("seeds");
        project.write("seeds/areas.toml", &areas("{ slug = \"east\" }"));
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("product"), db.count("area")), (1, 1));
    }

    fn a_generated_value_that_becomes_a_column_is_written(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), price INTEGER)");
        let dataset = |written: &str| {
            format!("[[generate]]\nname = \"product\"\ncount = 5\nkey = [\"sku\"]\nbulk = true\n{written}sku = \"n + 1\", name = \"'p' ~ price\" }}\n")
        };
        let project = TestProject::new().file("seeds/products.toml", &dataset("let = { price = \"n * 10\" }\ncolumns = { "));
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET name = 'Ours' WHERE sku = 5");
        project.write("seeds/products.toml", &dataset("columns = { price = \"n * 10\", "));
        let planned = plan(db, &project).expect("a plan").bulk[0].counts;
        assert_eq!((planned.update, planned.edited), (5, 1));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM product ORDER BY sku"), ["p0", "p10", "p20", "p30", "Ours"]);
        assert_eq!(db.int("SELECT sum(price) FROM product"), 100);
        assert!(plan(db, &project).expect("a plan").is_empty());
        // An edit of it is one from now on.
        db.run("UPDATE product SET price = 7 WHERE sku = 1");
        let planned = plan(db, &project).expect("a plan").bulk[0].counts;
        assert_eq!((planned.update, planned.edited), (0, 2));
    }

    fn edits_that_are_errors_are_told_by_themselves_up_to_a_number(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))");
        let rows: String = (0..30).map(|sku| format!("{sku},x\n")).collect();
        let project = project(&format!("sku,name\n{rows}")).file("seeds/products.toml", &format!("{DATASET}on_edit = \"fail\"\n"));
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET name = 'Ours' WHERE sku < 25");
        project.write("data/products.csv", "sku,name\n29,x\n");
        let error = plan(db, &project).expect_err("are errors");
        let told = problems(&error);
        assert_eq!((error.code(), told.len()), (ErrorCode::SeedEdited, 21));
        assert!(told[0].ends_with("`product` 0 was edited in the database, and the file has it no more"), "{told:?}");
        assert!(told[20].ends_with("5 more rows of `product` were edited in the database, and the file has them no more"), "{told:?}");
    }

    fn many_rows_that_are_spared_stay_known(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))");
        let rows: String = (0..2_500).map(|sku| format!("{sku},x\n")).collect();
        let project = project(&format!("sku,name\n{rows}"));
        seed(db, &project).expect("seeds");
        db.run("UPDATE product SET name = 'Ours' WHERE sku < 2400");
        project.write("data/products.csv", "sku,name\n2499,x\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("product"), 2_401);
        let after = plan(db, &project).expect("a plan");
        assert_eq!((after.is_empty(), after.bulk[0].counts.spared), (true, 2_400), "{after}");
    }

    fn rows_of_a_small_table_that_go_as_well_are_not_in_the_way(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(40))");
        db.run("CREATE TABLE offer (slug VARCHAR(40) NOT NULL PRIMARY KEY, sku VARCHAR(40), FOREIGN KEY (sku) REFERENCES product (sku))");
        let offers = |rows: &str| {
            format!("[dataset]\nafter = [\"products\"]\n\n[[table]]\nname = \"offer\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{rows}]\n")
        };
        let project = project("sku,name\nA,Lamp\nB,Desk\n").file("seeds/offers.toml", &offers("{ slug = \"x\", sku = \"B\" }"));
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name\nA,Lamp\n");
        let error = seed(db, &project).expect_err("the offer stays");
        assert_eq!((error.code(), db.count("product")), (ErrorCode::SeedPruneBlocked, 2));
        project.write("seeds/offers.toml", &offers(""));
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("product"), db.count("offer")), (1, 0));
    }
}
