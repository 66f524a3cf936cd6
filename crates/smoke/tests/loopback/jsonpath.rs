//! The public cases of RFC 9535, each on the way that users take: a file that is loaded, a request, an answer, an expectation. Where the
//! cases come from is in `tests/jsonpath/README.md`.
#![allow(clippy::print_stdout, reason = "the rate is printed for `cargo xtask jsonpath`")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::Value as Name;
use plimsoll_smoke::{Options, Selection, SmokeReport, Target, Verdict};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::server::{Reply, Server};

const CASES: &str = include_str!("../jsonpath/cts.json");

/// Cases that do not pass, each with the reason.
const KNOWN: &str = include_str!("../jsonpath/known.txt");

const VALID: usize = 442;
const INVALID: usize = 245;

/// A path to one place: names and indices only, as the grammar of RFC 9535 has it.
const SINGULAR: &str = r#"^\$(?:[ \t\r\n]*(?:\.[A-Za-z_\x{80}-\x{10FFFF}][A-Za-z0-9_\x{80}-\x{10FFFF}]*|\[[ \t\r\n]*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?[0-9]+)[ \t\r\n]*\]))*$"#;

#[derive(Deserialize)]
struct Case {
    name: String,
    selector: String,
    #[serde(default)]
    invalid_selector: bool,
    #[serde(default)]
    document: Value,
    result: Option<Vec<Value>>,
    /// Where several orders are right.
    results: Option<Vec<Vec<Value>>>,
}

impl Case {
    fn nodelists(&self) -> Vec<&Vec<Value>> {
        self.result.iter().chain(self.results.iter().flatten()).collect()
    }

    /// What a check writes to expect the values of this case, and what must not hold.
    fn matchers(&self, number: usize, singular: &Regex) -> (String, &'static str, Vec<Value>) {
        let lists = self.nodelists();
        if !singular.is_match(&self.selector) {
            let wanted = (0..lists.len()).map(|nth| format!("'{{{{ wanted_{number}_{nth} }}}}'")).collect::<Vec<_>>();
            let values = lists.into_iter().map(|list| Value::Array(list.clone())).collect();
            return (format!("{{ one_of = [{}] }}", wanted.join(", ")), "one more", values);
        }
        match lists[0].as_slice() {
            [] => ("{ exists = false }".to_owned(), "anything", Vec::new()),
            [one] => (format!("{{ equals = '{{{{ wanted_{number}_0 }}}}' }}"), "one more", vec![one.clone()]),
            _ => panic!("{}: a path to one place finds several", self.name),
        }
    }
}

/// A text as TOML has it in quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                write!(quoted, "\\u{:04X}", u32::from(control)).expect("a text takes everything");
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

fn head(number: usize) -> String {
    format!("[[check]]\nname = '{number}'\nrequest = {{ path = '/{number}' }}\n")
}

/// Loads one file of a project, as the command line does.
fn load(text: &str) -> Result<plimsoll_smoke::Suites, plimsoll_smoke::Problems> {
    let project = tempfile::tempdir().expect("a folder");
    let folder = project.path().join("smoke");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("cases.toml"), text).expect("a file");
    plimsoll_smoke::load(&folder, project.path())
}

/// The selectors that a file may not have, and are not refused where they are written.
fn not_refused(cases: &[(usize, Case)], failed: &mut BTreeMap<String, String>) {
    let mut text = String::new();
    let mut places = Vec::new();
    for (number, case) in cases.iter().filter(|(_, case)| case.invalid_selector) {
        text += &head(*number);
        let line = u32::try_from(text.lines().count() + 1).expect("a short file");
        places.push((line, case));
        writeln!(text, "expect = {{ json = {{ {} = 1 }} }}", quoted(&case.selector)).expect("a text takes everything");
    }
    let problems = load(&text).map(|_| ()).expect_err("many are wrong").problems;
    for (line, case) in places {
        let told = problems.iter().any(|problem| {
            let at = problem.at.as_ref().expect("every problem has a place");
            at.file.ends_with("smoke/cases.toml")
                && (at.line, at.column) == (line, 21)
                && problem.message.contains("is not a JSONPath: ")
        });
        if !told {
            failed.insert(case.name.clone(), "accepted, although it is no selector".to_owned());
        }
    }
    assert!(problems.len() <= INVALID, "one problem for each: {problems:?}");
}

