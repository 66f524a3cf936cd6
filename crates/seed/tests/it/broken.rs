//! A corpus of broken inputs, one small file each, and what people are told about them. Single messages are `errors`'s.
//!
//! A case is a project in one file: `--- path` begins a file of it. Words behind the path say how it is stored.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;

use crate::project::{Project, told};

const TABLES: &str = "
CREATE TABLE domain (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE role (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT, rank INTEGER, price NUMERIC(6,2),
    active BOOLEAN, since DATETIME, code VARCHAR(4), meta JSON, shout TEXT AS (slug || '!'),
    domain_id INTEGER REFERENCES domain (id), owner_id INTEGER NOT NULL DEFAULT 1 REFERENCES domain (id),
    parent_id INTEGER REFERENCES role (id));
CREATE TABLE pair (a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b));
INSERT INTO domain VALUES (1, 'live', 'Live');
INSERT INTO pair VALUES ('x', 'y');
";

/// The project of a case.
fn project(case: &str) -> Project {
    let mut project = Project::of(&[]);
    project.db.batch(TABLES).unwrap();
    // Front matter has fences as well, but nothing stands behind them.
    let parts = format!("\n{case}");
    for part in parts.split("\n--- ").skip(1) {
        let (head, text) = part.split_once('\n').unwrap();
        let mut words = head.split(' ');
        let path = words.next().unwrap();
        let mut bytes = format!("{text}\n").into_bytes();
        for word in words {
            bytes = match word {
                "crlf" => String::from_utf8(bytes).unwrap().replace('\n', "\r\n").into_bytes(),
                "bom" => [&[0xef, 0xbb, 0xbf], bytes.as_slice()].concat(),
                "latin1" => String::from_utf8(bytes).unwrap().chars().map(|one| u8::try_from(one).unwrap()).collect(),
                "utf16" => {
                    let text = String::from_utf8(bytes).unwrap();
                    [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
                }
                other => panic!("{other} is no way to store a file"),
            };
        }
        let file = project.root().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    project
}

/// What is told about every case of a family, and how many could not be planned.
fn family(name: &str) -> (String, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/broken").join(name);
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let (mut all, mut refused) = (String::new(), 0);
    for case in cases {
        let mut project = project(&std::fs::read_to_string(&case).unwrap());
        let outcome = project.plan().and_then(|plan| plan.require_schema().map(|()| plan));
        let text = match outcome {
            Ok(plan) => plan.to_string(),
            Err(error) => {
                refused += 1;
                told(&error) + "\n"
            }
        };
        writeln!(all, "## {}\n{text}", case.file_stem().unwrap().to_string_lossy()).unwrap();
    }
    (all, refused)
}

macro_rules! families {
    ($($test:ident: $name:literal, $count:literal;)*) => {$(
        #[test]
        fn $test() {
            let (told, refused) = family($name);
            assert_snapshot!($name, told);
            assert_eq!(refused, $count, "of this many cases, each has to be refused");
        }
    )*};
}

families! {
    broken_datasets: "dataset", 22;
    broken_blocks: "block", 24;
    broken_csv_files: "csv", 24;
    broken_json_files: "json", 23;
    broken_yaml_files: "yaml", 18;
    broken_toml_files: "toml", 6;
    broken_markdown_files: "markdown", 8;
    documents_against_schemas: "schema", 12;
    broken_expressions: "expression", 23;
    broken_references: "reference", 9;
    values_that_do_not_fit: "value", 13;
    what_is_skipped_is_told_in_the_plan: "skipped", 1;
}

#[test]
fn numbers_that_would_be_stored_as_others_are_told_in_every_format() {
    for (name, text, place) in [
        ("r.json", "[{\"k\": \"x\",\n \"n\": 99999999999999.99}]", "data/r.json:2:7"),
        ("r.jsonl", "{\"k\": \"x\", \"n\": 99999999999999.99}\n", "data/r.jsonl:1:17"),
        ("r.yaml", "- k: x\n  n: 99999999999999.99\n", "data/r.yaml:2:6"),
        ("r.toml", "[[t]]\nk = 'x'\nn = 99999999999999.99\n", "data/r.toml:3:5"),
    ] {
        let dataset = format!("[[table]]\nname = 't'\nkey = ['k']\nfile = 'data/{name}'\n");
        let mut project = Project::of(&[("seeds/a.toml", &dataset), (&format!("data/{name}"), text)]);
        project.db.batch("CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL UNIQUE, n NUMERIC(20,2))").unwrap();
        let told = project.problems();
        let message = "the number 99999999999999.99 has more digits than can be kept, write it in quotes";
        assert!(told.contains(place) && told.contains(message), "{told}");
    }
}

#[test]
fn numbers_of_datasets_that_would_be_stored_as_others_are_told() {
    let dataset = "[[table]]\nname = 't'\nkey = ['k']\nrows = [{ k = 'x', n = 12345678901234567.89, m = [1.5, nan] }]\n\
        [[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = \"'y'\", n = inf }\n";
    let mut project = Project::of(&[("seeds/a.toml", dataset)]);
    let told = project.problems();
    for expected in [
        "seeds/a.toml:4:24",
        "the number 12345678901234567.89 has more digits than can be kept, write it in quotes",
        "seeds/a.toml:4:56",
        "`nan` is not a number that a database could keep",
        "seeds/a.toml:8:28",
        "`inf` is not a number that a database could keep",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}
