//! Rows from files on every engine, and what a command does about files that do not fit. Formats are the library's tests.

use plimsoll_core::db::Engine;
use plimsoll_tests::seeding::{counted_id, plan, problems, seed};
use plimsoll_tests::{Deployment, TestDatabase, TestProject, live_tests};

const TYPED: &str = "slug,amount,place,active,since,note\r\n\
    one,10.50,1,true,2026-01-31T08:00:00Z,\"a, \"\"b\"\"\"\r\n\
    two,,,f,,\"\"\r\n\r\n\
    three,0.01,-3,1,2026-01-31,\r\n";

fn typed_table(db: &mut TestDatabase) {
    let id = counted_id(db.engine());
    let time = match db.engine() {
        Engine::Sqlite | Engine::Mysql => "DATETIME",
        Engine::Postgres => "TIMESTAMP WITH TIME ZONE",
    };
    db.run(&format!(
        "CREATE TABLE product ({id}, slug VARCHAR(40) NOT NULL UNIQUE, amount NUMERIC(10,2), place INTEGER, \
         active BOOLEAN, since {time}, note VARCHAR(80), parent_id INTEGER REFERENCES product (id))"
    ));
}

fn file(columns: &str) -> TestProject {
    TestProject::new()
        .file(
            "seeds/product.toml",
            &format!("[[table]]\nname = \"product\"\nkey = [\"slug\"]\nfile = \"data/*.csv\"\n{columns}"),
        )
        .file("data/products.csv", TYPED)
}

live_tests! {
    fn fields_of_a_csv_file_take_the_types_of_their_columns(db: &mut TestDatabase) {
        typed_table(db);
        let project = file("");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 3);
        assert!(plan(db, &project).expect("a plan").is_empty(), "nothing reads back differently");
        assert_eq!(db.texts("SELECT note FROM product WHERE slug = 'one'"), ["a, \"b\""]);
        assert_eq!(db.int("SELECT count(*) FROM product WHERE note IS NULL AND slug = 'three'"), 1);
        assert_eq!(db.int("SELECT count(*) FROM product WHERE note = '' AND amount IS NULL AND place IS NULL"), 1);
        assert_eq!(db.int("SELECT count(*) FROM product WHERE active AND amount > 10 AND place = 1"), 1);
    }

    fn a_field_that_does_not_fit_is_told_at_its_line_and_column(db: &mut TestDatabase) {
        typed_table(db);
        let project = file("");
        project.write("data/more.csv", "slug,amount,place\nfour,1.005,4\nfive,5,5th\n");
        let told = problems(&plan(db, &project).expect_err("two fields do not fit"));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("data/more.csv:2:6: \"1.005\" does not fit `amount`"), "{told:?}");
        assert!(told[1].starts_with("data/more.csv:3:8: \"5th\" does not fit `place`"), "{told:?}");
    }

    fn a_reference_to_nobody_is_null_until_somebody_is_there(db: &mut TestDatabase) {
        typed_table(db);
        let project = file(
            "[table.columns]\nslug = \"row.slug\"\nparent_id = \"ref_or_null('product', slug='later') if row.slug == 'two' else none\"\n",
        );
        seed(db, &project).expect("seeds");
        let linked = "SELECT count(*) FROM product c JOIN product p ON p.id = c.parent_id WHERE p.slug = 'later'";
        assert_eq!(db.int(linked), 0);
        assert!(plan(db, &project).expect("a plan").is_empty());
        db.run("INSERT INTO product (slug) VALUES ('later')");
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(db.int(linked), 1);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }
}

#[test]
fn what_is_skipped_ends_commands_with_3_although_the_rest_is_done() {
    let harbour = Deployment::of_harbour();
    harbour.write(
        "seeds/loose.toml",
        "[dataset]\non_invalid = \"skip\"\n\n[documents]\nfiles = \"prompts/*\"\n\n[[table]]\nname = \"prompt_slug\"\n\
         key = [\"slug\"]\ncolumns = { slug = \"doc.slug\" }\ninsert_only = { id = \"uuid5('prompt_slug', doc.slug)\" }\n",
    );
    harbour.write("prompts/good.yaml", "slug: init.good\n");
    harbour.write("prompts/notes.md", "Nothing to see here.\n");
    harbour.write("prompts/broken.json", "{ \"slug\": \n");
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let skipped =
        ["2 skipped because they do not fit", "prompts/broken.json: broken JSON", "`doc.slug` has no value here"];
    let tells = |arguments: &[&str]| {
        let text = harbour.run(arguments).exits(3).text();
        skipped.iter().for_each(|part| assert!(text.contains(part), "nothing tells `{part}`:\n{text}"));
    };
    tells(&["seed", "plan", "dev"]);
    harbour.run(&["seed", "apply", "dev"]).exits(3).says(&["2 documents and records were skipped"]);
    tells(&["seed", "apply", "dev"]);
    tells(&["seed", "apply", "dev", "--dry-run"]);
    tells(&["plan", "dev", "--check"]);
    tells(&["deploy", "dev"]);
    assert!(harbour.answering().is_some(), "what fits is deployed");
    harbour.remove("prompts/notes.md");
    harbour.remove("prompts/broken.json");
    harbour.run(&["deploy", "dev"]).exits(0);
}
