//! The revision that answers: proved by every check, and waited for. Other expectations are in `answers.rs`.

use std::cell::Cell;
use std::time::Duration;

use plimsoll_core::{Coded as _, ErrorCode, Redactor};
use plimsoll_smoke::{
    Await, AwaitError, Event, Options, Revision, RevisionSource, SmokeReport, Target, await_revision,
};

use crate::server::{Incoming, Reply, Server, free_address};
use crate::{plan_of, wrongs};

const THREE: &str = r#"
[[check]]
name = "one"
request = { path = "/one" }
[[check]]
name = "two"
request = { path = "/two" }
[[check]]
name = "three"
request = { path = "/three" }
any_revision = true
"#;

fn header() -> Revision {
    Revision { expected: "new".to_owned(), source: RevisionSource::Header("x-revision".to_owned()) }
}

fn json() -> Revision {
    Revision { expected: "new".to_owned(), source: RevisionSource::Json("$.revision".to_owned()) }
}

fn run(server: &Server, revision: Revision) -> SmokeReport {
    let target = Target { base_url: server.url(), revision: Some(revision) };
    let options = Options::default();
    plimsoll_smoke::run(&plan_of(THREE, &options), &target, &options, &mut |_| {}).expect("the run starts")
}

fn named(revision: &str) -> Reply {
    Reply::json(200, &format!(r#"{{"revision": "{revision}"}}"#)).with("x-revision", revision)
}

fn wait(
    base_url: &str,
    revision: &Revision,
    within_ms: u64,
    events: &mut dyn FnMut(&Event),
) -> Result<u32, AwaitError> {
    let redactor = Redactor::default();
    let how = Await::new("/health", Duration::from_millis(within_ms), &redactor);
    await_revision(base_url, revision, &how, events).map(|proof| proof.in_a_row)
}

#[test]
fn an_answer_of_the_old_revision_fails_a_check_that_would_pass() {
    let server = Server::start(|request| named(if request.path == "/two" { "old" } else { "new" }));
    let report = run(&server, header());
    assert_eq!(wrongs(&report), ["FAIL revision: expected `new`, found `old`"]);
    let tally = report.revision.clone().expect("a revision was expected");
    assert_eq!((tally.named, tally.other, tally.silent), (1, 1, 0));
    assert_eq!(report.into_result().expect_err("it failed").code(), ErrorCode::RevisionMismatch);
}

#[test]
fn an_answer_without_the_header_proves_nothing() {
    let server = Server::start(|request| if request.path == "/two" { Reply::json(200, "{}") } else { named("new") });
    assert_eq!(wrongs(&run(&server, header())), ["FAIL revision: expected `new`, found none in header x-revision"]);
}

#[test]
fn a_json_revision_is_held_against_the_answers_that_have_one() {
    let server = Server::start(|request| match request.path.as_str() {
        "/one" => named("new"),
        _ => Reply::json(200, "[]"),
    });
    let report = run(&server, json());
    assert!(report.passed(), "{report:?}");
    assert_eq!(report.revision.map(|tally| (tally.named, tally.silent)), Some((1, 1)));
}

#[test]
fn a_revision_is_there_when_it_answers_three_times_in_a_row() {
    // A balancer that still sends some requests to the old one.
    let mixed = |request: &Incoming| match request.nth {
        1 | 4 | 6 => named("old"),
        _ => named("new"),
    };
    for revision in [header(), json()] {
        let server = Server::start(mixed);
        let mut told = Vec::new();
        let proof = wait(&server.url(), &revision, 20_000, &mut |event| {
            told.push(match event {
                Event::RevisionSeen { in_a_row, needed } => format!("{in_a_row}/{needed}"),
                Event::RevisionAwaited { instead, .. } => instead.clone(),
                other => format!("{other:?}"),
            });
        });
        assert_eq!(proof.expect("it comes"), 3);
        let old = "revision `old` with status 200";
        assert_eq!(told, [old, "1/3", "2/3", old, "1/3", old, "1/3", "2/3", "3/3"]);
        let connections: std::collections::BTreeSet<_> =
            server.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections.len(), 9, "every question has a connection of its own");
    }
}

#[test]
fn the_revision_that_answers_instead_is_named() {
    let server = Server::start(|_| named("old"));
    let error = wait(&server.url(), &header(), 100, &mut |_| {}).expect_err("the old one stays");
    assert_eq!(error.code(), ErrorCode::RevisionMismatch);
    let text = error.to_string();
    assert!(text.starts_with("revision `new` did not answer within "), "{text}");
    assert!(text.ends_with("instead: revision `old` with status 200"), "{text}");
}

#[test]
fn the_right_revision_with_an_unhealthy_status_is_not_there_yet() {
    let server = Server::start(|_| Reply::json(503, "{}").with("x-revision", "new"));
    let error = wait(&server.url(), &header(), 50, &mut |_| {}).expect_err("it is not well");
    assert!(error.to_string().ends_with("revision `new` with status 503"), "{error}");
}

#[test]
fn nothing_that_answers_is_not_a_wrong_revision() {
    let error = wait(&format!("http://{}", free_address()), &header(), 50, &mut |_| {}).expect_err("nothing listens");
    assert_eq!(error.code(), ErrorCode::SmokeUnmeasured);
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[test]
fn the_caller_may_end_the_waiting() {
    let server = Server::start(|_| named("old"));
    let (redactor, asked) = (Redactor::default(), Cell::new(0));
    let alive = || asked.replace(asked.get() + 1) < 2;
    let how = Await { go_on: &alive, ..Await::new("/health", Duration::from_secs(60), &redactor) };
    let error = await_revision(&server.url(), &header(), &how, &mut |_| {}).expect_err("the process died");
    assert!(matches!(error, AwaitError::GivenUp { .. }), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_question_that_was_lost_on_a_connection_of_its_own_is_not_asked_again() {
    let server = Server::start(|request| match (request.path.as_str(), request.nth) {
        ("/two", 1) => Reply::Die,
        _ => named("new"),
    });
    let found = wrongs(&run(&server, header()));
    assert!(found.len() == 1 && found[0].starts_with("ERROR connection lost before an answer"), "{found:?}");
    assert_eq!(server.requests().iter().filter(|request| request.path == "/two").count(), 1);
}

#[test]
fn what_takes_back_is_held_to_no_revision() {
    let text = "[[check]]\nname = 'a book is made'\nrequest = { method = 'POST', path = '/books' }\n\
                cleanup = { request = { method = 'DELETE', path = '/books/1' } }\n\
                [[cleanup]]\nname = 'the shelf goes'\nrequest = { method = 'DELETE', path = '/books' }\n";
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { journal: Some(folder.path().join("journal.jsonl")), ..Options::default() };
    let server = Server::start(|request| match (request.method.as_str(), request.path.as_str(), request.nth) {
        ("DELETE", "/books/1", 1) => Reply::json(500, "{}"),
        ("DELETE", ..) => Reply::json(200, "{}"),
        _ => named("new"),
    });
    let run = |text: &str| {
        let target = Target { base_url: server.url(), revision: Some(header()) };
        plimsoll_smoke::run(&plan_of(text, &options), &target, &options, &mut |_| {}).expect("the run starts")
    };
    assert_eq!(wrongs(&run(text)), ["FAIL status: expected a status of success, found 500"]);
    let reads = "[[check]]\nname = 'books are listed'\nrequest = { path = '/books' }\n";
    assert_eq!(wrongs(&run(reads)), [""; 0], "what was left is held to none either");
}
