//! Edits made in the database go back into the files, on every engine and through the program. Places and layouts of files
//! are tested beside the code.

use std::fs;

use plimsoll_core::db::Engine;
use plimsoll_seed::{PullOptions, PullPlan, PullReport, RunOptions, SeedError, SeedOptions, plan_pull, pull};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, seed};
use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{Deployment, TestDatabase, TestProject, dump, live_tests};

const DOMAINS: &str = "[[table]]\nname = \"domain\" # everything we teach\nkey = [\"slug\"]\nrows = [\n\
    \t{ slug = \"tutor\", name = 'Tutor', note = \"Lessons\", position = 0x01 },\n\
    \t{ slug = \"sales\",   name = \"Sales\", note = \"\" },\n]\n";

fn options(project: &TestProject, db: &TestDatabase) -> SeedOptions {
    let project = project.load(db);
    SeedOptions::of(&project).expect("the project has datasets")
}

fn planned(db: &mut TestDatabase, project: &TestProject) -> Result<PullPlan, SeedError> {
    let options = options(project, db);
    plan_pull(db.db(), &options, &PullOptions::default())
}

/// Pulls everything that can be; what is left is kept as edited, and nothing is to be written.
fn pulled(db: &mut TestDatabase, project: &TestProject) -> (PullPlan, PullReport) {
    let pulling = planned(db, project).expect("can be planned");
    let report = pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("is written");
    let after = plan(db, project).expect("a plan");
    assert!(after.is_empty(), "{pulling}\n{after}");
    assert_eq!(after.tables.iter().map(|table| table.rows.len()).sum::<usize>() > 0, !pulling.refused.is_empty());
    (pulling, report)
}

fn text(project: &TestProject, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).expect("is readable")
}

/// Columns of every type: name, type on SQLite, PostgreSQL and MySQL, and values in the spelling of a file.
const TYPES: &[(&str, [&str; 3], &[&str])] = &[
    ("flag", ["BOOLEAN", "BOOLEAN", "BOOLEAN"], &["true", "0", "false", "1", "\"t\""]),
    (
        "whole",
        ["BIGINT", "BIGINT", "BIGINT"],
        &["1", "-9223372036854775808", "9007199254740993", "\"17\"", "3.0", "1e3"],
    ),
    ("narrow", ["REAL", "REAL", "FLOAT"], &["0.1", "1e-7", "16777217", "-2.50"]),
    ("wide", ["DOUBLE", "DOUBLE PRECISION", "DOUBLE"], &["0.1", "1e21", "2.0", "-0.5"]),
    (
        "price",
        ["DECIMAL(12,4)", "NUMERIC(12,4)", "DECIMAL(12,4)"],
        &["1.50", "\"12345678.9\"", "0", "19.99", "\"1e3\""],
    ),
    (
        "tree",
        ["JSON", "JSONB", "JSON"],
        &["{\"b\": 1, \"a\": [1.0, 1e2]}", "[]", "[1,  {\"x\": null}]", "\"text\"", "{}"],
    ),
    (
        "moment",
        ["DATETIME", "TIMESTAMP", "DATETIME(6)"],
        &["\"2024-03-10T02:30:00\"", "\"2024-01-01\"", "\"2024-02-29 23:59:59.5\""],
    ),
    (
        "zoned",
        ["TIMESTAMP", "TIMESTAMPTZ(3)", "DATETIME(3)"],
        &["\"2024-03-10T02:30:00.123+02:00\"", "\"2024-12-31T23:59:59Z\"", "\"2024-06-01T12:00:00-05:30\""],
    ),
    (
        "words",
        ["TEXT", "TEXT", "TEXT"],
        &["\"\"", "\"null\"", "\"it's \\\\ \\\"x\\\"\\n\\t\\u00e9 \\ud83d\\ude00\"", "\"1.50\"", "\"{}\""],
    ),
    ("padded", ["CHAR(10)", "CHAR(10)", "CHAR(10)"], &["\"ab\"", "\"0123456789\""]),
];

