//! What checks made is taken back, whatever came of them. What a killed run left is in `crashes.rs`.

use plimsoll_smoke::{Options, Selection, SmokeReport, Target, Verdict};
use std::path::Path;

use crate::server::{Reply, Server, free_address};
use crate::{run_at, run_with, wrongs};

pub(crate) const BOOK: &str = r#"
[[check]]
name = "a book is accepted"
request = { method = "POST", path = "/books", json = { title = "{{ uuid }}" } }
capture = { id = "$.id" }
cleanup = { request = { method = "DELETE", path = "/books/{{ id }}", headers = { x-key = "{{ uuid }}" } }, expect = { status = [204, 404] } }
"#;

/// Keeps books: a POST makes one with the number of the request.
pub(crate) fn shelf(request: &crate::server::Incoming) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/books") => Reply::json(201, &format!(r#"{{"id": {}}}"#, request.nth)),
        ("POST", "/refuses") => Reply::json(400, r#"{"error": "no title"}"#),
        ("DELETE", "/books/stays") => Reply::json(500, "{}"),
        ("DELETE", _) => Reply::Answer { status: 204, headers: Vec::new(), body: String::new() },
        ("GET", path) if path.starts_with("/books") => Reply::json(200, "{}"),
        _ => Reply::json(404, "{}"),
    }
}

fn told(report: &SmokeReport) -> Vec<String> {
    report.checks.iter().map(|check| format!("{} {}", check.verdict.as_str(), check.name)).collect()
}

fn asked(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn what_checks_made_is_taken_back_at_the_end_the_last_first() {
    let server = Server::start(shelf);
    let second = BOOK.replace("a book", "another book").replace("id }}", "other }}").replace("id = ", "other = ");
    let reads = "[[check]]\nname = 'it is there'\nrequest = { path = '/books/{{ id }}' }\n\
                 [[cleanup]]\nname = 'the shelf is swept'\nrequest = { method = 'DELETE', path = '/books' }\n";
    let report = run_at(&server.url(), &[BOOK, &second.replace("uuother", "uuid"), reads].concat());
    assert_eq!(
        told(&report),
        [
            "PASS a book is accepted",
            "PASS another book is accepted",
            "PASS it is there",
            "PASS cleanup of another book is accepted",
            "PASS cleanup of a book is accepted",
            "PASS the shelf is swept",
        ],
        "{:?}",
        wrongs(&report)
    );
    let sequence =
        ["POST /books", "POST /books", "GET /books/1", "DELETE /books/2", "DELETE /books/1", "DELETE /books"];
    assert_eq!(asked(&server), sequence);
    let requests = server.requests();
    let key = requests[4].header("x-key").expect("the key of the first");
    assert!(requests[0].body.contains(key), "the id of a check is that of its cleanup");
}

#[test]
fn a_check_that_failed_is_cleaned_up_after_too() {
    let server = Server::start(shelf);
    let failing = BOOK.replace("capture", "expect = { status = 200 }\ncapture");
    let options = Options { stop_at_first: true, ..Options::default() };
    let report = run_with(&server.url(), &failing, &options, &mut |_| {});
    assert_eq!(told(&report), ["FAIL a book is accepted", "PASS cleanup of a book is accepted"]);
    assert_eq!(asked(&server), ["POST /books", "DELETE /books/1"]);
}

#[test]
fn a_cleanup_that_fails_fails_the_run() {
    let server = Server::start(shelf);
    let report = run_at(&server.url(), &BOOK.replace("{{ id }}", "stays"));
    assert_eq!(told(&report), ["PASS a book is accepted", "FAIL cleanup of a book is accepted"]);
    assert!(!report.passed());
}

#[test]
fn what_was_never_made_is_not_taken_back() {
    let refused = run_at(&format!("http://{}", free_address()), BOOK);
    assert_eq!(wrongs(&refused)[1], "SKIP nothing of `a book is accepted` was sent");
    let server = Server::start(shelf);
    let rejected = run_at(&server.url(), &BOOK.replace("path = \"/books\"", "path = \"/refuses\""));
    let reason = "SKIP `id` was not captured: look whether something was left, and take it back by hand";
    assert_eq!(wrongs(&rejected)[1], reason);
    assert_eq!(asked(&server), ["POST /refuses"]);
}

#[test]
fn checks_that_change_something_are_skipped_where_only_looking_is_allowed() {
    let server = Server::start(shelf);
    let reads = "[[check]]\nname = 'books are listed'\nrequest = { path = '/books' }\n";
    let suites = plimsoll_smoke::parse(Path::new("a.toml"), &[BOOK, reads].concat()).expect("the checks are right");
    let plan = plimsoll_smoke::plan(&suites, &Selection { read_only: true, ..Selection::default() }).expect("a plan");
    assert!(plan.to_string().contains("skipped: it changes something, and the environment is protected"), "{plan}");
    let only = plimsoll_smoke::parse(Path::new("a.toml"), BOOK).expect("the checks are right");
    let nothing = plimsoll_smoke::plan(&only, &Selection { read_only: true, ..Selection::default() });
    assert!(nothing.expect_err("nothing would be proved").to_string().starts_with("all selected checks change"));
    let target = Target { base_url: server.url(), revision: None };
    let report = plimsoll_smoke::run(&plan, &target, &Options::default(), &mut |_| {}).expect("the run starts");
    let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict).collect();
    assert_eq!(verdicts, [Verdict::Skip, Verdict::Pass, Verdict::Skip]);
    let reason = "SKIP it changes something, and the environment is protected: allow it with `--allow-mutate`";
    assert_eq!(wrongs(&report)[0], reason);
    assert_eq!(asked(&server), ["GET /books"]);
}

const SWEPT: &str = "[[check]]\nname = 'a book is made'\nrequest = { method = 'POST', path = '/books' }\n\
                     expect = { json = { '$.state' = 'new' } }\ncapture = { id = '$.id' }\n\
                     [[cleanup]]\nname = 'the book goes'\nrequest = { method = 'DELETE', path = '/books/{{ id }}' }\n";

#[test]
fn what_a_failed_check_made_is_taken_back_by_its_suite() {
    let server = Server::start(shelf);
    let report = run_at(&server.url(), SWEPT);
    assert_eq!(told(&report), ["FAIL a book is made", "PASS the book goes"], "{:?}", wrongs(&report));
    assert_eq!(asked(&server), ["POST /books", "DELETE /books/1"]);
}

#[test]
fn what_a_suite_cannot_take_back_is_told() {
    let refused = run_at(&format!("http://{}", free_address()), SWEPT);
    assert_eq!(wrongs(&refused)[1], "SKIP nothing of `a book is made` was sent");
    let server = Server::start(shelf);
    let rejected = run_at(&server.url(), &SWEPT.replace("'/books'", "'/refuses'"));
    let reason = "SKIP `id` was not captured: look whether something was left, and take it back by hand";
    assert_eq!(wrongs(&rejected)[1], reason);
    assert_eq!(asked(&server), ["POST /refuses"]);
}
