//! What is sent again, what never is, and what ends it. The rules alone are tested beside `retry.rs`.

use std::time::Duration;

use plimsoll_smoke::{Event, Options, Verdict};

use crate::server::{Reply, Server, free_address};
use crate::{run_at, run_with, wrongs};

fn retried(method: &str) -> String {
    format!("[[check]]\nname = 'a'\nrequest = {{ method = '{method}', path = '/a' }}\nretry = {{ for = '20s' }}\n")
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