/// One row for every value, each with only its own column.
fn samples() -> Vec<(String, &'static str, &'static str)> {
    let of_column = |(name, _, values): &(&'static str, [&str; 3], &'static [&'static str])| {
        let name = *name;
        values
            .iter()
            .enumerate()
            .map(move |(number, value)| (format!("{name}-{number}"), name, *value))
            .collect::<Vec<_>>()
    };
    TYPES.iter().flat_map(of_column).collect()
}

fn sample_table(db: &mut TestDatabase) {
    let place = match db.engine() {
        Engine::Sqlite => 0,
        Engine::Postgres => 1,
        Engine::Mysql => 2,
    };
    let columns: Vec<String> = TYPES.iter().map(|(name, types, _)| format!("{name} {} NULL", types[place])).collect();
    db.run(&format!("CREATE TABLE sample (id VARCHAR(40) NOT NULL PRIMARY KEY, {})", columns.join(", ")));
}

fn sample_project() -> TestProject {
    let columns: Vec<String> =
        TYPES.iter().map(|(name, ..)| format!("{name} = \"r.{name} if r.{name} is defined else none\"")).collect();
    let rows: Vec<String> = samples()
        .iter()
        .map(|(id, name, value)| format!("\t\t{{ \"id\": \"{id}\" , \"{name}\" : {value} }}"))
        .collect();
    let dataset = format!(
        "[documents]\nfiles = \"docs/*.json\"\n[[table]]\nname = \"sample\"\neach = \"doc.rows as r\"\nkey = [\"id\"]\n\
         [table.columns]\nid = \"r.id\"\n{}\n",
        columns.join("\n")
    );
    let document = format!("{{\r\n\t\"rows\": [\r\n{}\r\n\t]\r\n}}", rows.join(",\r\n"));
    TestProject::new().file("seeds/samples.toml", &dataset).file("docs/rows.json", &document)
}

live_tests! {
    fn an_edit_is_pulled_and_a_later_change_of_the_file_wins_again(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Teacher', position = 3 WHERE slug = 'tutor'");
        db.run("UPDATE domain SET note = 'It''s \"new\"' WHERE slug = 'sales'");
        let (_, report) = pulled(db, &project);
        assert_eq!((report.columns, report.rows), (3, 2));
        let expected = DOMAINS.replace("'Tutor'", "'Teacher'").replace("0x01", "3").replace("note = \"\"", "note = \"It's \\\"new\\\"\"");
        assert_eq!(text(&project, "seeds/domains.toml"), expected);
        project.write("seeds/domains.toml", &expected.replace("Teacher", "Coach"));
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.update, 1);
        assert_eq!(db.rows("SELECT name FROM domain WHERE slug = 'tutor'")[0].text(0), "Coach");
    }

    fn a_value_of_every_type_is_pulled_from_every_spelling_to_every_other(db: &mut TestDatabase) {
        sample_table(db);
        let project = sample_project();
        seed(db, &project).expect("seeds");
        // Every row gets what another row of its column holds, as the engine itself keeps it.
        db.run("CREATE TABLE other AS SELECT * FROM sample");
        let samples = samples();
        for round in 1..3 {
            for (id, name, _) in &samples {
                let of_column: Vec<&String> = samples.iter().filter(|(_, other, _)| other == name).map(|(id, ..)| id).collect();
                let at = of_column.iter().position(|other| *other == id).expect("is one of them");
                let from = of_column[(at + round) % of_column.len()];
                db.run(&format!("UPDATE sample SET {name} = (SELECT {name} FROM other WHERE id = '{from}') WHERE id = '{id}'"));
            }
            let before = text(&project, "docs/rows.json");
            let (plan, _) = pulled(db, &project);
            assert!(plan.refused.is_empty(), "{plan}");
            let after = text(&project, "docs/rows.json");
            assert_ne!(before, after);
            for (line, new) in before.lines().zip(after.lines()) {
                let kept = |line: &str| line.rsplit_once(" : ").map(|(head, _)| head.to_owned());
                assert_eq!(kept(line), kept(new));
            }
        }
    }

    fn a_reference_and_null_are_pulled(db: &mut TestDatabase) {
        domain_table(db);
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE course ({id}, code VARCHAR(40) NOT NULL UNIQUE, domain_id INTEGER, hint VARCHAR(40))"));
        let dataset = "[documents]\nfiles = \"docs/*.json\"\n[[table]]\nname = \"course\"\neach = \"doc.courses as c\"\nkey = [\"code\"]\n\
             columns = { code = \"c.code\", domain_id = \"ref('domain', slug=c.domain) if c.domain else none\", hint = \"c.hint or none\" }\n";
        let document = "{\"courses\": [\n  {\"code\": \"a\", \"domain\": \"tutor\"},\n  {\"code\": \"b\", \"domain\": \"tutor\", \"hint\": \"x\"}\n]}\n";
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS).file("seeds/courses.toml", dataset).file("docs/a.json", document);
        seed(db, &project).expect("seeds");
        db.run("UPDATE course SET domain_id = (SELECT id FROM domain WHERE slug = 'sales'), hint = 'new' WHERE code = 'a'");
        db.run("UPDATE course SET domain_id = NULL, hint = NULL WHERE code = 'b'");
        assert_eq!(pulled(db, &project).1.columns, 4);
        let expected = "{\"courses\": [\n  {\"code\": \"a\", \"domain\": \"sales\", \"hint\": \"new\"},\n  {\"code\": \"b\", \"domain\": null, \"hint\": null}\n]}\n";
        assert_eq!(text(&project, "docs/a.json"), expected);
    }

    fn planning_a_pull_writes_nothing_and_an_edit_since_is_seen_later(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'");
        let pulling = planned(db, &project).expect("can be planned");
        assert_eq!(text(&project, "seeds/domains.toml"), DOMAINS);
        assert_eq!(plan(db, &project).expect("a plan").counts().edited, 1);
        db.run("UPDATE domain SET name = 'Coach' WHERE slug = 'tutor'");
        pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("is written");
        // What was planned is in the file; the newer value is an edit of it, and not lost.
        assert_eq!(text(&project, "seeds/domains.toml"), DOMAINS.replace("Tutor", "Teacher"));
        assert_eq!(plan(db, &project).expect("a plan").counts().edited, 1);
        assert_eq!(pulled(db, &project).1.columns, 1);
    }
}

