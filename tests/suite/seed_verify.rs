//! What must be true of the data, on every engine: declared rules, foreign keys nobody watches any more, and digests that are
//! the same wherever the same rows are. Counts are in `seed_guards`.

use plimsoll_core::db::{Catalog, Engine};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{SeedError, TableDigest, Verdict, VerifyReport, digests, inspect, observe};
use plimsoll_tests::seeding::{domain_table, expectations, problems, read, seed};
use plimsoll_tests::{Deployment, TestDatabase, TestProject, live_tests};

const DOMAINS: &str = "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{ slug = \"a\", name = \"A\" }, { slug = \"b\", name = \"B\" }]\n";

fn project(rules: &str) -> TestProject {
    TestProject::new().file("seeds/domains.toml", DOMAINS).setting(rules)
}

fn verified(db: &mut TestDatabase, project: &TestProject) -> VerifyReport {
    let project = project.load(db);
    let seeds = read(&project).expect("loads");
    inspect(db.db(), Some(&seeds), &expectations(&project)).expect("asks")
}

const RULES: &str = r#"
[[expect]]
table = "domain"
not_null = ["note"]
unique = ["name", "position"]
accepted = { column = "name", values = ["A", "B"] }
relationship = { columns = ["note"], table = "domain", references = ["slug"] }

[[expect]]
table = "domain"
where = "slug <> 'x'"
accepted = { column = "position", values = [7] }

[[expect]]
sql = "SELECT 1 FROM domain a JOIN domain b ON a.position = b.position AND a.id < b.id;"
"#;

