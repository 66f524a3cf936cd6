//! What the voice reader's checks find out: each fault fails, is named, and leaves nothing. That they pass is `voice_reader`.

use std::collections::BTreeMap;
use std::fs;

use plimsoll_tests::command::Finished;
use plimsoll_tests::fault::wait_until;
use serde_json::Value;

use crate::voice_system::System;

/// A deadline that is not waited for in vain for long.
const LONG: &str = "retry = { for = \"20s\" }\n\n[[check]]\nname = \"no message";
const SHORT: &str = "retry = { for = \"2s\" }\n\n[[check]]\nname = \"no message";

/// What failed or could not be measured, by name, in the order of the plan.
#[track_caller]
fn wrong(run: &Finished) -> Vec<String> {
    let events = run.json();
    let finished = events.iter().map(|event| &event["smoke"]).filter(|event| event["event"] == "check_finished");
    let bad = finished.filter(|event| matches!(event["report"]["verdict"].as_str(), Some("FAIL" | "ERROR")));
    let named = |event: &Value| {
        let name = event["report"]["name"].as_str().expect("a name");
        (event["number"].as_u64(), name.to_owned())
    };
    let found: BTreeMap<_, _> = bad.map(named).collect();
    assert!(!found.is_empty(), "{}", run.text());
    found.into_values().collect()
}

fn smoke_json(system: &System) -> Finished {
    system.project.run(&["smoke", "run", "dev", "--format", "json"])
}

#[test]
fn a_worker_that_does_not_run_is_named_by_its_line_and_its_queue() {
    let mut system = System::deployed();
    system.project.edit("smoke/upload.toml", LONG, SHORT);
    drop(system.worker.take());
    let run = smoke_json(&system).exits(3);
    assert_eq!(wrong(&run), ["the worker takes the book", "no message of the book is left in the queue"]);
    let told = system.smoke().exits(3);
    told.says(&["processing your book | book_id="]);
    system.left().is_nothing();
}

#[test]
fn an_upload_that_is_not_enqueued_is_told_from_a_worker_that_does_not_run() {
    let system = System::start(None);
    system.project.edit("smoke/upload.toml", LONG, SHORT);
    system.project.edit("plimsoll.toml", "[release.env]", "[release.env]\nVOICE_READER_FAULT = \"not-enqueued\"");
    let run = system.project.run(&["deploy", "dev"]).exits(7);
    run.says(&["the worker takes the book", "processing your book | book_id="]);
    assert!(!run.text().contains("FAIL  no message of the book"), "{}", run.text());
    system.left().is_nothing();
    assert!(system.project.released().is_empty(), "the release is taken back");
}

#[test]
fn health_that_says_of_itself_that_it_is_none_fails_whatever_its_status() {
    let system = System::start(None);
    system.project.edit("plimsoll.toml", "[release.env]", "[release.env]\nVOICE_READER_FAULT = \"unwell\"");
    let run = system.project.run(&["deploy", "dev"]).exits(7);
    run.says(&["the API is well", "$.ok"]);
    system.left().is_nothing();
    assert!(system.project.released().is_empty());
}

#[test]
fn a_bot_that_is_down_is_named_by_the_client() {
    let mut system = System::deployed();
    drop(system.bot.take());
    let run = smoke_json(&system).exits(3);
    assert_eq!(wrong(&run), ["a session starts", "a user who would be another key is refused"]);
    let told = system.smoke().exits(3);
    told.says(&["a session starts", "502", "the bot does not answer"]);
    system.left().is_nothing();
}

#[test]
fn a_user_of_redis_who_may_more_than_declared_is_named() {
    let system = System::deployed();
    let _: String = system.redis(&["ACL", "SETUSER", "app", "~*", "+@all"]);
    let run = smoke_json(&system).exits(3);
    let names =
        ["the app cannot read the queue", "the app cannot read the messages of the queue", "the app cannot list keys"];
    assert_eq!(wrong(&run), names);
    system.smoke().exits(3).says(&["the app cannot read the queue", "NOPERM"]);
    let _: String = system.redis(&["ACL", "SETUSER", "browser", "~*", "+@all"]);
    let names = wrong(&smoke_json(&system).exits(3));
    assert_eq!(names.iter().filter(|name| name.starts_with("a browser cannot")).count(), 4, "{names:?}");
    system.left().is_nothing();
}

#[test]
fn somebody_without_a_name_who_is_let_in_is_named() {
    let system = System::deployed();
    let _: String = system.redis(&["ACL", "SETUSER", "default", "on", "nopass"]);
    assert_eq!(wrong(&smoke_json(&system).exits(3)), ["nobody is let in without a name"]);
    system.left().is_nothing();
}

#[test]
fn a_key_that_never_ends_is_named() {
    let mut system = System::deployed();
    drop(system.bot.take());
    system.start_bot(&[("VOICE_READER_FAULT", "no-ttl".to_owned())]);
    let run = smoke_json(&system).exits(3);
    assert_eq!(wrong(&run), ["the state of a call ends in 30 to 120 minutes"]);
    system.smoke().exits(3).says(&["the key never ends (-1)"]);
    system.left().is_nothing();
}

#[test]
fn a_key_that_belongs_to_nobody_is_named() {
    let system = System::deployed();
    let _: String = system.redis(&["SET", "cache:7", "x"]);
    let run = smoke_json(&system).exits(3);
    assert_eq!(wrong(&run), ["every key has a prefix that somebody owns"]);
    system.smoke().exits(3).says(&["cache:7"]);
}

#[test]
fn what_a_killed_run_left_is_taken_back_by_the_next_one() {
    let mut system = System::deployed();
    // The run waits for a line that does not come.
    drop(system.worker.take());
    let running = system.project.start(&["smoke", "run", "dev"]);
    let journal = system.project.root().join(".plimsoll/dev/smoke-journal.jsonl");
    let has = |name: &str| {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        text.lines().any(|line| line.contains(r#""what":"value""#) && line.contains(&format!(r#""name":"{name}""#)))
    };
    wait_until("the book and the session to be written down", || has("book_id") && has("session_id"));
    running.kill();
    assert!(system.left().is_something(), "{:?}", system.left());

    system.start_worker();
    let next = system.project.run(&["smoke", "run", "dev", "--format", "json"]).exits(0);
    let report = next.json().pop().expect("a report");
    let names: Vec<_> =
        report["checks"].as_array().expect("checks").iter().filter_map(|c| c["name"].as_str()).collect();
    let left = ["cleanup of a session starts", "cleanup of an upload is accepted"];
    assert_eq!(names[..2], left.map(|name| format!("left by an earlier run: {name}")), "{names:?}");
    system.left().is_nothing();
    assert_eq!(fs::read_to_string(&journal).expect("the journal"), "");
}