#[test]
fn the_program_shows_a_difference_writes_it_and_says_what_it_cannot() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    harbour.run(&["deploy", "dev"]).exits(0);
    assert_eq!(harbour.run(&["seed", "pull", "dev"]).exits(0).stdout, "no row was edited in the database\n");
    dump::execute(&url, "UPDATE analysis_spec SET name = 'Our voice', source_id = NULL WHERE slug = 'spec-voice-001'");
    dump::execute(&url, "INSERT INTO prompt_slug (id, slug) VALUES ('x', 'init.extra')");
    let shown = harbour.run(&["seed", "plan", "dev"]).exits(0);
    assert!(
        shown.stdout.ends_with("to keep these edits in the files: plimsoll seed pull dev --dry-run\n"),
        "{}",
        shown.text()
    );
    let before = dump::everything(&url);
    let tried = harbour.run(&["seed", "pull", "dev", "--new", "--dry-run"]).exits(3);
    settled(|| insta::assert_snapshot!("seed_pull", tried.text()));
    assert_eq!(dump::everything(&url), before);
    harbour
        .run(&["seed", "pull", "dev", "--table", "analysis_specs"])
        .exits(2)
        .says(&["did you mean `analysis_spec`?"]);
    let done = harbour.run(&["seed", "pull", "dev", "--format", "json"]).exits(3).json();
    assert_eq!((&done[0]["columns"][0]["database"], &done[1]["columns"]), (&"Our voice".into(), &1.into()));
    let file = fs::read_to_string(harbour.root().join("seeds/specs.toml")).expect("is readable");
    assert!(file.contains("{ slug = \"spec-voice-001\", name = \"Our voice\", source_id = \"VOICE-001\" },"), "{file}");
    assert_eq!(
        harbour.run(&["seed", "pull", "dev", "--row", "spec-init-001"]).exits(0).stdout,
        "no row was edited in the database\n"
    );
}

#[test]
fn a_protected_environment_is_asked_for_before_its_ledger_is_written() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("production");
    harbour.run(&["deploy", "production", "--yes"]).exits(0);
    dump::execute(&url, "UPDATE analysis_spec SET name = 'Our voice' WHERE slug = 'spec-voice-001'");
    harbour.run(&["seed", "pull", "production"]).exits(5).says(&["environment `production` is protected"]);
    let text = || fs::read_to_string(harbour.root().join("seeds/specs.toml")).expect("is readable");
    assert!(!text().contains("Our voice"));
    harbour.run(&["seed", "pull", "production", "--yes"]).exits(0);
    assert!(text().contains("Our voice"));
}