live_tests! {
    fn rules_that_are_broken_are_told_with_the_rows(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name, note) VALUES ('a', 'A', 'b'), ('b', 'B', 'nowhere'), ('c', 'C', NULL), ('d', 'C', NULL)");
        let lines = verified(db, &project(RULES)).to_string();
        let expected = "\
FAIL   no row of `domain` without `note`: 2 (3, 4)
FAIL   no two rows of `domain` with the same `name`, `position`: 1 (C / 7)
FAIL   no row of `domain` whose `name` is none of \"A\", \"B\": 2 (3, 4)
FAIL   no row of `domain` whose `note` is no `slug` of `domain`: 1 (2)
PASS   no row of `domain` whose `position` is none of 7 where slug <> 'x'
FAIL   no row of SELECT 1 FROM domain a JOIN domain b ON a.position = b.position AND a.id < b.id: 6
";
        assert!(lines.starts_with(expected), "{lines}");
    }

    fn text_that_ends_in_a_comment_is_checked_all_the_same(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('a', 'A'), ('b', 'B')");
        let rules = "[[expect]]\ntable = \"domain\"\nwhere = \"name = 'A' -- the first\"\nexactly = 1\n\n\
                     [[expect]]\nsql = \"SELECT 1 FROM domain WHERE name = 'X' -- nobody\"\n";
        let report = verified(db, &project(rules));
        assert_eq!((report.count(Verdict::Fail), report.count(Verdict::Error)), (0, 0), "{report}");
    }

    fn a_rule_that_is_broken_takes_the_rows_back(db: &mut TestDatabase) {
        domain_table(db);
        let project = project("[[expect]]\ntable = \"domain\"\naccepted = { column = \"name\", values = [\"A\"] }\nunique = [\"name\"]");
        let error = seed(db, &project).expect_err("B is none of them");
        assert_eq!(error.code(), ErrorCode::ExpectationFailed);
        assert_eq!(problems(&error).len(), 1);
        assert!(problems(&error)[0].contains("plimsoll.toml:") && problems(&error)[0].ends_with("expected no row of `domain` whose `name` is none of \"A\", found 1 (2)"), "{:?}", problems(&error));
        assert_eq!(db.count("domain"), 0);
    }

    fn what_cannot_be_checked_is_an_error_and_never_green(db: &mut TestDatabase) {
        domain_table(db);
        let rules = "[[expect]]\ntable = \"domain\"\nnot_null = [\"colour\"]\n[[expect]]\ntable = \"nowhere\"\nexactly = 0\n[[expect]]\ntable = \"domain\"\nexactly = 0";
        let report = verified(db, &project(rules));
        assert_eq!((report.count(Verdict::Error), report.count(Verdict::Pass) > 0), (2, true), "{report}");
        assert!(report.to_string().contains("ERROR  no row of `domain` without `colour`: `domain` has no column `colour`"), "{report}");
        let error = seed(db, &project(rules)).expect_err("cannot be checked");
        assert!(matches!(error, SeedError::Count { .. }), "{error:?}");
    }

    fn rows_that_refer_to_nothing_are_found_whatever_the_database_was_told(db: &mut TestDatabase) {
        domain_table(db);
        db.run("CREATE TABLE lesson (id INTEGER NOT NULL PRIMARY KEY, slug VARCHAR(40), FOREIGN KEY (slug) REFERENCES domain (slug))");
        let (off, on) = match db.engine() {
            Engine::Sqlite => ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
            Engine::Postgres => ("SET session_replication_role = replica", "SET session_replication_role = origin"),
            Engine::Mysql => ("SET SESSION foreign_key_checks = 0", "SET SESSION foreign_key_checks = 1"),
        };
        db.run(off);
        db.run("INSERT INTO lesson VALUES (1, 'gone'), (2, 'a'), (3, NULL), (4, 'lost')");
        db.run(on);
        seed(db, &project("")).expect("seeds");
        let report = verified(db, &project(""));
        assert_eq!(report.count(Verdict::Fail), 1, "{report}");
        assert!(report.to_string().contains("FAIL   no row of `lesson` whose `slug` is no `slug` of `domain`: 2 (1, 4)"), "{report}");
    }

    fn keys_of_several_columns_count_only_when_all_of_them_are_there(db: &mut TestDatabase) {
        db.run("CREATE TABLE domain (slug VARCHAR(20) NOT NULL, name VARCHAR(20) NOT NULL, PRIMARY KEY (slug, name))");
        db.run("CREATE TABLE lesson (id INTEGER NOT NULL PRIMARY KEY, s VARCHAR(20), n VARCHAR(20), FOREIGN KEY (s, n) REFERENCES domain (slug, name))");
        seed(db, &project("")).expect("seeds");
        db.run("INSERT INTO lesson VALUES (1, 'a', 'A'), (2, 'gone', NULL), (3, NULL, NULL)");
        let report = verified(db, &project(""));
        assert!(report.to_string().contains("PASS   no row of `lesson` whose `s`, `n` is no `slug`, `name` of `domain`"), "{report}");
    }

    fn a_declared_table_that_is_not_there_fails(db: &mut TestDatabase) {
        let report = verified(db, &project(""));
        assert_eq!(report.count(Verdict::Fail), 1, "{report}");
    }

    fn the_digest_of_the_same_rows_is_the_same_on_every_engine(db: &mut TestDatabase) {
        every_type(db);
        let (first, project) = digest_of(db);
        // Made once, on the first engine that this was tried on; all others have to agree.
        assert_eq!(first[1].digest, "63cb8b46175ad95031eef01001f2289d0a2856ca3b5dbd6d76e78324d0ef64f6", "{first:?}");
        assert_eq!((first[1].rows, first[1].missing), (3, 0));
        db.run("UPDATE sample SET price = 20 WHERE slug = 'one'");
        assert_ne!(digests_now(db, &project)[1].digest, first[1].digest);
        db.run("UPDATE sample SET price = 19.9900 WHERE slug = 'one'");
        assert_eq!(digests_now(db, &project), first);
        db.run("DELETE FROM sample WHERE slug = 'two'");
        assert_eq!((digests_now(db, &project)[1].rows, digests_now(db, &project)[1].missing), (2, 1));
    }
}

#[test]
fn the_command_says_by_its_exit_code_whether_all_holds_something_failed_or_nobody_knows() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev"]).exits(0);
    let good = harbour.run(&["seed", "verify", "dev"]).exits(0);
    assert!(good.stdout.contains("PASS ") && good.stdout.ends_with("all hold\n"), "{}", good.text());
    let digest = harbour.run(&["seed", "verify", "dev", "--digest"]).exits(0);
    assert!(digest.stdout.lines().all(|line| line.split("  ").next().is_some_and(|digest| digest.len() == 64)));

    let declared = std::fs::read_to_string(harbour.root().join("plimsoll.toml")).expect("a project");
    let with = |rule: &str| harbour.write("plimsoll.toml", &format!("{declared}\n{rule}\n"));
    with("[[expect]]\nsql = \"SELECT 1 FROM nowhere\"");
    let unknown = harbour.run(&["seed", "verify", "dev"]).exits(4);
    assert!(
        unknown.stdout.contains("ERROR  no row of SELECT 1 FROM nowhere: no such table: nowhere"),
        "{}",
        unknown.text()
    );
    unknown.says(&["error[seed::verify_could_not_check]", "help:"]);
    with("[[expect]]\nsql = \"SELECT 1 FROM nowhere\"\n[[expect]]\nsql = \"SELECT 1\"");
    let failed = harbour.run(&["seed", "verify", "dev", "--format", "json"]).exits(3);
    let findings = failed.json().remove(0);
    let verdicts: Vec<&str> = findings["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| finding["verdict"].as_str().expect("a word"))
        .collect();
    assert!(["pass", "fail", "error"].iter().all(|verdict| verdicts.contains(verdict)), "{verdicts:?}");
}

