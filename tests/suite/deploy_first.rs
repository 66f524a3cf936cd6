//! A deployment from nothing to stopped and back: what it does, says and records. What goes wrong on the way is elsewhere.

use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{Deployment, dump};

#[test]
fn the_example_is_deployed_from_nothing() {
    let example = Deployment::of_example("caller-coaching");
    let done = example.run(&["deploy", "dev"]).exits(0);
    settled(|| insta::assert_snapshot!("the_example_is_deployed_from_nothing", done.text()));
    assert!(example.answering().is_some());
}

#[test]
fn a_second_deployment_says_that_nothing_changed_and_writes_nothing() {
    let harbour = Deployment::of_harbour();
    let first = harbour.run(&["deploy", "dev"]).exits(0);
    settled(|| insta::assert_snapshot!("the_harbour_is_deployed_from_nothing", first.text()));
    let before = dump::everything(&harbour.sqlite("dev"));
    let serving = harbour.released();
    let second = harbour.run(&["deploy", "dev"]).exits(0);
    settled(|| insta::assert_snapshot!("a_second_deployment", second.text()));
    assert_eq!(dump::everything(&harbour.sqlite("dev")), before);
    assert_eq!(harbour.released(), serving);
}

#[test]
fn what_was_stopped_is_revived_by_the_next_deployment() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    let fresh = harbour.run(&["status", "dev"]).exits(0);
    assert_eq!(fresh.stdout, "nothing serves\n");
    assert!(!harbour.sqlite_file("dev").exists(), "looking creates no database");
    harbour.run(&["deploy", "dev"]).exits(0);
    let revision = harbour.answering();
    let alive = harbour.run(&["status", "dev"]).exits(0);
    let stopped = harbour.run(&["stop", "dev"]).exits(0);
    assert_eq!((harbour.answering(), harbour.released()), (None, vec![]));
    let down = harbour.run(&["status", "dev"]).exits(0);
    let again = harbour.run(&["stop", "dev"]).exits(2);
    let revived = harbour.run(&["deploy", "dev"]).exits(0);
    assert_eq!(harbour.answering(), revision);
    assert_eq!(dump::states(&url), ["succeeded", "succeeded"]);
    let history = harbour.run(&["history", "dev"]).exits(0);
    let texts = [alive, stopped, down, again, revived, history].map(|run| run.text());
    settled(|| insta::assert_snapshot!("stopped_and_revived", texts.join("\n")));
}

#[test]
fn a_process_that_died_is_noticed_by_status_and_revived() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev"]).exits(0);
    let pid = harbour.released()[0];
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
    plimsoll_tests::fault::wait_until("the end of the service", || harbour.released().is_empty());
    let gone = harbour.run(&["status", "dev"]).exits(3);
    assert!(gone.stdout.contains("its process is gone"), "{}", gone.text());
    let revived = harbour.run(&["deploy", "dev"]).exits(0);
    assert!(revived.stdout.contains("it served, but its process is gone"), "{}", revived.text());
    assert!(harbour.answering().is_some());
}

#[test]
fn what_serves_is_looked_after_without_its_artifact() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev"]).exits(0);
    harbour.remove("launch.sh");
    harbour.run(&["status", "dev"]).exits(0);
    harbour.run(&["smoke", "run", "dev"]).exits(0);
    harbour.run(&["stop", "dev"]).exits(0);
    assert!(harbour.released().is_empty());
}

#[test]
fn the_parts_of_a_deployment_run_by_themselves() {
    let harbour = Deployment::of_harbour();
    let url = harbour.sqlite("dev");
    harbour.run(&["seed", "apply", "dev"]).exits(2);
    assert!(!harbour.sqlite_file("dev").exists(), "what cannot be seeded yet makes no database");
    let pending = harbour.run(&["migrate", "status", "dev"]).exits(10);
    let plan = harbour.run(&["migrate", "plan", "dev"]).exits(0);
    let up = harbour.run(&["migrate", "up", "dev"]).exits(0);
    let applied = harbour.run(&["migrate", "status", "dev"]).exits(0);
    let unmet = harbour.run(&["seed", "verify", "dev"]).exits(3);
    let seed_plan = harbour.run(&["seed", "plan", "dev"]).exits(0);
    let seeded = harbour.run(&["seed", "apply", "dev"]).exits(0);
    let met = harbour.run(&["seed", "verify", "dev"]).exits(0);
    let unproven = harbour.run(&["smoke", "run", "dev"]).exits(2);
    assert_eq!(dump::states(&url), Vec::<String>::new(), "parts are no deployments");
    let deployed = harbour.run(&["deploy", "dev"]).exits(0);
    let proven = harbour.run(&["smoke", "run", "dev"]).exits(0);
    let runs = [pending, plan, up, applied, unmet, seed_plan, seeded, met, unproven, deployed, proven];
    let texts = runs.map(|run| run.text());
    settled(|| insta::assert_snapshot!("parts_of_a_deployment", texts.join("\n")));
}
