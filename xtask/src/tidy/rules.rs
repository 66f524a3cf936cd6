//! The rules about one file. What lies between packages is left to `direction`.

use crate::tidy::Finding;
use crate::tidy::source::{Source, has_word};

/// Longer files are read by nobody.
const MOST_LINES: usize = 600;

const ATTICS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// A rule that is a list of words which some code must not have.
struct Forbidden {
    rule: &'static str,
    words: &'static [&'static str],
    /// Whether the rule is about this file.
    applies: fn(&Source) -> bool,
    why: &'static str,
}

const FORBIDDEN: [Forbidden; 6] = [
    Forbidden {
        rule: "libraries-never-print",
        words: &["print!", "println!", "eprint!", "eprintln!", "dbg!"],
        applies: is_library,
        why: "a library reports events; printing is the command line's",
    },
    Forbidden {
        rule: "backends-live-in-core-db",
        words: &[
            "PgConnection",
            "MysqlConnection",
            "SqliteConnection",
            "diesel::pg",
            "diesel::mysql",
            "diesel::sqlite",
            "pq_sys",
            "mysqlclient_sys",
            "libsqlite3_sys",
        ],
        applies: |source| is_library(source) && !source.path.starts_with("crates/core/src/db"),
        why: "crates/core/src/db is the only place that names a backend",
    },
    Forbidden {
        rule: "libraries-take-their-world-as-arguments",
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::current_dir", "env::home_dir"],
        applies: is_library,
        why: "the command line reads the environment and hands it in",
    },
    Forbidden {
        rule: "errors-have-types",
        words: &["anyhow", "eyre", "Box<dyn Error", "Box<dyn std::error::Error", "Box<dyn core::error::Error"],
        applies: is_library,
        why: "a library's error is a thiserror type",
    },
    Forbidden {
        rule: "plans-are-pure",
        words: &[
            "fs::",
            "std::fs",
            "net::",
            "std::net",
            "process::",
            "std::process",
            "env::",
            "rand::",
            "SystemTime",
            "Instant::now",
            "Utc::now",
            "Local::now",
            "Uuid::new_v4",
        ],
        applies: |source| is_library(source) && is_planner(&source.path),
        why: "a plan is a function of what was loaded: the same input, the same bytes",
    },
    Forbidden {
        rule: "no-unwrap",
        words: &[".unwrap()"],
        applies: |_| true,
        why: "name the invariant with expect, or return the error",
    },
];

/// Everything wrong with one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |rule, line, text: String| findings.push(Finding { rule, path: source.path.clone(), line, text });

    for forbidden in FORBIDDEN.iter().filter(|forbidden| (forbidden.applies)(source)) {
        for (line, code) in source.product_code() {
            if let Some(word) = forbidden.words.iter().find(|word| has_word(code, word)) {
                find(forbidden.rule, line, format!("`{word}`: {}", forbidden.why));
            }
        }
    }
    if is_library(source) {
        for (line, code) in public_string_errors(source) {
            find("errors-have-types", line, format!("`{}`: text is no error type", code.trim()));
        }
    }
    for (line, code) in source.numbered() {
        for word in ["todo!", "unimplemented!"].into_iter().filter(|word| has_word(code, word)) {
            find("nothing-half-done", line, format!("`{word}`"));
        }
        if code.contains("#[ignore") {
            find("tests-always-run", line, "`#[ignore]`: a test that does not run proves nothing".to_owned());
        }
    }
    for (line, code) in source.test_code().filter(|(_, code)| has_word(code, "sleep")) {
        find("tests-wait-for-facts", line, format!("`{}`: wait for what the test needs, not for time", code.trim()));
    }
    for (index, line) in source.lines.iter().enumerate() {
        // In two halves, so that this file does not break its own rule.
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME")].into_iter().filter(|mark| has_word(line, mark)) {
            find("nothing-half-done", index + 1, format!("`{mark}`"));
        }
    }
    if source.lines.len() > MOST_LINES {
        find("files-are-short", MOST_LINES + 1, format!("{} lines, {MOST_LINES} are allowed", source.lines.len()));
    }
    if let Some(name) = attic(&source.path) {
        find("no-attics", 1, format!("`{name}` says nothing about what is in it"));
    }
    let first = source.lines.first().map_or("", String::as_str);
    if !first.starts_with("//!") && !first.starts_with("#![doc = include_str!(") {
        find("files-say-what-they-are-for", 1, "the file does not begin with `//!`".to_owned());
    }
    findings
}

fn is_library(source: &Source) -> bool {
    source.path.starts_with("crates/") && !source.path.starts_with("crates/cli/")
}

fn is_planner(path: &str) -> bool {
    path.ends_with("/plan.rs") || path.contains("/plan/")
}

/// A file or folder named after nothing in particular.
fn attic(path: &str) -> Option<&str> {
    path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part)).find(|part| ATTICS.contains(part))
}

/// Lines of signatures that others in the crate or outside of it call; what a private function tells its only caller
/// is nobody else's business.
fn public_string_errors(source: &Source) -> Vec<(usize, &str)> {
    let mut is_public = false;
    let mut lines = Vec::new();
    for (line, code) in source.product_code() {
        let start = code.trim_start();
        if has_word(code, "fn") || start.starts_with("pub") {
            is_public = start.starts_with("pub");
        }
        if is_public && has_string_error(code) {
            lines.push((line, code));
        }
    }
    lines
}