/// Columns of every kind, in the types that each engine has for them, and ids that differ from engine to engine.
fn every_type(db: &mut TestDatabase) {
    domain_table(db);
    let types = match db.engine() {
        Engine::Sqlite => {
            ["BOOLEAN", "DECIMAL(12,4)", "REAL", "JSON", "TEXT", "DATETIME", "TEXT", "BLOB", "TEXT", "DATE"]
        }
        Engine::Postgres => {
            ["BOOLEAN", "NUMERIC(12,4)", "REAL", "JSONB", "TEXT[]", "TIMESTAMPTZ", "UUID", "BYTEA", "mood", "DATE"]
        }
        Engine::Mysql => [
            "BOOLEAN",
            "DECIMAL(12,4)",
            "FLOAT",
            "JSON",
            "JSON",
            "DATETIME(6)",
            "CHAR(36)",
            "BLOB",
            "ENUM('sad','happy')",
            "DATE",
        ],
    };
    if db.engine() == Engine::Postgres {
        db.run("CREATE TYPE mood AS ENUM ('sad', 'happy'); SELECT setval('domain_id_seq', 500)");
    }
    let names = ["flag", "price", "narrow", "tree", "tags", "at", "uid", "picture", "mood", "day"];
    let columns: Vec<String> = names.iter().zip(types).map(|(name, kind)| format!("{name} {kind}")).collect();
    db.run(&format!(
        "CREATE TABLE sample (slug VARCHAR(20) NOT NULL PRIMARY KEY, n BIGINT, domain_id INTEGER REFERENCES domain (id), {})",
        columns.join(", ")
    ));
}

const DOCUMENT: &str = r#"[
  {"slug": "one", "domain": "a", "n": 9007199254740993, "flag": true, "price": 19.99, "narrow": 0.1, "tree": {"b": [1.0, 1e2], "a": null},
   "tags": ["x", "y z", "é"], "at": "2024-01-01T02:00:00.5+02:00", "uid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
   "picture": "base64:AP8Q", "mood": "happy", "day": "2024-02-29"},
  {"slug": "two", "domain": "b", "n": 0, "flag": false, "price": "1e3", "narrow": -2.5, "tree": [], "tags": [],
   "at": "1999-12-31", "uid": "00000000-0000-0000-0000-000000000000", "picture": "text", "mood": "sad", "day": "1969-07-20"},
  {"slug": "three", "domain": null, "n": null, "flag": null, "price": null, "narrow": null, "tree": null, "tags": null,
   "at": null, "uid": null, "picture": null, "mood": null, "day": null}
]"#;

fn digest_of(db: &mut TestDatabase) -> (Vec<TableDigest>, TestProject) {
    let names = ["n", "flag", "price", "narrow", "tree", "tags", "at", "uid", "picture", "mood", "day"];
    let columns: Vec<String> = names.iter().map(|name| format!("{name} = \"r.{name}\"")).collect();
    let samples = format!(
        "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"sample\"\neach = \"doc as r\"\nkey = [\"slug\"]\n\n[table.columns]\nslug = \"r.slug\"\n\
         domain_id = \"ref('domain', slug=r.domain) if r.domain else none\"\n{}\n",
        columns.join("\n")
    );
    let project = project("").file("seeds/samples.toml", &samples).file("docs/rows.json", DOCUMENT);
    if let Err(error) = seed(db, &project) {
        panic!("{error}: {:#?} {:?}", problems(&error), std::error::Error::source(&error));
    }
    db.reconnect();
    (digests_now(db, &project), project)
}

fn digests_now(db: &mut TestDatabase, project: &TestProject) -> Vec<TableDigest> {
    let seeds = read(&project.load(db)).expect("loads");
    let catalog = Catalog::read(db.db()).expect("reads");
    let observation = observe(db.db(), &seeds, &catalog).expect("observes");
    digests(&seeds, &observation)
}
