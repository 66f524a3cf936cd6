//! Rows that refer to rows, on every engine: across tables and files, to themselves, to keys the database counts up.
//! References that lead nowhere are in `seed_guards`.

use plimsoll_core::{Coded, ErrorCode};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

/// The file that refers comes first by name.
const CALLS: &str = r#"
[documents]
files = "docs/*.json"

[[table]]
name = "guide"
each = "doc.guides as g"
key = ["slug"]
columns = { slug = "g.slug", title = "g.title", domain_id = "ref('domain', slug=g.domain)", parent_id = "ref('guide', slug=g.parent) if g.parent else none" }

[[table]]
name = "step"
each = ["doc.guides as g", "g.steps as s"]
key = ["guide_id", "position"]
columns = { guide_id = "ref('guide', slug=g.slug)", position = "s_index", text = "s" }
"#;

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
rows = [{ slug = "tutor", name = "Tutor" }, { slug = "sales", name = "Sales" }]
"#;

/// Children before their parents, two levels deep.
const GUIDES: &str = r#"{ "guides": [
  { "slug": "leaf", "title": "Leaf", "domain": "sales", "parent": "branch", "steps": ["one", "two"] },
  { "slug": "branch", "title": "Branch", "domain": "tutor", "parent": "root", "steps": ["three"] },
  { "slug": "root", "title": "Root", "domain": "tutor", "steps": [] }
] }"#;

fn project() -> TestProject {
    TestProject::new()
        .file("seeds/a_guides.toml", CALLS)
        .file("seeds/domains.toml", DOMAINS)
        .file("docs/guides.json", GUIDES)
}

fn tables(db: &mut TestDatabase) {
    domain_table(db);
    let id = counted_id(db.engine());
    db.run(&format!(
        "CREATE TABLE guide ({id}, slug VARCHAR(40) NOT NULL UNIQUE, title VARCHAR(80) NOT NULL, domain_id INTEGER NOT NULL, \
         parent_id INTEGER, FOREIGN KEY (domain_id) REFERENCES domain (id), FOREIGN KEY (parent_id) REFERENCES guide (id))"
    ));
    db.run(&format!(
        "CREATE TABLE step ({id}, guide_id INTEGER NOT NULL, position INTEGER NOT NULL, text VARCHAR(80) NOT NULL, \
         UNIQUE (guide_id, position), FOREIGN KEY (guide_id) REFERENCES guide (id))"
    ));
}

const TREE: &str = "SELECT g.slug, d.slug, p.slug FROM guide g JOIN domain d ON d.id = g.domain_id \
                    LEFT JOIN guide p ON p.id = g.parent_id ORDER BY g.slug";

fn tree(db: &mut TestDatabase) -> Vec<String> {
    let rows = db.rows(TREE);
    rows.iter().map(|row| format!("{} {} {}", row.text(0), row.text(1), row.text(2))).collect()
}

/// Orders are made of the clients of another dataset.
const CLIENTS: &str =
    "[[generate]]\nname = \"client\"\ncount = 5\nkey = [\"id\"]\ncolumns = { id = \"n + 1\", name = \"name()\" }\n";
const ORDERS: &str = "[dataset]\nafter = [\"clients\"]\n\n[[generate]]\nname = \"orders\"\ncount = 7\nkey = [\"id\"]\n\
    columns = { id = \"n + 1\", client_id = \"pick(client).id\", name = \"pick(client).name\" }\n";

