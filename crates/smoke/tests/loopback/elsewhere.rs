//! Checks of several services in one run. What a single target is asked is tested beside it.

use std::collections::BTreeMap;

use plimsoll_smoke::{Options, Revision, RevisionSource, Target};

use crate::server::{Reply, Server};
use crate::{plan_of, wrongs};

const CHECKS: &str = r#"
[suite]
base_url = "{{ CLIENT }}"
cookies = true

[[check]]
name = "a session starts"
request = { method = "POST", path = "/api/start" }
capture = { id = "$.id" }
cleanup = { request = { method = "DELETE", path = "/api/sessions/{{ id }}" } }

[[check]]
name = "it is known to the third one"
needs = ["a session starts"]
request = { base_url = "{{ BOT }}/v1/", path = "/sessions/{{ id }}" }
"#;

fn options(client: &str, bot: &str) -> Options {
    let names = [("CLIENT", client), ("BOT", bot)];
    let names = names.map(|(name, url)| (name.to_owned(), minijinja::Value::from(url)));
    Options { names: BTreeMap::from(names), ..Options::default() }
}

fn asked(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn each_service_gets_what_is_asked_of_it_and_only_the_target_is_held_to_the_revision() {
    let target = Server::start(|_| Reply::json(200, "{}"));
    let client = Server::start(|_| Reply::json(200, r#"{"id": 7, "revision": "another"}"#));
    let bot = Server::start(|_| Reply::json(200, "{}"));
    let options = options(&client.url(), &bot.url());
    let revision = Revision { expected: "r1".to_owned(), source: RevisionSource::Json("$.revision".to_owned()) };
    let at = Target { base_url: target.url(), revision: Some(revision) };
    let report = plimsoll_smoke::run(&plan_of(CHECKS, &options), &at, &options, &mut |_| {}).expect("it runs");
    assert!(report.passed(), "{:?}", wrongs(&report));
    assert_eq!(asked(&target), [""; 0]);
    assert_eq!(asked(&client), ["POST /api/start", "DELETE /api/sessions/7"]);
    assert_eq!(asked(&bot), ["GET /v1/sessions/7"]);
    let request = format!("POST {}/api/start", client.url());
    assert_eq!(report.checks[0].request, request, "it says where it went");
}

#[test]
fn an_address_that_is_none_is_an_error_and_its_password_is_not_shown() {
    let target = Server::start(|_| Reply::json(200, "{}"));
    let options = options("ftp://ann:open-sesame@host", &target.url());
    let at = Target { base_url: target.url(), revision: None };
    let report = plimsoll_smoke::run(&plan_of(CHECKS, &options), &at, &options, &mut |_| {}).expect("it runs");
    let found = wrongs(&report);
    assert_eq!(found[0], "ERROR request cannot be made (the base URL is not http or https)", "{found:?}");
    assert!(!format!("{report:?}").contains("open-sesame"));
    assert_eq!(asked(&target), [""; 0], "nothing goes to the target instead");
}

#[test]
fn what_a_check_made_elsewhere_is_taken_back_there() {
    let target = Server::start(|_| Reply::json(200, "{}"));
    let bot = Server::start(|_| Reply::json(200, "{}"));
    let text = "[[check]]\nname = 'a session starts'\n\
                request = { base_url = '{{ BOT }}', method = 'POST', path = '/start' }\n\
                cleanup = { request = { method = 'DELETE', path = '/sessions' } }\n";
    let options = options(&target.url(), &bot.url());
    let at = Target { base_url: target.url(), revision: None };
    let report = plimsoll_smoke::run(&plan_of(text, &options), &at, &options, &mut |_| {}).expect("it runs");
    assert!(report.passed(), "{:?}", wrongs(&report));
    assert_eq!((asked(&target).len(), asked(&bot)), (0, vec!["POST /start".to_owned(), "DELETE /sessions".to_owned()]));
}

#[test]
fn what_is_held_to_no_revision_shares_a_connection() {
    let target = Server::start(|_| Reply::json(200, r#"{"revision": "r1"}"#));
    let bot = Server::start(|_| Reply::json(200, "{}"));
    let text = "[suite]\nbase_url = '{{ BOT }}'\n[[check]]\nname = 'one'\nrequest = { path = '/one' }\n\
                [[check]]\nname = 'two'\nrequest = { path = '/two' }\n";
    let options = options(&target.url(), &bot.url());
    let revision = Revision { expected: "r1".to_owned(), source: RevisionSource::Json("$.revision".to_owned()) };
    let at = Target { base_url: target.url(), revision: Some(revision) };
    let report = plimsoll_smoke::run(&plan_of(text, &options), &at, &options, &mut |_| {}).expect("it runs");
    assert!(report.passed(), "{:?}", wrongs(&report));
    let connections: Vec<_> = bot.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1]);
}

#[test]
fn the_password_of_another_service_is_not_in_the_plan() {
    let text = "[[check]]\nname = 'one'\nrequest = { base_url = 'http://ann:open-sesame@host/v1', path = '/one' }\n";
    let plan = plan_of(text, &Options::default()).to_string();
    assert!(plan.contains("http://ann:***@host/v1/one") && !plan.contains("open-sesame"), "{plan}");
}
