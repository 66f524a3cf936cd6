//! Redirects that are followed, and what never goes along. Those that are not followed are in `answers.rs`.

use crate::server::{Incoming, Reply, Server};
use crate::{run_at, wrongs};

fn moved(status: u16, to: &str) -> Reply {
    Reply::Answer { status, headers: vec![("location", to.to_owned())], body: String::new() }
}

fn check(request: &str, expect: &str) -> String {
    format!("[[check]]\nname = 'a'\neffect = 'read'\nrequest = {{ {request} }}\nexpect = {{ {expect} }}\n")
}

fn lines(requests: &[Incoming]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {} {}", request.method, request.path, request.body)).collect()
}

#[test]
fn redirects_are_followed_as_often_as_the_check_says_and_counted() {
    let server = Server::start(|request| match request.path.as_str() {
        "/1" => moved(301, "/2"),
        "/2" => moved(308, "3"),
        _ => Reply::json(200, "{}"),
    });
    let at = |redirects: u32, count: u32| {
        check(&format!("path = '/1', redirects = {redirects}"), &format!("url = '/3', redirects = {count}"))
    };
    assert!(run_at(&server.url(), &at(2, 2)).passed());
    assert_eq!(wrongs(&run_at(&server.url(), &at(2, 1))), ["FAIL redirects: expected 1, found 2"]);
    let short = wrongs(&run_at(&server.url(), &at(1, 2)));
    assert_eq!(short, ["FAIL status: expected a status of success, found 308 to 3"]);
}

#[test]
fn a_post_becomes_a_get_where_browsers_do_that_and_stays_one_elsewhere() {
    for (status, expected) in
        [(301, "GET /b "), (302, "GET /b "), (303, "GET /b "), (307, "POST /b x"), (308, "POST /b x")]
    {
        let server = Server::start(move |request| match request.path.as_str() {
            "/a" => moved(status, "/b"),
            _ => Reply::json(200, "{}"),
        });
        let text = check("method = 'POST', path = '/a', body = 'x', redirects = 1", "url = '/b'");
        assert!(run_at(&server.url(), &text).passed());
        assert_eq!(lines(&server.requests()), ["POST /a x", expected], "{status}");
    }
}

#[test]
fn redirects_in_a_circle_are_found_out() {
    let server = Server::start(|request| moved(302, if request.path == "/a" { "/b" } else { "/a" }));
    let report = run_at(&server.url(), &check("path = '/a', redirects = 99", "url = '/a'"));
    let url = server.url();
    assert_eq!(wrongs(&report), [format!("ERROR too many redirects ({url}/b leads back to {url}/a)")]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_same_page_with_a_new_cookie_is_no_circle() {
    let server = Server::start(|request| match request.header("cookie") {
        Some("seen=1") => Reply::json(200, "{}"),
        _ => moved(302, "/a").with("set-cookie", "seen=1"),
    });
    let text = format!("[suite]\ncookies = true\n{}", check("path = '/a', redirects = 3", "url = '/a'"));
    assert!(run_at(&server.url(), &text).passed());
}

#[test]
fn credentials_and_cookies_never_follow_to_another_host() {
    let other = Server::start(|_| Reply::json(200, "{}"));
    let there = format!("{}/there", other.url());
    let server = Server::start(move |request| match request.path.as_str() {
        "/login" => Reply::json(200, "{}").with("set-cookie", "session=jar-cookie; Path=/"),
        "/here" => Reply::json(200, "{}"),
        "/near" => moved(302, "/here"),
        _ => moved(302, &there),
    });
    let request = "headers = { x-token = 'token-header', accept = 'text/plain' }, cookies = { a = 'own-cookie' }, \
                   auth = { basic = { user = 'ann', password = 'pass-word' } }, redirects = 1";
    // Another port is another host here.
    let text = format!(
        "[suite]\ncookies = true\n[[check]]\nname = 'login'\nrequest = {{ path = '/login' }}\n\
         [[check]]\nname = 'near'\nrequest = {{ path = '/near', {request} }}\nexpect = {{ url = '/here' }}\n\
         [[check]]\nname = 'far'\nrequest = {{ path = '/far', {request} }}\nexpect = {{ url = '{}/there' }}\n",
        other.url()
    );
    let report = run_at(&server.url(), &text);
    assert!(report.passed(), "{:?}", wrongs(&report));
    let secrets = ["token-header", "own-cookie", "jar-cookie", "YW5uOnBhc3Mtd29yZA=="];
    let said = |request: &Incoming| format!("{:?}", request.headers);
    for request in server.requests().iter().filter(|request| request.path != "/login") {
        assert!(secrets.iter().all(|secret| said(request).contains(secret)), "{request:?}");
    }
    let far = other.requests();
    assert_eq!(far.len(), 1);
    assert!(secrets.iter().all(|secret| !said(&far[0]).contains(secret)), "{far:?}");
    assert_eq!(far[0].header("accept"), Some("text/plain"));
}

#[test]
fn a_body_does_not_follow_to_another_host() {
    let other = Server::start(|_| Reply::json(200, "{}"));
    let there = other.url();
    let server = Server::start(move |_| moved(307, &there));
    let text = check("method = 'POST', path = '/', json = { password = 'x' }, redirects = 3", "url = '/'");
    let found = wrongs(&run_at(&server.url(), &text));
    assert_eq!(found, [format!("FAIL status: expected a status of success, found 307 to {}", other.url())]);
    assert!(other.requests().is_empty());
}

#[test]
fn a_login_page_behind_a_redirect_is_seen_by_its_url() {
    let server = Server::start(|request| match request.path.as_str() {
        "/admin" => moved(302, "/login?next=/admin"),
        _ => Reply::html("Sign in"),
    });
    let found =
        wrongs(&run_at(&server.url(), &check("path = '/admin', redirects = 5", "status = 200, url = '/admin'")));
    assert_eq!(found, [format!("FAIL final URL: expected /admin, found {}/login?next=/admin", server.url())]);
}
