//! What pulling tells and leaves alone on every engine: generated and streamed rows, secrets, rows that are gone or renamed. What
//! goes into files is `seed_pull`'s.

use std::fs;

use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_seed::{PullOptions, PullPlan, PullReport, RunOptions, SeedError, SeedOptions, plan_pull, pull};
use plimsoll_tests::seeding::{domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

fn planned(db: &mut TestDatabase, project: &TestProject, wanted: &PullOptions) -> Result<PullPlan, SeedError> {
    let options = SeedOptions::of(&project.load(db)).expect("the project has datasets");
    plan_pull(db.db(), &options, wanted)
}

fn pulled(db: &mut TestDatabase, project: &TestProject) -> (PullPlan, PullReport) {
    let pulling = planned(db, project, &PullOptions::default()).expect("can be planned");
    let report = pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("is written");
    (pulling, report)
}

fn text(project: &TestProject, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).expect("is readable")
}

/// Everything that a plan says anywhere.
fn told(plan: &PullPlan) -> String {
    format!("{plan}\n{plan:?}\n{}", serde_json::to_string(plan).expect("data"))
}

fn of_table(name: &str) -> PullOptions {
    PullOptions { table: Some(name.to_owned()), ..PullOptions::default() }
}

/// One literal row beside generated ones, in one dataset.
const MIXED: &str = "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{ slug = \"tutor\", name = \"Tutor\" }]\n\n\
    [[generate]]\nname = \"client\"\ncount = 3\nkey = [\"id\"]\n[generate.columns]\nid = \"n + 1\"\nname = \"'Client ' ~ n\"\n";

const STREAMED: &str = "[[table]]\nname = \"product\"\nkey = [\"sku\"]\nbulk = true\nfile = \"data/products.csv\"\non_edit = \"fail\"\n\n\
    [[generate]]\nname = \"client\"\ncount = 40\nkey = [\"id\"]\nbulk = true\n[generate.columns]\nid = \"n + 1\"\nname = \"'Client ' ~ n\"\n";

const PRODUCTS: &str = "sku,name\nA-1,Lamp\nA-2,Desk\nA-3,Chair\n";

fn clients(db: &mut TestDatabase) {
    db.run("CREATE TABLE client (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL)");
}

const ACCOUNTS: &str = "[[table]]\nname = \"account\"\nkey = [\"name\"]\nsecret = [\"token\"]\nrows = [\n\
    \t{ name = \"root\", title = \"Root\", token = \"hunter2-row\" },\n\
    \t{ name = \"guest\", title = \"Guest\", token = 'hunter2-guest' },\n]\n";

/// Secrets of a document, computed from one, and of a variable.
const SECRET_BOTS: &str = "[documents]\nfiles = \"docs/*.json\"\n\
    [[table]]\nname = \"bot\"\neach = \"doc.bots as b\"\nkey = [\"name\"]\nsecret = [\"token\", \"hint\", \"shared\"]\n\
    [table.columns]\nname = \"b.name\"\ntitle = \"b.title\"\ntoken = \"b.login.token\"\nhint = \"'hunter2-' ~ b.login.hint | upper\"\nshared = \"api_token\"\n";

const BOTS: &str = "{\"bots\": [{\"name\": \"one\", \"title\": \"One\", \"login\": {\"token\": \"hunter2-bot\", \"hint\": \"pass-hint\"}}]}\n";

const FIRST: &str = "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [\n\
    \t{ slug = \"tutor\", name = \"Tutor\" },\n\t{ slug = \"sales\", name = \"Sales\" },\n]\n";

