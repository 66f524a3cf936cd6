//! What is wrong with tables of very many rows, or with writing them, and the place that is told. What goes right is in
//! `seed_bulk`.

use std::sync::Arc;

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode, Location};
use plimsoll_seed::{RowSource, SeedError, SeedEvent};
use plimsoll_tests::seeding::{plan, plan_on, problems, read, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};
use serde_json::{Value, json};

const DATASET: &str = r#"
[[table]]
name = "line"
key = ["id"]
bulk = true
file = "data/lines.csv"

[[table]]
name = "product"
key = ["sku"]
bulk = true
file = "data/products.csv"
"#;

fn tables(db: &mut TestDatabase) {
    db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL, price DECIMAL(10,2) NOT NULL CHECK (price < 1000))");
    db.run("CREATE TABLE line (id INTEGER NOT NULL PRIMARY KEY, sku VARCHAR(40) NOT NULL, FOREIGN KEY (sku) REFERENCES product (sku))");
}

fn project(products: &str, lines: &str) -> TestProject {
    TestProject::new()
        .file("seeds/all.toml", DATASET)
        .file("data/products.csv", &format!("sku,name,price\n{products}"))
        .file("data/lines.csv", &format!("id,sku\n{lines}"))
}

/// Everything that is told about a failure, with its places.
fn told(error: &SeedError) -> String {
    let mut text = problems(error).join("\n");
    if let SeedError::Write { what, at, .. } = error {
        text = format!("{}: {what}", at.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    text
}

/// Rows that a service has in memory.
#[derive(Debug)]
struct Held(Vec<Arc<str>>, Vec<Vec<Value>>);

impl Held {
    fn new(columns: &[&str], rows: Vec<Vec<Value>>) -> Arc<Self> {
        Arc::new(Self(columns.iter().map(|column| Arc::from(*column)).collect(), rows))
    }
}

impl RowSource for Held {
    fn columns(&self) -> &[Arc<str>] {
        &self.0
    }

    fn expected(&self) -> Option<u64> {
        Some(self.1.len() as u64)
    }

    fn each(&self, visit: &mut dyn FnMut(&[Value]) -> Result<(), SeedError>) -> Result<(), SeedError> {
        self.1.iter().try_for_each(|row| visit(row))
    }

    fn place(&self, row: u64) -> Location {
        Location { file: "held".into(), line: u32::try_from(row).expect("few") + 1, column: 1 }
    }

    fn fingerprint(&self) -> Result<String, SeedError> {
        Ok(format!("{:?}", self.1))
    }
}

live_tests! {
    fn rows_of_a_service_are_checked_like_those_of_a_dataset(db: &mut TestDatabase) {
        tables(db);
        db.run("CREATE TABLE caller (phone VARCHAR(20) NOT NULL PRIMARY KEY)");
        let project = TestProject::new()
            .file("seeds/lines.toml", "[[table]]\nname = \"line\"\nkey = [\"id\"]\nrows = [{ id = 1, sku = \"A\" }]\n");
        let mut seeds = read(&project.load(db)).expect("loads");
        let add = |seeds: &mut plimsoll_seed::Seeds, table: &str, key: &str, columns: &[&str]| {
            let row = columns.iter().map(|column| json!(if *column == "price" { "1" } else { "A" })).collect();
            seeds.add_rows("service", table, &[key], Held::new(columns, vec![row])).map_err(|error| told(&error))
        };
        assert_eq!(add(&mut seeds, "caller", "phone", &["phone"]), Err("held:1:1: `caller` holds user data and is not seeded".to_owned()));
        let twice = add(&mut seeds, "line", "id", &["id", "sku"]).expect_err("is declared by the file");
        assert!(twice.contains("`line` is declared elsewhere as well"), "{twice}");
        add(&mut seeds, "product", "sku", &["name", "price"]).expect("nothing can be said without a database");
        let error = plan_on(db.db(), &seeds).expect_err("has no key");
        assert_eq!(told(&error), "held:1:1: the key column `sku` of `product` is not among the columns of its rows");
        let mut seeds = read(&project.load(db)).expect("loads");
        add(&mut seeds, "product", "sku", &["sku", "name", "price"]).expect("is fine");
        let plan = plan_on(db.db(), &seeds).expect("a plan");
        plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |_| {}).expect("applies");
        assert_eq!((db.count("product"), db.count("line")), (1, 1));
    }

    fn a_reference_that_is_checked_last_names_its_line_as_well(db: &mut TestDatabase) {
        tables(db);
        let late = if db.engine() == Engine::Mysql { "" } else { "DEFERRABLE INITIALLY DEFERRED" };
        db.run(&format!("DROP TABLE line; CREATE TABLE line (id INTEGER NOT NULL PRIMARY KEY, sku VARCHAR(40) NOT NULL, FOREIGN KEY (sku) REFERENCES product (sku) {late})"));
        let project = project("A,Lamp,1\n", "1,A\n2,X\n");
        let error = seed(db, &project).expect_err("X is nowhere");
        assert_eq!(error.code(), ErrorCode::ReferenceMissing);
        assert_eq!(problems(&error), ["data/lines.csv:3:1: `line` refers to a row of `product` that is not there: `sku` \"X\""]);
        assert_eq!((db.count("product"), db.count("line")), (0, 0));
    }

    fn a_saved_plan_names_the_streamed_tables_that_moved(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\n", "1,A\n");
        let before = plan(db, &project).expect("a plan");
        project.write("data/products.csv", "sku,name,price\nA,Light,1\n");
        let after = plan(db, &project).expect("a plan");
        assert_eq!(before.differences(&after), ["rows of product"]);
        assert_eq!(before.differences(&before), Vec::<String>::new());
    }

    fn tables_that_refer_to_each_other_go_in_order(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\nB,Desk,2\n", "1,A\n2,B\n");
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("product"), db.count("line")), (2, 2));
    }

    fn rows_go_before_those_that_refer_to_them_are_gone(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\nB,Desk,2\n", "1,A\n2,B\n");
        project.write("seeds/all.toml", &DATASET.replace("bulk = true", "bulk = true\nmode = \"sync\""));
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name,price\nA,Lamp,1\n");
        let error = seed(db, &project).expect_err("line 2 refers to it");
        assert_eq!(told(&error), "seeds/all.toml:10:8: rows of `product` that the file has no more cannot be removed: 1 row of `line` refers to it by `sku`");
        assert_eq!((db.count("product"), db.count("line")), (2, 2));
        project.write("data/lines.csv", "id,sku\n1,A\n");
        seed(db, &project).expect("seeds");
        assert_eq!((db.count("product"), db.count("line")), (1, 1));
    }

    fn values_that_do_not_fit_are_told_with_their_lines(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\nB,,x\nC,Desk,12345678901\n,Nameless,1\n", "one,A\n");
        let error = plan(db, &project).expect_err("is wrong");
        assert_eq!(error.code(), ErrorCode::SeedValue);
        let told = told(&error);
        for expected in [
            "data/lines.csv:2:1: \"one\" does not fit `id`",
            "data/products.csv:3:1: `name` may not be NULL",
            "data/products.csv:3:1: \"x\" does not fit `price`",
            "data/products.csv:4:1: \"12345678901\" does not fit `price`",
            "data/products.csv:5:1: ",
        ] {
            assert!(told.contains(expected), "{told}");
        }
        assert_eq!((db.count("product"), db.count("line")), (0, 0));
    }

    fn a_reference_to_nothing_names_its_line_and_rolls_all_back(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\n", "1,A\n2,X\n3,A\n4,Y\n");
        let error = seed(db, &project).expect_err("X is nowhere");
        assert_eq!(
            problems(&error),
            [
                "data/lines.csv:3:1: `line` refers to a row of `product` that is not there: `sku` \"X\"",
                "data/lines.csv:5:1: `line` refers to a row of `product` that is not there: `sku` \"Y\"",
            ]
        );
        assert_eq!((db.count("product"), db.count("line")), (0, 0));
    }

    fn a_constraint_that_fails_names_the_line_of_the_row(db: &mut TestDatabase) {
        tables(db);
        let many: String = (0..300).map(|number| format!("P{number},Thing,{}\n", if number == 217 { 5000 } else { 1 })).collect();
        let project = project(&many, "1,P1\n");
        let error = seed(db, &project).expect_err("costs too much");
        assert_eq!(told(&error), "data/products.csv:219:1: a row of `product`");
        assert_eq!(db.count("product"), 0);
    }

    fn a_key_that_is_there_twice_is_told_with_both_lines(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\nB,Desk,2\nA,Lamp,3\n", "1,A\n");
        let error = plan(db, &project).expect_err("is wrong");
        assert_eq!(error.code(), ErrorCode::SeedDuplicate);
        assert_eq!(problems(&error), ["data/products.csv:4:1: the same key of `product` is there twice, first at data/products.csv:2:1"]);
    }

    fn a_plan_is_stale_when_rows_moved_since(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\nB,Desk,2\n", "1,A\n");
        seed(db, &project).expect("seeds");
        project.write("data/products.csv", "sku,name,price\nA,Light,1\nB,Desk,2\nC,Chair,3\nD,Shelf,4\n");
        let seeds = read(&project.load(db)).expect("loads");
        for moved in [
            "UPDATE product SET name = 'Mine' WHERE sku = 'A'",
            "INSERT INTO product VALUES ('C', 'Chair', 3)",
        ] {
            let plan = plan_on(db.db(), &seeds).expect("a plan");
            db.run(moved);
            let error = plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |_| {})
                .expect_err(moved);
            assert_eq!((error.code(), error.to_string().contains("rows of product")), (ErrorCode::PlanStale, true), "{error}");
        }
        // One row comes, another goes: as many are created as before, and not the same ones.
        let plan = plan_on(db.db(), &seeds).expect("a plan");
        db.run("DELETE FROM product WHERE sku = 'C'");
        db.run("INSERT INTO product VALUES ('D', 'Shelf', 4)");
        plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |_| {})
            .expect_err("other rows are new now");
    }

    fn columns_and_keys_that_the_table_does_not_have_are_told(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\n", "1,A\n");
        project.write("data/lines.csv", "id,skuu\n1,A\n");
        let lacking = plan(db, &project).expect("a plan").require_schema().expect_err("is not there");
        assert_eq!(told(&lacking), "data/lines.csv:1:1: `line` has no column `skuu`, did you mean `sku`?");
        project.write("data/lines.csv", "id,sku\n1,A\n");
        project.write("seeds/all.toml", &DATASET.replace("\"id\"", "\"sku\""));
        let keyless = plan(db, &project).expect_err("is no key");
        assert_eq!(told(&keyless), "seeds/all.toml:3:8: `line` has neither a primary key nor a unique constraint over `sku`, by which its rows are found");
    }

    fn words_that_have_no_meaning_for_streamed_rows_are_refused(db: &mut TestDatabase) {
        tables(db);
        let project = project("A,Lamp,1\n", "1,A\n");
        project.write("seeds/all.toml", &(DATASET.to_owned() + "secret = [\"name\"]\nkey_nulls = \"equal\"\n"));
        let error = plan(db, &project).expect_err("is wrong");
        assert_eq!(
            problems(&error),
            [
                "seeds/all.toml:9:8: `product` is read as it is with `bulk = true`: `key_nulls` has no meaning there",
                "seeds/all.toml:9:8: `product` is read as it is with `bulk = true`: `secret` has no meaning there",
            ]
        );
    }

    fn tables_that_are_yet_to_come_are_planned_as_all_new(db: &mut TestDatabase) {
        let project = project("A,Lamp,1\nB,Desk,2\n", "1,A\n");
        let seeds = read(&project.load(db)).expect("loads");
        let plan = plan_on(db.db(), &seeds).expect("a plan");
        assert_eq!(plan.counts().create, 3);
        tables(db);
        let mut committed = false;
        plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |event| {
            committed |= matches!(event, SeedEvent::Committed);
        })
        .expect("is the same plan");
        assert!(committed);
        assert_eq!(db.count("product"), 2);
    }
}
