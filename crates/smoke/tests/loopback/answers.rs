//! Answers that look right and are not: pages, redirects, cut and slow bodies. When they are asked again is in `repeating.rs`.

use std::time::Duration;

use plimsoll_smoke::Options;

use crate::server::{Reply, Server};
use crate::{run_at, run_with, wrongs};

fn one(request: &str, expect: &str) -> String {
    format!("[[check]]\nname = 'a'\neffect = 'read'\nrequest = {{ {request} }}\nexpect = {{ {expect} }}\n")
}

#[test]
fn a_page_where_json_is_expected_fails_and_shows_its_title() {
    let server = Server::start(|_| Reply::html("Welcome to nginx!"));
    let report = run_at(&server.url(), &one("path = '/api'", "status = 200, json = { '$.ok' = true }"));
    assert_eq!(
        wrongs(&report),
        ["FAIL json: expected a JSON body, found an HTML page with the title \"Welcome to nginx!\""]
    );
}

#[test]
fn a_redirect_to_a_login_page_is_not_success() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => Reply::html("Sign in"),
        "/old" => Reply::redirect("/new"),
        "/new" => Reply::json(200, "{}"),
        _ => Reply::redirect("/login"),
    });
    assert_eq!(
        wrongs(&run_at(&server.url(), &one("path = '/admin'", ""))),
        ["FAIL status: expected a status of success, found 302 to /login"]
    );
    assert_eq!(server.requests().len(), 1, "the redirect was not followed");
    let followed = run_at(&server.url(), &one("path = '/admin', redirects = 10", "status = 200, url = '/admin'"));
    assert_eq!(wrongs(&followed), [format!("FAIL final URL: expected /admin, found {}/login", server.url())]);
    let right = run_at(&server.url(), &one("path = '/old', redirects = 10", "url = '/new'"));
    assert!(right.passed(), "{right:?}");
}

#[test]
fn a_truncated_body_never_passes_even_when_only_the_status_is_expected() {
    let server =
        Server::start(|_| Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\": true}".to_owned()));
    let report = run_at(&server.url(), &one("path = '/'", "status = 200"));
    let found = wrongs(&report);
    assert!(found[0].starts_with("ERROR answer cut short"), "{found:?}");
}

#[test]
fn a_body_that_stops_half_way_is_given_up_in_time() {
    let server = Server::start(|_| Reply::RawThenSilence("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_owned()));
    let options = Options { timeout: Duration::from_millis(200), ..Options::default() };
    let report = run_with(&server.url(), &one("path = '/'", ""), &options, &mut |_| {});
    assert_eq!(wrongs(&report), ["ERROR no complete answer in time (not complete within 200ms)"]);
    assert!(report.duration_ms < 5_000);
}

#[test]
fn a_slow_answer_is_measured_and_fails() {
    let server = Server::start(|_| Reply::Late(Duration::from_millis(60), Box::new(Reply::json(200, "{}"))));
    let report = run_at(&server.url(), &one("path = '/'", "within = '20ms'"));
    let found = wrongs(&report);
    assert!(found[0].starts_with("FAIL time: expected within 20ms, found "), "{found:?}");
}

#[test]
fn a_body_beyond_the_limit_is_not_read() {
    let server = Server::start(|_| Reply::json(200, &"x".repeat(5_000)));
    let options = Options { body_limit: 1_000, ..Options::default() };
    let report = run_with(&server.url(), &one("path = '/'", ""), &options, &mut |_| {});
    assert_eq!(wrongs(&report), ["ERROR answer too large (more than 1000 bytes)"]);
}

#[test]
fn a_chunked_answer_and_a_byte_order_mark_are_read() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n\u{feff}{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n";
    let server = Server::start(move |_| Reply::Raw(chunked.to_owned()));
    let report = run_at(&server.url(), &one("path = '/'", "json = { '$.a' = 1 }"));
    assert!(report.passed(), "{report:?}");
}

#[test]
fn a_garbled_answer_cannot_be_measured() {
    let server = Server::start(|_| Reply::Raw("SSH-2.0-OpenSSH_9.6\r\n".to_owned()));
    let report = run_at(&server.url(), &one("path = '/'", ""));
    let found = wrongs(&report);
    assert!(found[0].starts_with("ERROR "), "{found:?}");
}

#[test]
fn what_was_declared_is_what_arrives() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let text =
        one("method = 'PATCH', path = '/a b', query = { q = 'ä&b' }, json = { n = 1 }, headers = { x-a = 'v' }", "");
    assert!(run_at(&server.url(), &text).passed());
    let requests = server.requests();
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("PATCH", "/a%20b?q=%C3%A4%26b"));
    assert_eq!((request.header("content-type"), request.body.as_str()), (Some("application/json"), r#"{"n":1}"#));
    assert_eq!((request.header("x-a"), request.header("cache-control")), (Some("v"), Some("no-cache")));
}