live_tests! {
    fn generated_rows_are_told_with_their_expression_and_literal_ones_beside_them_pulled(db: &mut TestDatabase) {
        domain_table(db);
        clients(db);
        let project = TestProject::new().file("seeds/mixed.toml", MIXED);
        seed(db, &project).expect("seeds");
        db.run("UPDATE client SET name = 'Somebody' WHERE id = 2");
        db.run("UPDATE domain SET name = 'Teacher'");
        let (pulling, report) = pulled(db, &project);
        assert_eq!((report.columns, report.refused), (1, 1), "{pulling}");
        let refused = &pulling.refused[0];
        assert_eq!((refused.table.as_str(), refused.column.as_str(), refused.at.as_str()), ("client", "name", "seeds/mixed.toml:12:8"));
        assert_eq!(refused.reason, "`[[generate]]` makes it by `'Client ' ~ n`");
        assert!(!pulling.is_complete());
        assert_eq!(text(&project, "seeds/mixed.toml"), MIXED.replace("\"Tutor\"", "\"Teacher\""));
        let after = plan(db, &project).expect("a plan");
        assert!(after.is_empty() && after.counts().edited == 1, "{after}");
    }

    fn edits_of_streamed_rows_are_counted_and_told_and_written_nowhere(db: &mut TestDatabase) {
        db.run("CREATE TABLE product (sku VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL)");
        clients(db);
        let project = TestProject::new().file("seeds/streamed.toml", STREAMED).file("data/products.csv", PRODUCTS);
        seed(db, &project).expect("seeds");
        assert_eq!(planned(db, &project, &PullOptions::default()).expect("can be planned"), PullPlan::default());
        db.run("UPDATE product SET name = 'Table' WHERE sku = 'A-2'");
        db.run("UPDATE client SET name = 'Somebody' WHERE id > 10");
        db.run("INSERT INTO client (id, name) VALUES (100, 'Mine')");
        let wanted = PullOptions { undeclared: true, ..PullOptions::default() };
        let pulling = planned(db, &project, &wanted).expect("can be planned");
        assert!(pulling.is_empty() && !pulling.is_complete());
        let counts: Vec<_> = pulling.streamed.iter().map(|one| (one.table.as_str(), one.count)).collect();
        assert_eq!(counts, [("product", 1), ("client", 30)]);
        let shown = pulling.to_string();
        for line in [
            "nothing can be written into files\n",
            "cannot be pulled: 1 row of product: A-2: rows of a table with `bulk = true` are not written into files (seeds/streamed.toml:2:8)\n",
            "cannot be pulled: 30 rows of client: 11, 12, 13, 14, 15, 16, 17, 18 and 22 more: rows of a table with",
            "in no file: 1 row of client\n",
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
        let report = pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("has nothing to write");
        assert_eq!((report.streamed, report.to_string().as_str()), (31, "pulled 0 columns of 0 rows into 0 files; 31 rows cannot be pulled"));
        assert_eq!((text(&project, "data/products.csv"), text(&project, "seeds/streamed.toml")), (PRODUCTS.to_owned(), STREAMED.to_owned()));
        assert_eq!(planned(db, &project, &of_table("product")).expect("can be planned").streamed.len(), 1);
        let one = PullOptions { row: Some("A-2".to_owned()), ..of_table("product") };
        assert_eq!(problems(&planned(db, &project, &one).expect_err("is no row of its own")), ["`product` has `bulk = true`, and its rows are not pulled one by one"]);
        let near = planned(db, &project, &of_table("produkt")).expect_err("is declared nowhere");
        assert!(problems(&near)[0].contains("did you mean `product`?"), "{:?}", problems(&near));
    }

    fn secrets_are_told_without_their_value_and_hidden_in_the_difference(db: &mut TestDatabase) {
        db.run("CREATE TABLE account (name VARCHAR(20) NOT NULL PRIMARY KEY, title VARCHAR(40), token VARCHAR(40))");
        db.run("CREATE TABLE bot (name VARCHAR(20) NOT NULL PRIMARY KEY, title VARCHAR(40), token VARCHAR(40), hint VARCHAR(40), shared VARCHAR(40))");
        let project = TestProject::new()
            .file("seeds/accounts.toml", ACCOUNTS)
            .file("seeds/bots.toml", SECRET_BOTS)
            .file("docs/bots.json", BOTS)
            .setting("[variables.api_token]\ndefault = \"hunter2-shared\"");
        seed(db, &project).expect("seeds");
        db.run("UPDATE account SET title = 'Boss', token = 'hunter2-mine' WHERE name = 'root'");
        db.run("UPDATE bot SET title = 'First', token = 'hunter2-new', hint = 'hunter2-other', shared = 'hunter2-else'");
        let (pulling, report) = pulled(db, &project);
        assert_eq!((report.columns, report.refused), (2, 4), "{pulling}");
        let mut reasons: Vec<String> = pulling.refused.iter().map(|one| format!("{}.{}: {}", one.table, one.column, one.reason)).collect();
        reasons.sort();
        assert_eq!(reasons, [
            "account.token: it is secret, and secrets are not written into files",
            "bot.hint: it is secret, and secrets are not written into files",
            "bot.shared: it is secret, and comes from the variable `api_token`",
            "bot.token: it is secret, and secrets are not written into files",
        ]);
        let all = told(&pulling);
        assert!(!all.to_lowercase().contains("hunter2") && !all.contains("pass-hint"), "{all}");
        assert!(pulling.diff().contains("+\t{ name = \"root\", title = \"Boss\", token = \"(secret)\" },\n \t{ name = \"guest\", title = \"Guest\", token = \"(secret)\" },"), "{}", pulling.diff());
        assert!(pulling.diff().contains("\"login\": {\"token\": \"(secret)\", \"hint\": \"(secret)\"}"), "{}", pulling.diff());
        assert_eq!(text(&project, "seeds/accounts.toml"), ACCOUNTS.replace("\"Root\"", "\"Boss\""));
        assert_eq!(text(&project, "docs/bots.json"), BOTS.replace("\"One\"", "\"First\""));
        let ledger = table(db.engine(), LedgerTable::SeedRow);
        assert!(!db.texts(&format!("SELECT applied FROM {ledger}")).join("\n").contains("hunter2"));
        let after = plan(db, &project).expect("a plan");
        assert!(after.is_empty() && after.counts().edited == 2, "{after}");
    }

    fn an_edit_that_a_secret_comes_from_as_well_is_not_pulled(db: &mut TestDatabase) {
        db.run("CREATE TABLE bot (name VARCHAR(20) NOT NULL PRIMARY KEY, code VARCHAR(40), token VARCHAR(40))");
        let dataset = "[documents]\nfiles = \"docs/*.json\"\n[[table]]\nname = \"bot\"\neach = \"doc.bots as b\"\nkey = [\"name\"]\nsecret = [\"token\"]\n\
            [table.columns]\nname = \"b.name\"\ncode = \"b.code\"\ntoken = \"b.code ~ '!'\"\n";
        let document = "{\"bots\": [{\"name\": \"one\", \"code\": \"hunter2\"}]}\n";
        let project = TestProject::new().file("seeds/bots.toml", dataset).file("docs/bots.json", document);
        seed(db, &project).expect("seeds");
        db.run("UPDATE bot SET code = 'other'");
        for follow in [false, true] {
            let pulling = planned(db, &project, &PullOptions { follow, ..PullOptions::default() }).expect("can be planned");
            assert!(pulling.is_empty() && !pulling.refused[0].followable, "{pulling}");
            assert_eq!(pulling.refused[0].reason, "docs/bots.json cannot be changed: a secret stands where it would be written");
            assert!(!told(&pulling).contains("hunter2"), "{pulling}");
        }
    }

    fn an_edit_of_a_row_that_is_called_otherwise_now_is_pulled_under_its_new_name(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", FIRST);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'");
        let renamed = FIRST.replace("slug = \"tutor\"", "slug = \"coach\", was = { slug = \"tutor\" }");
        project.write("seeds/domains.toml", &renamed);
        let wanted = PullOptions { undeclared: true, ..PullOptions::default() };
        let pulling = planned(db, &project, &wanted).expect("can be planned");
        assert!(pulling.undeclared.is_empty(), "{pulling}");
        pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("is written");
        assert_eq!(text(&project, "seeds/domains.toml"), renamed.replace("\"Tutor\"", "\"Teacher\""));
        let after = plan(db, &project).expect("a plan");
        assert_eq!((after.counts().edited, after.counts().update), (0, 1), "{after}");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM domain WHERE slug = 'coach'"), ["Teacher"]);
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn an_edited_row_that_is_gone_from_the_files_is_told(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", FIRST);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Selling' WHERE slug = 'sales'");
        let rest = FIRST.replace("\t{ slug = \"sales\", name = \"Sales\" },\n", "");
        project.write("seeds/domains.toml", &rest);
        let (pulling, report) = pulled(db, &project);
        assert_eq!((report.columns, report.refused), (0, 1), "{pulling}");
        assert_eq!((pulling.refused[0].column.as_str(), pulling.refused[0].reason.as_str()), ("name", "no file has the row any more"));
        assert_eq!(text(&project, "seeds/domains.toml"), rest);
    }
}

#[test]
fn a_column_of_a_streamed_table_cannot_be_secret() {
    let project = TestProject::new()
        .file("seeds/products.toml", &STREAMED.replace("key = [\"sku\"]", "key = [\"sku\"]\nsecret = [\"name\"]"))
        .file("data/products.csv", PRODUCTS);
    let db = TestDatabase::new(plimsoll_core::db::Engine::Sqlite);
    let options = SeedOptions::of(&project.load(&db)).expect("the project has datasets");
    let error = plimsoll_seed::load(&options).expect_err("is refused");
    assert!(problems(&error)[0].contains("`secret` has no meaning there"), "{:?}", problems(&error));
}
