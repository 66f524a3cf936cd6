//! Releases that fail: what served before goes on or serves again, and nothing of the failed one stays. Rows and schema
//! are in `deploy_failures`.

use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{Deployment, dump, http};

/// Serves revision `main`, fails to release `next` with these settings, and makes sure that `main` serves as before.
#[track_caller]
fn rolled_back(settings: &[&str], exit: i32) -> String {
    let harbour = Deployment::of_harbour();
    harbour.edit("plimsoll.toml", "start_timeout = \"20s\"", "start_timeout = \"1500ms\"");
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let (serving, revision) = (harbour.released(), harbour.answering());
    let data = dump::data(&harbour.sqlite("dev"));
    let mut arguments = vec!["deploy", "dev", "--commit", "next"];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let failed = harbour.run(&arguments).exits(exit);
    assert_eq!(harbour.answering(), revision, "{}", failed.text());
    assert_eq!(harbour.released(), serving, "{}", failed.text());
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["succeeded", "rolled_back"]);
    assert_eq!(dump::data(&harbour.sqlite("dev")), data);
    let status = harbour.run(&["status", "dev", "--commit", "main"]).exits(0);
    format!("{}\n{}", failed.text(), status.text())
}

#[test]
fn a_revision_that_fails_its_smoke_tests_never_serves() {
    let said = rolled_back(&["fault=no-specs"], 7);
    settled(|| insta::assert_snapshot!("rolled_back_no_specs", said));
}

#[test]
fn a_revision_that_answers_under_another_name_never_serves() {
    let said = rolled_back(&["fault=wrong-revision"], 7);
    settled(|| insta::assert_snapshot!("rolled_back_wrong_revision", said));
}

#[test]
fn a_revision_that_dies_at_its_start_shows_its_last_words() {
    let said = rolled_back(&["fault=die-at-start"], 7);
    settled(|| insta::assert_snapshot!("rolled_back_died", said));
}

#[test]
fn a_revision_that_never_answers_is_given_up_on() {
    let said = rolled_back(&["fault=never-answers"], 7);
    settled(|| insta::assert_snapshot!("rolled_back_silent", said));
}

#[test]
fn a_revision_whose_artifact_cannot_run_never_serves() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let revision = harbour.answering();
    harbour.write("launch.sh", "#!/no/such/shell\n");
    let failed = harbour.run(&["deploy", "dev", "--commit", "next"]).exits(7);
    assert_eq!(harbour.answering(), revision);
    settled(|| insta::assert_snapshot!("rolled_back_cannot_start", failed.text()));
}

#[test]
fn a_first_revision_that_fails_leaves_nothing_running() {
    let harbour = Deployment::of_harbour();
    let failed = harbour.run(&["deploy", "dev", "--set", "fault=no-specs"]).exits(7);
    assert_eq!((harbour.answering(), harbour.released()), (None, vec![]));
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["rolled_back"]);
    settled(|| insta::assert_snapshot!("first_revision_fails", failed.text()));
    // The migrations and rows stayed, so that only the release is left to do.
    let fixed = harbour.run(&["deploy", "dev"]).exits(0);
    assert!(fixed.stdout.contains("nothing to apply, 3 applied"), "{}", fixed.text());
}

#[test]
fn when_the_switch_fails_the_previous_revision_serves_again_as_it_was_started() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let revision = harbour.answering();
    // The new revision passes its checks on a port of its own. The stable one is closed to it by its environment, which
    // would close it to the previous revision as well, were that started with it.
    let closed = format!("closed_port={}", harbour.port());
    let failed = harbour.run(&["deploy", "dev", "--commit", "next", "--set", &closed]).exits(7);
    assert_eq!(harbour.answering(), revision, "{}", failed.text());
    assert_eq!(harbour.released().len(), 1, "{}", failed.text());
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["succeeded", "rolled_back"]);
    let status = harbour.run(&["status", "dev", "--commit", "main"]).exits(0);
    settled(|| insta::assert_snapshot!("switch_failed", format!("{}\n{}", failed.text(), status.text())));
}

