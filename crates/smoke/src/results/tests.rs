//! Every form of one report with every verdict, and texts that try to be markup. Real runs are in `tests/loopback`.

use std::path::PathBuf;

use plimsoll_core::{Location, Secret};

use super::*;
use crate::report::{Counts, Finding, Part, SkipReason, Unmeasured, UnmeasuredKind};
use crate::tally::RevisionTally;

fn check(line: u32, name: &str, verdict: Verdict) -> CheckReport {
    CheckReport {
        name: name.to_owned(),
        location: Location { file: PathBuf::from("smoke/books.toml"), line, column: 8 },
        verdict,
        request: "GET http://127.0.0.1:8080/books?page=1".to_owned(),
        attempts: 1,
        answer_ms: Some(12),
        status: Some(200),
        findings: Vec::new(),
        unmeasured: None,
        skipped: None,
        first_attempt: None,
        stopped_on: None,
        answer: None,
        output: None,
        curl: None,
        advice: None,
    }
}

fn finding(part: Part, of: &str, expected: &str, actual: &str) -> Finding {
    let [of, expected, actual] = [of, expected, actual].map(str::to_owned);
    Finding { part, of, expected, actual, diff: None, from: None }
}

fn report() -> SmokeReport {
    let mut differs = finding(Part::Json, "$", "{\"id\":1}", "{\"id\":2}");
    differs.diff = Some("  {\n-   \"id\": 1,\n+   \"id\": 2,\n    \"name\": \"Sea\"\n  }".to_owned());
    let hostile = "</pre><script>alert(1)</script> ]]> `x` | # \u{1b}[31m\u{0}red & 'tea' hunter2hunter2";
    let checks = vec![
        check(3, "a book is found", Verdict::Pass),
        CheckReport {
            findings: vec![finding(Part::Status, "", "201", "200"), differs],
            attempts: 3,
            first_attempt: Some("connection refused".to_owned()),
            answer: Some("{\"id\": 2, \"name\": \"Sea\"}".to_owned()),
            curl: Some("curl -sS -i -H 'authorization: Bearer ***' 'http://127.0.0.1:8080/books?page=1'".to_owned()),
            ..check(9, "a book is accepted", Verdict::Fail)
        },
        CheckReport {
            findings: vec![finding(Part::Body, "", "\"ready\"", hostile)],
            answer: Some(format!("```\n{hostile}")),
            ..check(15, hostile, Verdict::Warn)
        },
        CheckReport {
            unmeasured: Some(Unmeasured { kind: UnmeasuredKind::Refused, detail: "127.0.0.1:8080".to_owned() }),
            answer_ms: None,
            status: None,
            ..check(21, "the port is open", Verdict::Error)
        },
        CheckReport {
            attempts: 0,
            answer_ms: None,
            skipped: Some(SkipReason::Needs("a book is accepted".to_owned())),
            ..check(27, "the book is read", Verdict::Skip)
        },
        CheckReport {
            attempts: 2,
            first_attempt: Some("status: expected a status of success, found 503".to_owned()),
            location: Location { file: PathBuf::from("smoke/health.toml"), line: 2, column: 8 },
            ..check(2, "the service is healthy", Verdict::Flaky)
        },
    ];
    SmokeReport {
        target: "http://127.0.0.1:8080/".to_owned(),
        revision: Some(RevisionTally { expected: "abc123".to_owned(), named: 5, other: 0, silent: 1 }),
        counts: Counts::of(&checks),
        duration_ms: 1234,
        checks,
    }
}

fn text(format: ReportFormat) -> String {
    write(&report(), format, &Redactor::new(&[Secret::new("hunter2hunter2")]))
}

#[test]
fn junit_has_a_case_for_each_check() {
    insta::assert_snapshot!(text(ReportFormat::Junit));
}

#[test]
fn tap_has_a_line_for_each_check() {
    insta::assert_snapshot!(text(ReportFormat::Tap));
}

#[test]
fn markdown_shows_what_did_not_pass() {
    insta::assert_snapshot!(text(ReportFormat::Markdown));
}

#[test]
fn the_page_is_one_file() {
    insta::assert_snapshot!(text(ReportFormat::Html));
}

#[test]
fn the_report_itself_is_json() {
    let parsed: serde_json::Value = serde_json::from_str(&text(ReportFormat::Json)).expect("it is JSON");
    assert_eq!(parsed["counts"]["fail"], 1);
}

#[test]
fn no_form_shows_a_secret_or_lets_a_text_be_markup() {
    for (name, format) in ReportFormat::ALL {
        let text = text(format);
        assert!(!text.contains("hunter2"), "{name}: {text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\0'), "{name} takes control characters as they are");
        assert_eq!(ReportFormat::parse(name), Some(format));
    }
    for format in [ReportFormat::Junit, ReportFormat::Html] {
        assert!(!text(format).contains("<script"));
    }
    assert_eq!(ReportFormat::parse("pdf"), None);
}

#[test]
fn a_run_without_checks_has_a_text_in_every_form() {
    let empty = SmokeReport { checks: Vec::new(), revision: None, counts: Counts::default(), ..report() };
    let plain = Redactor::default();
    assert!(write(&empty, ReportFormat::Tap, &plain).starts_with("TAP version 14\n1..0\n"));
    assert!(write(&empty, ReportFormat::Junit, &plain).contains("tests=\"0\""));
}
