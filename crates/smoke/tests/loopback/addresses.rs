//! All addresses of a name, or one of them. One machine has many on its loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use plimsoll_core::Redactor;
use plimsoll_smoke::{Await, Options, Revision, RevisionSource, Target, await_revision};

use crate::server::{Reply, Server};
use crate::{plan_of, run_at, run_with, wrongs};

const BOTH: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))];

/// Two instances of a service, at one port of two addresses.
fn pair(
    first: impl Fn() -> Reply + Send + Sync + 'static,
    second: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Server, Server) {
    let first = Server::start(move |_| first());
    let second = Server::at(SocketAddr::new(BOTH[1], first.port()), move |_| second());
    (first, second)
}

#[test]
fn one_address_stands_for_a_name_wherever_it_leads() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', resolve = '127.0.0.1' }\n";
    let report = run_at(&format!("http://service.invalid:{}", server.port()), text);
    assert!(report.passed(), "{:?}", wrongs(&report));
    assert_eq!(server.requests()[0].header("host"), Some(format!("service.invalid:{}", server.port()).as_str()));
}

#[test]
fn every_address_of_a_name_is_asked_and_the_one_that_fails_is_named() {
    let (first, second) = pair(|| Reply::json(200, "{}"), || Reply::json(503, "{}"));
    let base_url = format!("http://service.invalid:{}", first.port());
    let options = Options { addresses: BOTH.to_vec(), ..Options::default() };
    let text = |resolve: &str| format!("[[check]]\nname = 'a'\nrequest = {{ path = '/' {resolve} }}\n");
    let report = run_with(&base_url, &text(", resolve = 'all'"), &options, &mut |_| {});
    assert_eq!(wrongs(&report), ["FAIL status from 127.0.0.2: expected a status of success, found 503"]);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
    assert!(
        run_with(&base_url, &text(""), &options, &mut |_| {}).passed(),
        "one address is enough unless all are asked"
    );
    drop(second);
}

#[test]
fn an_address_at_which_nothing_listens_is_not_hidden_by_the_others() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let options = Options { addresses: BOTH.to_vec(), ..Options::default() };
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', resolve = 'all' }\n";
    let found = wrongs(&run_with(&format!("http://service.invalid:{}", server.port()), text, &options, &mut |_| {}));
    assert!(found[0].starts_with("ERROR connection refused (127.0.0.2: "), "{found:?}");
}

#[test]
fn a_revision_is_proved_at_every_address_in_turn() {
    let named = |revision: &'static str| move || Reply::json(200, "{}").with("x-revision", revision);
    let (first, second) = pair(named("new"), named("new"));
    let redactor = Redactor::default();
    let revision = Revision { expected: "new".to_owned(), source: RevisionSource::Header("x-revision".to_owned()) };
    let how = Await { addresses: &BOTH, ..Await::new("/", Duration::from_secs(5), &redactor) };
    let base_url = format!("http://service.invalid:{}", first.port());
    let proof = await_revision(&base_url, &revision, &how, &mut |_| {}).expect("both name it");
    assert_eq!((proof.in_a_row, first.requests().len(), second.requests().len()), (3, 2, 1));

    let (first, _second) = pair(named("new"), named("old"));
    let how = Await { within: Duration::from_millis(100), ..how };
    let base_url = format!("http://service.invalid:{}", first.port());
    let error = await_revision(&base_url, &revision, &how, &mut |_| {}).expect_err("one does not");
    assert!(error.to_string().ends_with("instead: revision `old` with status 200 from 127.0.0.2"), "{error}");
}

#[test]
fn the_revision_of_every_address_is_held_against_a_check_that_asks_all() {
    let named = |revision: &'static str| move || Reply::json(200, "{}").with("x-revision", revision);
    let (first, second) = pair(named("new"), named("old"));
    let options = Options { addresses: BOTH.to_vec(), ..Options::default() };
    let revision = Revision { expected: "new".to_owned(), source: RevisionSource::Header("x-revision".to_owned()) };
    let target = Target { base_url: format!("http://service.invalid:{}", first.port()), revision: Some(revision) };
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', resolve = 'all' }\n";
    let report = plimsoll_smoke::run(&plan_of(text, &options), &target, &options, &mut |_| {}).expect("the run starts");
    assert_eq!(wrongs(&report), ["FAIL revision from 127.0.0.2: expected `new`, found `old`"]);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
    let tally = report.revision.expect("a revision was expected");
    assert_eq!((tally.named, tally.other), (1, 1));
}

#[test]
fn an_address_at_which_nothing_listens_is_named() {
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', resolve = '127.0.0.1' }\n";
    let report = run_at(&format!("http://service.invalid:{}", crate::server::free_address().port()), text);
    assert!(wrongs(&report)[0].starts_with("ERROR connection refused"), "{:?}", wrongs(&report));
}
