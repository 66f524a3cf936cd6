//! What is wrong with files is told, all at once and with its place. Whole runs are tested in `tests/loopback`.

use std::path::Path;

use super::*;

fn problems_of(text: &str) -> Vec<String> {
    let found = parse(Path::new("smoke/a.toml"), text).expect_err("the text is wrong");
    found.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let text = r#"
[[check]]
name = "one"
needs = ["tow"]
request = { path = "api" }
expect = { status = 20, json = { "$.[" = 1, "$.n" = { at_least = "many" } }, within = "fast" }

[[check]]
name = "two"
request = { method = "HEAD", path = "/{{ x", headers = { "a b" = "c" }, body = "x", json = 1 }
expect = { json = { "$.a" = { matches = "(" } } }
capture = { "1a" = "$.a" }
secret_captures = ["b"]
retry = { for = "1x" }
"#;
    insta::assert_snapshot!(problems_of(text).join("\n"));
}

#[test]
fn a_misspelt_key_is_answered_with_the_right_one() {
    let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpct = { status = 200 }\n");
    assert_eq!(problems, ["smoke/a.toml:4:1: unknown key `expct`, did you mean `expect`?"]);
}

#[test]
fn following_redirects_without_naming_the_final_url_is_refused() {
    let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/', redirects = 3 }\n");
    assert_eq!(problems, ["smoke/a.toml:3:11: `redirects` needs `expect.url`, or a login page would pass"]);
}

#[test]
fn the_same_name_or_capture_twice_is_refused_and_the_first_one_named() {
    let one = "[[check]]\nname = 'a'\nrequest = { path = '/' }\ncapture = { id = '$.id' }\n";
    let problems = problems_of(&format!("{one}{one}"));
    assert_eq!(
        problems,
        [
            "smoke/a.toml:6:8: the check `a` exists already, at smoke/a.toml:2:8",
            "smoke/a.toml:6:8: `id` is captured already, at smoke/a.toml:2:8",
        ]
    );
}

#[test]
fn files_are_read_in_the_order_of_their_names_and_others_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, name) in [("b.toml", "second"), ("a.toml", "first"), ("notes.md", "never")] {
        let text = format!("[[check]]\nname = '{name}'\nrequest = {{ path = '/' }}\n");
        std::fs::write(folder.path().join(file), text).expect("the file is written");
    }
    let found = load(folder.path(), folder.path()).expect("the files are right");
    assert_eq!(found.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
fn a_missing_folder_is_named() {
    let found = load(Path::new("no/such/folder"), Path::new(".")).expect_err("there is no such folder");
    assert!(found.to_string().starts_with("cannot list the folder `no/such/folder`: "), "{found}");
}
