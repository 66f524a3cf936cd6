//! Deployments killed after every event they tell: the next one says what it found, finishes, and leaves no trace of the
//! interruption but its record.

use std::collections::BTreeMap;

use plimsoll_core::db::Engine;
use plimsoll_core::lock;
use plimsoll_tests::dump::{self, Dump};
use plimsoll_tests::{Deployment, TestDatabase};

/// The events of an undisturbed deployment, one JSON line each.
fn events(harbour: &Deployment, arguments: &[&str]) -> Vec<String> {
    let done = harbour.run(arguments).exits(0);
    done.stdout.lines().map(str::to_owned).collect()
}

/// After which lines it is worth to kill: single answers of the service change nothing, so one of them stands for all.
fn moments(events: &[String], part: usize, of: usize) -> Vec<usize> {
    let checks = |index: &usize| events[*index].contains(r#""event":"smoke""#);
    let worth = (0..events.len()).filter(|index| !checks(index) || *index == 0 || !checks(&(index - 1)));
    worth.skip(part).step_by(of).collect()
}

/// Kills a deployment after a line. Whether it had been begun, according to the ledger.
fn kill_after(harbour: &Deployment, arguments: &[&str], line: usize) {
    let mut deployment = harbour.start(arguments);
    for _ in 0..=line {
        if deployment.line().is_none() {
            break;
        }
    }
    deployment.kill();
}

/// What must be equal between an undisturbed deployment and one that was killed and finished.
fn outcome(harbour: &Deployment) -> (Dump, Vec<String>) {
    let url = harbour.sqlite("dev");
    let history = "SELECT version || ' ' || state || ' ' || statements_done FROM plimsoll_migration ORDER BY version";
    (dump::data(&url), dump::texts(&url, history))
}

/// Makes sure that a finished deployment left exactly what it should.
#[track_caller]
fn is_whole(harbour: &Deployment, when: &str) {
    harbour.run(&["plan", "dev", "--check", "--commit", "main"]).exits(0);
    assert_eq!(harbour.released().len(), 1, "{when}");
    assert!(harbour.answering().is_some(), "{when}");
    assert_eq!(lock::holder(&harbour.sqlite("dev")).expect("it can be asked"), None, "{when}");
    let left = harbour.root().join(".plimsoll/dev/api.candidate.json");
    assert!(!left.exists(), "{when}");
}

fn killed_at_every_event_of_the_first(part: usize, of: usize) {
    let arguments = ["deploy", "dev", "--commit", "main", "--format", "json"];
    let undisturbed = Deployment::of_harbour();
    let events = events(&undisturbed, &arguments);
    let expected = outcome(&undisturbed);
    for line in moments(&events, part, of) {
        let when = format!("killed after line {line}: {}", events[line]);
        let harbour = Deployment::of_harbour();
        kill_after(&harbour, &arguments, line);
        let found = if harbour.sqlite_file("dev").exists() { dump::states(&harbour.sqlite("dev")) } else { vec![] };
        let again = harbour.run(&["deploy", "dev", "--commit", "main"]);
        assert_eq!(again.code, 0, "{when}\n{}", again.text());
        let states = dump::states(&harbour.sqlite("dev"));
        match found.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => assert_eq!(states, ["succeeded"], "{when}"),
            ["running"] => {
                again.says(&["found deployment 1 of ada@quay", "that was interrupted"]);
                assert_eq!(states, ["interrupted", "succeeded"], "{when}");
            }
            _ => {
                assert_eq!(found, ["succeeded"], "{when}");
                assert_eq!(states, ["succeeded"], "{when}");
                assert!(again.stdout.contains("nothing changed"), "{when}\n{}", again.text());
            }
        }
        assert_eq!(outcome(&harbour), expected, "{when}");
        is_whole(&harbour, &when);
    }
}

#[test]
fn a_first_deployment_can_be_killed_after_any_event_one() {
    killed_at_every_event_of_the_first(0, 2);
}

