//! One run with every verdict, and what ends or orders a run. How answers are judged is in `answers.rs`.

use std::time::Duration;

use plimsoll_core::{Coded as _, ErrorCode};
use plimsoll_smoke::{Event, Options, Verdict};

use crate::server::{Reply, Server};
use crate::{assert_report, run_at, run_with, wrongs};

const EVERY_VERDICT: &str = r#"
[[check]]
name = "it passes"
request = { path = "/ok" }
expect = { json = { "$.ok" = true } }

[[check]]
name = "it warns"
level = "warn"
request = { path = "/ok" }
expect = { json = { "$.items" = { length = 3 } } }

[[check]]
name = "it fails"
request = { path = "/ok", query = { page = "1" }, headers = { accept = "application/json" } }
expect = { status = 201, headers = { "x-kind" = "b" }, json = { "$.ok" = false, "$.missing" = { exists = true } } }
capture = { id = "$.id" }

[[check]]
name = "it cannot be measured"
request = { method = "PUT", path = "/dies", json = { a = 1 } }
effect = "read"

[[check]]
name = "it is skipped"
request = { path = "/things/{{ id }}" }

[[check]]
name = "it is flaky"
request = { path = "/second-time" }
retry = { for = "20s" }
"#;

fn service() -> Server {
    Server::start(|request| match request.path.split('?').next() {
        Some("/ok") => Reply::json(200, r#"{"ok": true, "items": [1, 2]}"#).with("x-kind", "a"),
        Some("/dies") => Reply::Die,
        Some("/second-time") if request.nth == 1 => Reply::json(503, r#"{"starting": true}"#),
        Some("/second-time") => Reply::json(200, "{}"),
        _ => Reply::json(404, "{}"),
    })
}

#[test]
fn every_verdict_is_reported_with_its_reason() {
    let server = service();
    let report = run_at(&server.url(), EVERY_VERDICT);
    assert_report("every_verdict", &report);
    assert_eq!(report.headline(), "smoke checks: 1 passed, 1 flaky, 1 warned, 1 failed, 1 not measured, 1 skipped");
    assert_eq!(report.first_failure().map(|check| check.name.as_str()), Some("it fails"));
    let error = report.into_result().expect_err("a check failed");
    assert_eq!(error.code(), ErrorCode::SmokeFailed);
    assert_eq!(error.location().map(|at| at.line), Some(14));
}

#[test]
fn the_events_tell_the_run_as_it_goes() {
    let server = service();
    let mut told = Vec::new();
    run_with(&server.url(), EVERY_VERDICT, &Options::default(), &mut |event| {
        told.push(match event {
            Event::RunStarted { checks } => format!("{checks} checks"),
            Event::CheckStarted { number, name } => format!("{number} {name}"),
            Event::AttemptFailed { attempt, why, next_in_ms, .. } => {
                assert!((50..=100).contains(next_in_ms), "{next_in_ms}");
                format!("  {attempt}: {why}, again")
            }
            Event::LeftoversFound { number, .. } => format!("{number} left"),
            Event::CheckFinished { number, report } => format!("{number} {}", report.verdict.as_str()),
            Event::RunFinished { counts } => format!("{} passed", counts.pass),
            Event::RevisionAwaited { .. } | Event::RevisionSeen { .. } => "revision".to_owned(),
        });
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_could_not_be_measured_never_passes() {
    let server = service();
    let report = run_at(&server.url(), "[[check]]\nname = 'a'\nrequest = { path = '/dies' }\n");
    assert!(!report.passed());
    assert_eq!(report.into_result().expect_err("nothing is known").code(), ErrorCode::SmokeUnmeasured);
}

#[test]
fn a_warning_does_not_stop_what_needs_it() {
    let server = service();
    let text = r#"
[[check]]
name = "first"
level = "warn"
request = { path = "/ok" }
expect = { json = { "$.ok" = false } }
capture = { second = "$.items[1]" }

[[check]]
name = "second"
request = { path = "/ok", query = { n = "{{ second }}" } }
expect = { json = { "$.items[1]" = "{{ second }}" } }
"#;
    let report = run_at(&server.url(), text);
    assert_eq!(report.checks.iter().map(|check| check.verdict).collect::<Vec<_>>(), [Verdict::Warn, Verdict::Pass]);
    assert!(report.passed());
}

#[test]
fn a_run_may_stop_at_the_first_failure() {
    let server = service();
    let options = Options { stop_at_first: true, ..Options::default() };
    let report = run_with(&server.url(), EVERY_VERDICT, &options, &mut |_| {});
    let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict.as_str()).collect();
    assert_eq!(verdicts, ["PASS", "WARN", "FAIL", "SKIP", "SKIP", "SKIP"]);
    assert_eq!(wrongs(&report).last().map(String::as_str), Some("SKIP stopped after `it fails`"));
}

#[test]
fn checks_that_the_run_has_no_time_for_are_errors() {
    let server = Server::start(|_| Reply::RawThenSilence(String::new()));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/a' }\n[[check]]\nname = 'b'\nrequest = { path = '/b' }\n";
    let options = Options { deadline: Some(Duration::from_millis(400)), ..Options::default() };
    let report = run_with(&server.url(), text, &options, &mut |_| {});
    let found = wrongs(&report);
    assert!(found[0].starts_with("ERROR no complete answer in time (not complete within "), "{found:?}");
    assert_eq!(found[1], "ERROR time of the whole run used up");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn connections_are_kept_except_for_what_changes_something() {
    let server = service();
    let check = |number: usize, method: &str| {
        format!("[[check]]\nname = '{number}'\neffect = 'read'\nrequest = {{ method = '{method}', path = '/ok' }}\n")
    };
    let text: String = ["GET", "GET", "PUT", "POST", "PATCH", "GET"]
        .iter()
        .enumerate()
        .map(|(number, method)| check(number, method))
        .collect();
    let report = run_at(&server.url(), &text);
    assert!(report.passed(), "{report:?}");
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1, 2, 3, 4, 1]);
}

#[test]
fn a_kept_connection_that_the_server_has_closed_is_not_held_against_it() {
    let closing = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let server = Server::start(move |_| Reply::Raw(closing.to_owned()));
    let text: String =
        (0..20).map(|number| format!("[[check]]\nname = '{number}'\nrequest = {{ path = '/' }}\n")).collect();
    let report = run_at(&server.url(), &text);
    assert_eq!((report.counts.pass, server.requests().len()), (20, 20), "{:?}", wrongs(&report));
}

#[test]
fn what_needs_a_check_that_failed_is_not_sent_and_not_taken_back() {
    let server = service();
    let text = "[[check]]\nname = 'a'\ntcp = { address = '127.0.0.1:1' }\n\
                [[check]]\nname = 'b'\nneeds = ['a']\nrequest = { method = 'POST', path = '/ok' }\n\
                cleanup = { request = { method = 'DELETE', path = '/ok' } }\n";
    let found = wrongs(&run_at(&server.url(), text));
    assert_eq!(
        found,
        [
            "FAIL error: expected nothing, found \"127.0.0.1:1: connection refused\"",
            "SKIP `a` did not pass",
            "SKIP nothing of `b` was sent",
        ]
    );
    assert!(server.requests().is_empty());
}

#[test]
fn checks_wait_for_the_setup_of_their_file_and_its_cleanup_runs_whatever_happened() {
    let server = service();
    let text = "[[cleanup]]\nname = 'after'\nrequest = { path = '/ok' }\n\
                [[check]]\nname = 'main'\nrequest = { path = '/ok' }\n\
                [[setup]]\nname = 'before'\nrequest = { path = '/missing' }\n";
    let options = Options { stop_at_first: true, ..Options::default() };
    let report = run_with(&server.url(), text, &options, &mut |_| {});
    let told: Vec<_> = report.checks.iter().map(|check| (check.name.as_str(), check.verdict)).collect();
    assert_eq!(told, [("before", Verdict::Fail), ("main", Verdict::Skip), ("after", Verdict::Pass)]);
}
