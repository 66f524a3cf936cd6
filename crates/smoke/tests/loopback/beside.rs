//! Checks that run beside each other, and those that must not. The rules alone are tested beside `schedule.rs`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use plimsoll_smoke::{Event, Options};

use crate::server::{Reply, Server};
use crate::{run_with, wrongs};

fn checks(names: &[&str], rest: &str) -> String {
    let check = |name: &&str| format!("[[check]]\nname = '{name}'\nrequest = {{ path = '/{name}' }}\n{rest}\n");
    names.iter().map(check).collect()
}

fn jobs(jobs: usize) -> Options {
    Options { jobs, ..Options::default() }
}

#[test]
fn checks_whose_order_is_free_run_beside_each_other() {
    // Nobody is answered before all three have asked.
    let all = Arc::new(Barrier::new(3));
    let server = Server::start(move |_| {
        all.wait();
        Reply::json(200, "{}")
    });
    let report = run_with(&server.url(), &checks(&["a", "b", "c"], ""), &jobs(3), &mut |_| {});
    assert_eq!(report.counts.pass, 3, "{:?}", wrongs(&report));
}

#[test]
fn reports_are_in_the_order_of_the_plan_and_events_are_one_stream() {
    // The first one is answered after the last one has asked.
    let both = Arc::new(Barrier::new(2));
    let server = Server::start(move |request| {
        if request.path == "/a" || request.path == "/d" {
            both.wait();
        }
        Reply::json(200, "{}")
    });
    let mut events = Vec::new();
    let report = run_with(&server.url(), &checks(&["a", "b", "c", "d"], ""), &jobs(2), &mut |event| match event {
        Event::CheckStarted { name, .. } => events.push(format!("+{name}")),
        Event::CheckFinished { number, report } => events.push(format!("-{} {number}", report.name)),
        _ => {}
    });
    let names: Vec<_> = report.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(events[..6], ["+a", "+b", "-b 2", "+c", "-c 3", "+d"]);
    events[6..].sort();
    assert_eq!(events[6..], ["-a 1", "-d 4"]);
}

/// A server that knows how many it answers at most at once.
fn counting() -> (Server, Arc<AtomicUsize>) {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let told = Arc::clone(&most);
    let server = Server::start(move |_| {
        let at_once = now.fetch_add(1, Ordering::SeqCst) + 1;
        told.fetch_max(at_once, Ordering::SeqCst);
        // Long enough for another one to come, were it sent.
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        never.recv_timeout(Duration::from_millis(30)).ok();
        now.fetch_sub(1, Ordering::SeqCst);
        Reply::json(200, r#"{"id": 1}"#)
    });
    (server, most)
}

#[test]
fn what_changes_something_runs_alone_and_groups_exclude_each_other() {
    for rest in ["effect = 'mutate'\nleaves = 'a row'", "group = 'books'"] {
        let (server, most) = counting();
        let report = run_with(&server.url(), &checks(&["a", "b", "c", "d"], rest), &jobs(4), &mut |_| {});
        assert_eq!((report.counts.pass, most.load(Ordering::SeqCst)), (4, 1), "{rest}");
    }
}

#[test]
fn a_capture_is_there_before_what_uses_it_is_sent() {
    let (server, _) = counting();
    let text = "[[check]]\nname = 'uses'\nrequest = { path = '/{{ id }}' }\n\
                [[check]]\nname = 'captures'\nrequest = { path = '/ids' }\ncapture = { id = '$.id' }\n";
    let report = run_with(&server.url(), text, &jobs(4), &mut |_| {});
    assert_eq!(report.counts.pass, 2, "{:?}", wrongs(&report));
    assert_eq!(server.requests().last().map(|request| request.path.clone()).as_deref(), Some("/1"));
}

#[test]
fn no_check_begins_after_the_first_failure_when_the_run_is_to_stop() {
    let server = Server::start(|request| Reply::json(if request.path == "/a" { 500 } else { 200 }, "{}"));
    let options = Options { stop_at_first: true, ..jobs(2) };
    let text = [checks(&["a"], ""), checks(&["b", "c", "d"], "needs = ['a']")].concat();
    let report = run_with(&server.url(), &text, &options, &mut |_| {});
    assert_eq!((report.counts.fail, report.counts.skip, server.requests().len()), (1, 3, 1));
    let going_on = run_with(&server.url(), &checks(&["a", "b", "c"], ""), &jobs(2), &mut |_| {});
    assert_eq!((going_on.counts.fail, going_on.counts.pass), (1, 2));
}

#[test]
fn a_secret_that_another_check_captured_meanwhile_is_masked_everywhere() {
    let server = Server::start(|request| match request.path.as_str() {
        "/login" => {
            Reply::Late(Duration::from_millis(200), Box::new(Reply::json(200, r#"{"token": "tk-abcdef-123456"}"#)))
        }
        _ => Reply::json(500, r#"{"leak": "tk-abcdef-123456"}"#),
    });
    let login = "[[check]]\nname = 'login'\nrequest = { path = '/login' }\n\
                 capture = { token = { json = '$.token', secret = true } }\n";
    let report = run_with(&server.url(), &[login, &checks(&["leaks"], "")].concat(), &jobs(2), &mut |_| {});
    assert_eq!(report.counts.fail, 1);
    assert!(!format!("{report:?}").contains("tk-abcdef"), "{report:?}");
}

#[test]
fn no_more_connections_are_made_than_checks_run_beside_each_other() {
    let names: Vec<String> = (0..40).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for most in [1, 4] {
        let server = Server::start(|_| Reply::json(200, "{}"));
        let report = run_with(&server.url(), &checks(&names, ""), &jobs(most), &mut |_| {});
        let connections: BTreeSet<_> = server.requests().iter().map(|request| request.connection).collect();
        assert_eq!((report.counts.pass, server.requests().len()), (40, 40), "{:?}", wrongs(&report));
        assert!(connections.len() <= most, "{} connections for {most} at once", connections.len());
    }
}