#[test]
fn a_first_deployment_can_be_killed_after_any_event_two() {
    killed_at_every_event_of_the_first(1, 2);
}

/// Each deployment brings a migration, a changed row and a new revision; each is killed after another event.
#[test]
fn a_later_deployment_can_be_killed_after_any_event() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    let arguments = ["deploy", "dev", "--commit", "main", "--format", "json"];
    let change = |number: usize| {
        harbour.write(
            &format!("migrations/202603{:02}{:06}_add_berth.sql", number / 20 + 1, number),
            &format!(
                "CREATE TABLE berth_{number} (id TEXT PRIMARY KEY);\nINSERT INTO berth_{number} VALUES ('only');\n"
            ),
        );
        let revision = format!("First call, told anew {number} times");
        let text = std::fs::read_to_string(harbour.root().join("seeds/specs.toml")).expect("readable");
        let old = text.lines().find(|line| line.contains("spec-init-001")).expect("the row is there");
        let new = format!("  {{ slug = \"spec-init-001\", name = \"{revision}\", source_id = \"INIT-001\" }},");
        harbour.write("seeds/specs.toml", &text.replace(old, &new));
        harbour.write("launch.sh", &format!("#!/bin/sh\n# {number}\nexec \"$SERVICE\"\n"));
        revision
    };
    events(&harbour, &arguments);
    change(0);
    let events = events(&harbour, &arguments);
    for (number, line) in moments(&events, 0, 1).into_iter().enumerate() {
        let when = format!("killed after line {line}: {}", events[line]);
        let name = change(number + 1);
        kill_after(&harbour, &arguments, line);
        let was_begun = dump::states(&url).last().is_some_and(|state| state == "running");
        let served = harbour.answering();
        let again = harbour.run(&["deploy", "dev", "--commit", "main"]);
        assert_eq!(again.code, 0, "{when}\n{}", again.text());
        if was_begun {
            again.says(&["that was interrupted"]);
        }
        let states = dump::states(&url);
        let states: BTreeMap<&str, usize> =
            states.iter().map(String::as_str).fold(BTreeMap::new(), |mut all, state| {
                *all.entry(state).or_default() += 1;
                all
            });
        assert!(!states.contains_key("running") && !states.contains_key("failed"), "{when}: {states:?}");
        assert_eq!(dump::texts(&url, "SELECT name FROM analysis_spec WHERE slug = 'spec-init-001'"), [name], "{when}");
        assert_eq!(dump::texts(&url, &format!("SELECT id FROM berth_{}", number + 1)), ["only"], "{when}");
        // Somebody answered all the time, except between the end of the one revision and the start of the other.
        let switching = events[line].contains("switch") || events[line].contains("\"step\":\"smoke\"");
        assert!(served.is_some() || switching, "{when}");
        is_whole(&harbour, &when);
    }
}

#[test]
fn a_killed_deployment_on_postgresql_is_found_and_finished() {
    let arguments = ["deploy", "staging", "--commit", "main", "--format", "json"];
    for event in ["started", "migration_done", "table_seeded", "step_started\",\"step\":\"start api"] {
        let database = TestDatabase::new(Engine::Postgres);
        let harbour =
            Deployment::of_harbour().env("DATABASE_URL", database.url_text()).env("HF_SUPERADMIN_TOKEN", "t0ken");
        let mut deployment = harbour.start(&arguments);
        deployment.wait_for(&format!(r#""event":"{event}"#));
        deployment.kill();
        // The server may need a moment to notice that the session is gone.
        let again = harbour.run(&["deploy", "staging", "--commit", "main", "--lock-wait", "30s"]).exits(0);
        again.says(&["found deployment 1 of ada@quay", "that was interrupted"]);
        assert_eq!(dump::states(database.url()), ["interrupted", "succeeded"], "{event}");
        assert_eq!(harbour.released().len(), 1, "{event}");
        harbour.run(&["plan", "staging", "--commit", "main", "--check"]).exits(0);
    }
}
