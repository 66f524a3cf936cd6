//! Two deployments of one database at once: one works, the other is told who or waits. The lock itself is in `lock`.

use std::fs::{File, remove_file};
use std::process::Command;

use plimsoll_core::db::{DatabaseUrl, Engine};
use plimsoll_tests::command::Running;
use plimsoll_tests::{Deployment, TestDatabase, dump};

/// Starts a deployment whose new revision waits at a gate, so that it holds the lock until [`open_gate`].
fn deploy_up_to_the_gate(harbour: &Deployment, environment: &str) -> Running {
    let made = Command::new("mkfifo").arg(harbour.root().join("gate")).status().expect("mkfifo is there");
    assert!(made.success());
    harbour.write("launch.sh", "#!/bin/sh\nif [ -p gate ]; then cat gate; fi\nexec \"$SERVICE\"\n");
    let mut deployment = harbour.start(&["deploy", environment, "--format", "json"]);
    deployment.wait_for(r#""event":"step_started","step":"start api""#);
    deployment
}

fn open_gate(harbour: &Deployment) {
    let gate = harbour.root().join("gate");
    // Opens once the revision waits there; the next start finds no gate.
    let opened = File::options().write(true).open(&gate).expect("the gate opens");
    remove_file(gate).expect("the gate is removed");
    drop(opened);
}

fn one_works_the_others_are_told_or_wait(harbour: &Deployment, environment: &str, url: &DatabaseUrl) {
    let first = deploy_up_to_the_gate(harbour, environment);

    let refused = harbour.run(&["deploy", environment]).exits(6);
    refused.says(&[
        "lock::held",
        "ada@quay",
        &format!("`deploy {environment}`"),
        &first.pid().to_string(),
        "--lock-wait",
    ]);
    let status = harbour.run(&["status", environment]);
    assert!(status.stdout.contains(&format!("process {}", first.pid())), "{}", status.text());
    harbour.edit("seeds/specs.toml", "name = \"Voice\"", "name = \"Voices\"");
    harbour.run(&["seed", "apply", environment]).exits(6);
    harbour.run(&["stop", environment]).exits(6);
    harbour.edit("seeds/specs.toml", "name = \"Voices\"", "name = \"Voice\"");

    let mut waiting = harbour.start(&["deploy", environment, "--lock-wait", "60s", "--format", "json"]);
    // Its plan is made now, while nothing serves.
    waiting.wait_for(r#""event":"plan""#);
    open_gate(harbour);
    first.end_of().exits(0);
    let waited = waiting.end_of().exits(0);
    assert!(waited.stdout.contains(r#""event":"replanned""#), "{}", waited.text());
    assert!(waited.stdout.contains(r#""outcome":"unchanged""#), "{}", waited.text());
    assert_eq!(dump::states(url), ["succeeded"]);
    assert_eq!(harbour.released().len(), 1);
}

#[test]
fn one_of_two_deployments_on_sqlite_waits_or_is_told() {
    let harbour = Deployment::of_harbour();
    one_works_the_others_are_told_or_wait(&harbour, "dev", &harbour.sqlite("dev"));
}

#[test]
fn one_of_two_deployments_on_postgresql_waits_or_is_told() {
    let database = TestDatabase::new(Engine::Postgres);
    let harbour = Deployment::of_harbour().env("DATABASE_URL", database.url_text()).env("HF_SUPERADMIN_TOKEN", "t0ken");
    one_works_the_others_are_told_or_wait(&harbour, "staging", database.url());
}

#[test]
fn a_saved_plan_is_not_planned_again_after_waiting() {
    let harbour = Deployment::of_harbour();
    let file = harbour.beside("harbour.plan").display().to_string();
    let first = deploy_up_to_the_gate(&harbour, "dev");
    harbour.run(&["plan", "dev", "-o", &file]).exits(0);
    let mut waiting = harbour.start(&["deploy", "dev", "--plan", &file, "--lock-wait", "60s", "--format", "json"]);
    waiting.wait_for(r#""event":"plan""#);
    open_gate(&harbour);
    first.end_of().exits(0);
    waiting.end_of().exits(9).says(&["the revisions to release, or what serves now"]);
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["succeeded"]);
}