live_tests! {
    fn rows_made_of_another_datasets_rows_are_seeded_alone(db: &mut TestDatabase) {
        db.run("CREATE TABLE client (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(80))");
        db.run("CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, client_id INTEGER, name VARCHAR(80), FOREIGN KEY (client_id) REFERENCES client (id))");
        let project = TestProject::new().file("seeds/clients.toml", CLIENTS).file("seeds/orders.toml", ORDERS);
        seed(db, &project).expect("seeds");
        let before = db.rows("SELECT id, client_id, name FROM orders ORDER BY id");
        db.run("DELETE FROM orders WHERE id > 3");
        let options = plimsoll_seed::SeedOptions::of(&project.load(db)).expect("has datasets");
        let seeds = plimsoll_seed::load_only(&options, &["orders".to_owned()]).expect("loads");
        assert_eq!(seeds.tables().collect::<Vec<_>>(), [("orders", 7)]);
        let plan = plimsoll_tests::seeding::plan_on(db.db(), &seeds).expect("a plan");
        plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |_| {}).expect("applies");
        assert_eq!(db.rows("SELECT id, client_id, name FROM orders ORDER BY id"), before);
    }

    fn parents_are_written_before_their_children_whatever_the_order_of_files_and_rows(db: &mut TestDatabase) {
        tables(db);
        let report = seed(db, &project()).expect("seeds");
        let written: Vec<_> = report.tables.iter().map(|table| (table.table.as_str(), table.counts.create)).collect();
        assert_eq!(written, [("domain", 2), ("guide", 3), ("step", 3)]);
        assert_eq!(tree(db), ["branch tutor root", "leaf sales branch", "root tutor "]);
        assert!(plan(db, &project()).expect("a plan").is_empty());
    }

    fn the_plan_shows_references_by_what_people_call_them(db: &mut TestDatabase) {
        tables(db);
        let text = plan(db, &project()).expect("a plan").to_string();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("seed_plan_with_references", text);
        });
    }

    fn a_reference_that_changes_is_updated_and_shown_by_name(db: &mut TestDatabase) {
        tables(db);
        let project = project();
        seed(db, &project).expect("seeds");
        let moved = GUIDES.replace("\"sales\", \"parent\": \"branch\"", "\"tutor\", \"parent\": \"root\"");
        project.write("docs/guides.json", &moved);
        let text = plan(db, &project).expect("a plan").to_string();
        assert!(text.contains("    ~ leaf\n"), "{text}");
        assert!(text.contains("domain_id: ") && text.contains("-> domain tutor"), "{text}");
        seed(db, &project).expect("seeds");
        assert_eq!(tree(db), ["branch tutor root", "leaf tutor root", "root tutor "]);
    }

    fn rows_that_were_there_before_are_referred_to_by_their_own_keys(db: &mut TestDatabase) {
        tables(db);
        db.run("INSERT INTO domain (id, slug, name) VALUES (4711, 'tutor', 'Tutor'), (4712, 'sales', 'Sales')");
        seed(db, &project()).expect("seeds");
        assert_eq!(db.int("SELECT max(domain_id) FROM guide"), 4712);
    }

    fn a_row_the_files_do_not_declare_can_be_referred_to(db: &mut TestDatabase) {
        tables(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('tutor', 'T'), ('sales', 'S')");
        let project = project();
        project.remove("seeds/domains.toml");
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("guide"), 3);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn a_reference_that_means_several_rows_is_an_error(db: &mut TestDatabase) {
        tables(db);
        let guide = "[[table]]\nname = \"guide\"\nkey = [\"slug\"]\ncolumns = { slug = \"'x'\", title = \"'X'\", domain_id = \"ref('domain', name='Ann')\" }\n";
        let project = TestProject::new().file("seeds/guides.toml", guide);
        db.run("INSERT INTO domain (slug, name) VALUES ('a', 'Ann'), ('b', 'Ann'), ('c', 'Bo')");
        let error = plan(db, &project).expect_err("may mean either");
        assert_eq!(error.code(), ErrorCode::SeedKey);
        let told = problems(&error);
        assert_eq!(told, ["seeds/guides.toml:4:54: ref() means 2 rows of the database as `domain` Ann; refer by columns that only one of them has"]);
        // Rows of the files go before those of the database, if it is one.
        let domains = |rows: &str| format!("[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{rows}]\n");
        project.write("seeds/domains.toml", &domains("{ slug = \"a\", name = \"Ann\" }, { slug = \"d\", name = \"Ann\" }"));
        let error = plan(db, &project).expect_err("may mean either");
        assert!(problems(&error)[0].contains("ref() means 2 declared rows as `domain` Ann"), "{:?}", problems(&error));
        project.write("seeds/domains.toml", &domains("{ slug = \"a\", name = \"Ann\" }"));
        seed(db, &project).expect("seeds");
        assert_eq!(tree(db), ["x a "]);
    }

    fn a_reference_an_administrator_moved_is_kept(db: &mut TestDatabase) {
        tables(db);
        let project = project();
        seed(db, &project).expect("seeds");
        let sales = db.int("SELECT id FROM domain WHERE slug = 'sales'");
        db.run(&format!("UPDATE guide SET domain_id = {sales} WHERE slug = 'root'"));
        assert_eq!(seed(db, &project).expect("seeds").tables[1].counts.edited, 1);
        assert_eq!(tree(db)[2], "root sales ");
    }
}