/// Whether a line has a `Result` whose error is `String` or `&str`.
fn has_string_error(code: &str) -> bool {
    code.match_indices("Result<").any(|(at, found)| {
        let Some(error) = second_argument(&code[at + found.len()..]) else {
            return false;
        };
        error == "String" || error == "&str" || (error.starts_with("&'") && error.ends_with(" str"))
    })
}

/// The text between the first comma and the closing bracket of a list of type arguments that is already open.
fn second_argument(code: &str) -> Option<&str> {
    let mut depth = 0;
    let mut comma = None;
    let mut before = ' ';
    for (at, c) in code.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if before == '-' => {}
            '>' if depth == 0 => return comma.map(|comma: usize| code[comma + 1..at].trim()),
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 && comma.is_none() => comma = Some(at),
            _ => {}
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "crates/seed/src/apply.rs";

    /// The rules broken by one line of code behind a module doc.
    fn broken(path: &str, line: &str) -> Vec<&'static str> {
        check(&Source::new(path, &format!("//! What it is for.\n{line}\n")))
            .iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn a_printing_library_is_found_and_a_printing_command_is_not() {
        assert_eq!(broken(LIBRARY, "println!(\"x\");"), ["libraries-never-print"]);
        assert!(broken("crates/cli/src/plan.rs", "println!(\"x\");").is_empty());
        assert!(broken(LIBRARY, "/// println!(\"in an example\");").is_empty());
    }

    #[test]
    fn a_backend_has_one_home() {
        assert_eq!(broken(LIBRARY, "use diesel::pg::Pg;"), ["backends-live-in-core-db"]);
        assert!(broken("crates/core/src/db/postgres.rs", "use diesel::pg::Pg;").is_empty());
    }

    #[test]
    fn a_library_that_reads_the_environment_is_found() {
        let rule = ["libraries-take-their-world-as-arguments"];
        assert_eq!(broken(LIBRARY, "let x = std::env::var(\"X\");"), rule);
        assert_eq!(broken(LIBRARY, "let x = env::current_dir();"), rule);
        assert!(broken(LIBRARY, "let x = myenv::variable();").is_empty());
    }

    #[test]
    fn an_error_erased_to_text_is_found() {
        for line in [
            "pub fn a() -> Result<(), String> {",
            "pub(crate) fn a(\n    b: u8,\n) -> Result<Vec<(u8, u8)>, String> {",
            "pub fn a(f: &dyn Fn(u8) -> Result<u8, &'static str>) {",
            "fn a() -> Result<(), Box<dyn Error>> {",
        ] {
            assert_eq!(broken(LIBRARY, line), ["errors-have-types"], "{line}");
        }
        for line in [
            "pub fn a() -> Result<String, Broken> {",
            "pub fn a() {\n}\nfn b() -> Result<(), String> {",
            "let x: Result<BTreeMap<String, String>, E> = y;",
        ] {
            assert!(broken(LIBRARY, line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_planner_that_looks_at_the_world_is_found() {
        for line in ["use std::fs;", "let now = Instant::now();", "use std::net::TcpStream;"] {
            assert_eq!(broken("crates/deploy/src/plan.rs", line), ["plans-are-pure"], "{line}");
            assert!(broken("crates/deploy/src/load.rs", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn unwrap_is_for_tests() {
        assert_eq!(broken(LIBRARY, "let x = y.unwrap();"), ["no-unwrap"]);
        assert!(broken("tests/suite/main.rs", "let x = y.unwrap();").is_empty());
        assert!(broken(LIBRARY, "#[cfg(test)]\nmod tests {\n    fn a() { y.unwrap(); }\n}").is_empty());
    }

    #[test]
    fn tests_that_sleep_or_are_skipped_are_found() {
        assert_eq!(broken("tests/suite/main.rs", "thread::sleep(SECOND);"), ["tests-wait-for-facts"]);
        assert_eq!(broken("tests/suite/main.rs", "#[ignore = \"slow\"]"), ["tests-always-run"]);
        assert!(broken(LIBRARY, "thread::sleep(POLL);").is_empty());
    }

    #[test]
    fn half_done_work_is_found() {
        assert_eq!(broken(LIBRARY, "todo!()"), ["nothing-half-done"]);
        assert_eq!(broken(LIBRARY, concat!("// TO", "DO later")), ["nothing-half-done"]);
    }

    #[test]
    fn the_shape_of_a_file_is_checked() {
        let rules = |path: &str, text: &str| -> Vec<&str> {
            check(&Source::new(path, text)).iter().map(|finding| finding.rule).collect()
        };
        assert_eq!(rules(LIBRARY, "fn a() {}\n"), ["files-say-what-they-are-for"]);
        assert_eq!(rules("crates/core/src/utils.rs", "//! x\n"), ["no-attics"]);
        assert_eq!(rules("crates/core/src/common/a.rs", "//! x\n"), ["no-attics"]);
        assert_eq!(rules(LIBRARY, &"//! x\n".repeat(601)), ["files-are-short"]);
        assert!(rules(LIBRARY, &"//! x\n".repeat(600)).is_empty());
    }

    #[test]
    fn a_finding_names_the_line() {
        let findings = check(&Source::new(LIBRARY, "//! x\n\nfn a() {\n    dbg!(1);\n}\n"));
        assert_eq!(findings.first().map(|finding| finding.line), Some(4));
    }
}
