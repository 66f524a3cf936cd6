//! Captures feed later checks, and secrets stay out of everything that is told. How text is masked is the core's.

use std::collections::BTreeMap;

use plimsoll_core::{Redactor, Secret};
use plimsoll_smoke::{Options, Verdict};

use crate::server::{Reply, Server};
use crate::{assert_report, run_at, run_with};

const LOGIN: &str = r#"
[[check]]
name = "an administrator can log in"
request = { method = "POST", path = "/login", json = { password = "{{ ADMIN_PASSWORD }}" } }
expect = { status = 200 }
effect = "read"
capture = { token = "$.token", id = "$.id" }
secret_captures = ["token"]

[[check]]
name = "the administrator is known"
request = { path = "/users/{{ id }}", headers = { x-token = "{{ token }}" }, query = { key = "{{ ADMIN_PASSWORD }}" } }
expect = { json = { "$.id" = "{{ id }}", "$.echo" = "something else" } }
"#;

#[test]
fn captures_feed_later_checks_and_secrets_are_told_to_nobody() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => Reply::json(200, r#"{"token": "captured-token", "id": 42}"#),
        _ => Reply::json(200, r#"{"id": 42, "echo": "pass word/1 and captured-token"}"#),
    });
    let password = Secret::new("pass word/1");
    let names = BTreeMap::from([("ADMIN_PASSWORD".to_owned(), minijinja::Value::from(password.expose()))]);
    let options = Options { names, redactor: Redactor::new([&password]), ..Options::default() };
    let mut told = String::new();
    let report = run_with(&server.url(), LOGIN, &options, &mut |event| told.push_str(&format!("{event:?}")));

    let requests = server.requests();
    assert_eq!(requests[0].body, r#"{"password":"pass word/1"}"#);
    assert_eq!(requests[1].path, "/users/42?key=pass+word%2F1");
    assert_eq!(requests[1].header("x-token"), Some("captured-token"));

    assert_report("secrets", &report);
    told.push_str(&serde_json::to_string(&report).expect("a report serializes"));
    for secret in ["pass word/1", "pass+word", "pass%20word", "captured-token"] {
        assert!(!told.contains(secret), "{secret} was told");
    }
}

#[test]
fn a_secret_in_the_very_answer_that_fails_is_masked() {
    let server = Server::start(|_| Reply::json(200, r#"{"token": "captured-token", "id": 42}"#));
    let text = LOGIN.replace("{{ ADMIN_PASSWORD }}", "x").replace("status = 200", "json = { '$.token' = 'other' }");
    let report = run_at(&server.url(), &text);
    assert_eq!(report.checks[0].summary().as_deref(), Some("json $.token: expected \"other\", found \"***\""));
    assert!(!format!("{report:?}").contains("captured-token"));
}

#[test]
fn the_password_of_a_base_url_is_sent_and_not_told() {
    let server = Server::start(|_| Reply::json(500, "{}"));
    let url = server.url().replace("http://", "http://user:sesame-1@");
    let report = run_at(&url, "[[check]]\nname = 'a'\nrequest = { path = '/' }\n");
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic dXNlcjpzZXNhbWUtMQ=="));
    assert!(!format!("{report:?}").contains("sesame-1"));
}

#[test]
fn a_value_that_an_answer_does_not_have_fails_its_check_and_skips_the_next() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let text = LOGIN.replace("{{ ADMIN_PASSWORD }}", "x");
    let report = run_at(&server.url(), &text);
    assert_eq!(report.checks.iter().map(|check| check.verdict).collect::<Vec<_>>(), [Verdict::Fail, Verdict::Skip]);
    assert_eq!(
        report.checks[0].summary().as_deref(),
        Some("capture token: expected a value at $.token, found nothing")
    );
}

#[test]
fn every_credential_that_the_curl_line_hides_is_masked_in_the_answer_too() {
    let server = Server::start(|_| Reply::json(400, "key-in-clear cookie-in-clear proxy-in-clear raw-in-clear true"));
    let text = "[[check]]\nname = 'a'\n\
                request = { path = '/', headers = { X-Api-Key = 'key-in-clear', Proxy-Authorization = 'Basic proxy-in-clear', \
                Cookie = 'a=raw-in-clear; b=true' }, cookies = { s = 'cookie-in-clear', on = 'true' } }\n";
    let report = run_at(&server.url(), text);
    assert_eq!(report.checks[0].answer.as_deref(), Some("*** *** *** *** true"));
    assert!(!format!("{report:?}").contains("in-clear"), "{report:?}");
}