#[test]
fn the_previous_revision_serves_again_from_the_artifact_that_was_kept() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let revision = harbour.answering();
    let refusing = format!("#!/bin/sh\nif [ \"$PORT\" = {} ]; then exit 9; fi\nexec \"$SERVICE\"\n", harbour.port());
    harbour.write("launch.sh", &refusing);
    harbour.run(&["deploy", "dev"]).exits(7).says(&["serves again", "serves: api main."]);
    assert_eq!(harbour.answering(), revision);
}

#[test]
fn when_the_previous_revision_cannot_serve_again_a_person_is_told() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let revision = harbour.answering().expect("it answers");
    harbour.remove(&format!(".plimsoll/dev/releases/api/{revision}/launch.sh"));
    let closed = format!("closed_port={}", harbour.port());
    let failed = harbour.run(&["deploy", "dev", "--commit", "next", "--set", &closed]).exits(8);
    assert_eq!((harbour.answering(), harbour.released()), (None, vec![]));
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["succeeded", "failed"]);
    let status = harbour.run(&["status", "dev", "--commit", "main"]).exits(3);
    settled(|| insta::assert_snapshot!("switch_failed_for_good", format!("{}\n{}", failed.text(), status.text())));
    harbour.run(&["deploy", "dev", "--commit", "next"]).exits(0);
}

#[test]
fn a_port_that_is_taken_between_proof_and_switch_is_told() {
    let harbour = Deployment::of_harbour();
    let mut deployment = harbour.start(&["deploy", "dev", "--format", "json"]);
    deployment.wait_for(r#""step":"start api""#);
    let taken = http::occupy(harbour.port()).expect("the stable port is free until the switch");
    let failed = deployment.end_of().exits(7);
    drop(taken);
    failed.says(&["port", "is in use"]);
    assert!(harbour.released().is_empty());
    assert_eq!(dump::states(&harbour.sqlite("dev")), ["rolled_back"]);
    harbour.run(&["deploy", "dev"]).exits(0);
}

#[test]
fn a_process_that_no_record_knows_is_ended_by_the_next_deployment() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let lost = harbour.released();
    harbour.remove(".plimsoll/dev/api.serving.json");
    let done = harbour.run(&["deploy", "dev", "--commit", "next"]).exits(0);
    assert_eq!(harbour.released().len(), 1, "{}", done.text());
    assert_ne!(harbour.released(), lost);
    assert!(harbour.answering().is_some_and(|revision| revision.starts_with("next.")));
}

#[test]
fn when_the_second_release_cannot_switch_the_first_goes_back_and_the_record_says_so() {
    let harbour = Deployment::of_harbour();
    let second = http::stable_port();
    let text = std::fs::read_to_string(harbour.root().join("plimsoll.toml")).expect("the project's file");
    let (start, end) = (text.find("[[release]]").expect("a release"), text.find("[smoke]").expect("checks"));
    let worker = text[start..end]
        .replace("name = \"api\"", "name = \"worker\"")
        .replace("port = \"{{ PORT }}\"", &format!("port = \"{second}\""));
    harbour.write("plimsoll.toml", &format!("{text}\n{worker}"));
    harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    let revision = harbour.answering();
    let closed = format!("closed_port={second}");
    let failed = harbour.run(&["deploy", "dev", "--commit", "next", "--set", &closed]).exits(7);
    failed.says(&["release worker", "release api", "serves again"]);
    assert_eq!(harbour.answering(), revision);
    assert_eq!(harbour.released().len(), 2);
    // `status` compares the record with what runs, so it fails if the record still names the revision that went back.
    let status = harbour.run(&["status", "dev", "--commit", "main"]).exits(0);
    assert_eq!(status.stdout.matches("  main.").count(), 2, "{}", status.text());
    let again = harbour.run(&["deploy", "dev", "--commit", "main"]).exits(0);
    assert!(again.stdout.contains("nothing changed"), "{}", again.text());
}
