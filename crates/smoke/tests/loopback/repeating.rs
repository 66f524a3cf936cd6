//! What is sent again, what never is, and what ends it. The rules alone are tested beside `retry.rs`.

use std::time::Duration;

use plimsoll_smoke::{Event, Options, Verdict};

use crate::server::{Reply, Server, free_address};
use crate::{run_at, run_with, wrongs};

fn retried(method: &str) -> String {
    format!(
        "[[check]]\nname = 'a'\nleaves = 'a row'\nrequest = {{ method = '{method}', path = '/a' }}\nretry = {{ for = '20s' }}\n"
    )
}

/// Starts the server at the first failed attempt, so nothing depends on time.
fn refused_then_up(text: &str, options: &Options) -> (plimsoll_smoke::SmokeReport, usize) {
    let address = free_address();
    let mut server = None;
    let report = run_with(&format!("http://{address}"), text, options, &mut |event| {
        if let Event::AttemptFailed { why, .. } = event {
            assert!(why.starts_with("connection refused"), "{why}");
            server.get_or_insert_with(|| Server::at(address, |_| Reply::json(200, "{}")));
        }
    });
    let requests = server.expect("an attempt failed first").requests().len();
    (report, requests)
}

#[test]
fn a_service_that_is_not_up_yet_is_waited_for() {
    for method in ["GET", "POST"] {
        let (report, requests) = refused_then_up(&retried(method), &Options::default());
        assert_eq!((report.checks[0].verdict, requests), (Verdict::Flaky, 1), "{method}");
        let first = report.checks[0].first_attempt.as_deref().unwrap_or_default();
        assert!(first.starts_with("connection refused"), "{first}");
    }
}

#[test]
fn patience_waits_for_a_service_whose_checks_declare_no_retry() {
    let options = Options { patience: Duration::from_secs(20), ..Options::default() };
    let (report, requests) = refused_then_up("[[check]]\nname = 'a'\nrequest = { path = '/' }\n", &options);
    assert_eq!((report.checks[0].verdict, requests), (Verdict::Flaky, 1));
}

#[test]
fn without_a_retry_a_check_is_sent_once() {
    let server = Server::start(|_| Reply::json(503, "{}"));
    let report = run_at(&server.url(), "[[check]]\nname = 'a'\nrequest = { path = '/' }\n");
    assert_eq!((report.checks[0].attempts, server.requests().len()), (1, 1));
}

#[test]
fn a_post_that_may_have_arrived_is_never_sent_again() {
    let broken: [fn() -> Reply; 4] = [
        || Reply::Die,
        || Reply::json(500, "{}"),
        || Reply::json(503, "{}"),
        || Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_owned()),
    ];
    for method in ["POST", "PATCH"] {
        for reply in broken {
            let server = Server::start(move |_| reply());
            let report = run_at(&server.url(), &retried(method));
            assert_eq!(server.requests().len(), 1, "{method}");
            assert!(!report.passed());
        }
    }
}

#[test]
fn a_get_on_a_dying_connection_is_sent_again() {
    let server = Server::start(|request| if request.nth < 3 { Reply::Die } else { Reply::json(200, "{}") });
    let report = run_at(&server.url(), &retried("GET"));
    assert_eq!((report.checks[0].verdict, report.checks[0].attempts), (Verdict::Flaky, 3));
}

#[test]
fn an_answer_that_is_not_yet_as_expected_is_asked_for_again_until_the_deadline() {
    let server = Server::start(|_| Reply::json(200, r#"{"state": "pending"}"#));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpect = { json = { '$.state' = 'done' } }\n\
                retry = { for = '600ms' }\n";
    let report = run_at(&server.url(), text);
    assert_eq!(wrongs(&report), ["FAIL json $.state: expected \"done\", found \"pending\""]);
    assert_eq!(report.checks[0].attempts as usize, server.requests().len());
    assert!(report.checks[0].attempts > 1 && report.duration_ms >= 600, "{report:?}");
}

#[test]
fn a_state_that_is_final_ends_the_waiting() {
    let server = Server::start(|_| Reply::json(200, r#"{"state": "failed"}"#));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpect = { json = { '$.state' = 'done' } }\n\
                retry = { for = '5m', abort_if = { '$.state' = 'failed' } }\n";
    let report = run_at(&server.url(), text);
    assert_eq!((report.checks[0].verdict, server.requests().len()), (Verdict::Fail, 1));
    assert_eq!(report.checks[0].stopped_on.as_deref(), Some("$.state is \"failed\""));
}

#[test]
fn a_server_that_says_when_to_come_back_is_not_asked_before() {
    for status in [429, 503] {
        let asked = std::sync::Mutex::new(Vec::new());
        let asked = std::sync::Arc::new(asked);
        let times = std::sync::Arc::clone(&asked);
        let server = Server::start(move |request| {
            times.lock().expect("no test panicked with the times").push(std::time::Instant::now());
            if request.nth == 1 { Reply::json(status, "{}").with("retry-after", "1") } else { Reply::json(200, "{}") }
        });
        let report = run_at(&server.url(), &retried("GET"));
        assert_eq!((report.checks[0].verdict, report.checks[0].attempts), (Verdict::Flaky, 2), "{status}");
        let asked = asked.lock().expect("no test panicked with the times").clone();
        assert!(asked[1] - asked[0] >= Duration::from_secs(1), "{status}");
    }
}

#[test]
fn a_server_that_wants_more_time_than_there_is_is_asked_at_the_deadline_once_more() {
    let server = Server::start(|_| Reply::json(503, "{}").with("retry-after", "3600"));
    let report = run_at(&server.url(), &retried("GET").replace("20s", "500ms"));
    assert_eq!((report.checks[0].verdict, server.requests().len()), (Verdict::Fail, 2));
    assert!((500..5_000).contains(&report.duration_ms), "{}", report.duration_ms);
}

#[test]
fn a_suite_ends_at_its_deadline_and_its_cleanup_runs_nevertheless() {
    let server = Server::start(|request| match request.path.as_str() {
        "/slow" => Reply::json(503, r#"{"state": "pending"}"#),
        _ => Reply::json(200, "{}"),
    });
    let text = "[suite]\ndeadline = '400ms'\n\
                [[check]]\nname = 'slow'\nrequest = { path = '/slow' }\nretry = { for = '5m' }\n\
                [[check]]\nname = 'late'\nrequest = { path = '/' }\n\
                [[cleanup]]\nname = 'swept'\nrequest = { method = 'DELETE', path = '/' }\n";
    let report = run_at(&server.url(), text);
    let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Error, Verdict::Pass], "{:?}", wrongs(&report));
    assert!(report.duration_ms < 5_000, "{}", report.duration_ms);
}

#[test]
fn the_first_and_the_last_error_are_both_told() {
    let server = Server::start(|request| if request.nth == 1 { Reply::Die } else { Reply::json(500, "{}") });
    let report = run_at(&server.url(), &retried("GET").replace("20s", "300ms"));
    let check = &report.checks[0];
    let first = check.first_attempt.as_deref().unwrap_or_default();
    assert!(first.starts_with("connection lost before an answer"), "{first}");
    assert_eq!(check.summary().as_deref(), Some("status: expected a status of success, found 500"));
}