fn run(server: &Server, text: &str, names: &BTreeMap<String, Name>) -> SmokeReport {
    let options = Options { names: names.clone(), ..Options::default() };
    let suites = load(text).expect("every selector was loaded before");
    let selection = Selection { names: names.keys().cloned().collect(), ..Selection::default() };
    let plan = plimsoll_smoke::plan(&suites, &selection).expect("a plan");
    let target = Target { base_url: server.url(), revision: None };
    plimsoll_smoke::run(&plan, &target, &options, &mut |_| {}).expect("the run starts")
}

/// The selectors that find something else than they should, or are refused.
fn not_found(cases: &[(usize, Case)], failed: &mut BTreeMap<String, String>) {
    let singular = Regex::new(SINGULAR).expect("a pattern");
    let (mut right, mut wrong, mut names, mut asked) = (String::new(), String::new(), BTreeMap::new(), Vec::new());
    for (number, case) in cases.iter().filter(|(_, case)| !case.invalid_selector) {
        let (matcher, otherwise, values) = case.matchers(*number, &singular);
        let check = |matcher: &str| {
            format!("{}expect = {{ json = {{ {} = {matcher} }} }}\n", head(*number), quoted(&case.selector))
        };
        if let Err(problems) = load(&check(&matcher)) {
            failed.insert(case.name.clone(), format!("refused: {problems}"));
            continue;
        }
        for (nth, value) in values.iter().enumerate() {
            names.insert(format!("wanted_{number}_{nth}"), Name::from(minijinja::value::Serde(value)));
        }
        right += &check(&matcher);
        // The same with an answer that is not right: a comparison that always holds would prove nothing.
        wrong += &check(match otherwise {
            "anything" => "{ exists = true }",
            _ => "{ equals = ['a value', 'that nobody has'] }",
        });
        asked.push(case);
    }
    let documents: Vec<String> = cases.iter().map(|(_, case)| case.document.to_string()).collect();
    let documents = Arc::new(documents);
    let server = Server::start(move |request| {
        let number: usize = request.path[1..].parse().expect("a number");
        Reply::json(200, &documents[number])
    });
    for (report, case) in run(&server, &right, &names).checks.iter().zip(&asked) {
        if report.verdict != Verdict::Pass {
            failed.insert(case.name.clone(), report.summary().unwrap_or_default());
        }
    }
    for (report, case) in run(&server, &wrong, &names).checks.iter().zip(&asked) {
        assert_eq!(report.verdict, Verdict::Fail, "{}: what is not right held", case.name);
    }
}

#[test]
fn every_public_case_of_rfc_9535_passes_but_the_known_ones() {
    let cases: Vec<Case> = serde_json::from_str(CASES).expect("the cases are JSON");
    let cases: Vec<(usize, Case)> = cases.into_iter().enumerate().collect();
    let invalid = cases.iter().filter(|(_, case)| case.invalid_selector).count();
    assert_eq!((cases.len() - invalid, invalid), (VALID, INVALID), "no case got lost");
    let mut failed = BTreeMap::new();
    not_refused(&cases, &mut failed);
    not_found(&cases, &mut failed);
    let passed = cases.len() - failed.len();
    println!("{passed} of {} cases of RFC 9535 pass, {invalid} of them are to be refused", cases.len());
    failed.iter().for_each(|(name, why)| println!("  {name}: {why}"));
    let mut known: Vec<&str> = KNOWN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once(" | ")?.0))
        .collect();
    known.sort_unstable();
    let failing: Vec<&str> = failed.keys().map(String::as_str).collect();
    assert_eq!(failing, known, "{failed:#?}");
}
