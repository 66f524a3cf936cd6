//! Lines of logs that grow, are rotated and are emptied while a run waits for them. Output of commands too.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use plimsoll_smoke::{Event, Options};

use crate::{checks, options, run, run_telling, told};

const WAITS: &str =
    "log = { file = 'logs/worker.log', contains = 'job 42', matches = 'done in \\d+' }\nretry = { for = '20s' }";
const ONCE: &str = "log = { file = 'logs/worker.log', contains = 'job 42' }";

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    folder
}

fn append(root: &Path, name: &str, text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(root.join("logs").join(name));
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the log grows");
}

/// Runs a check and lets something happen once the first look has found nothing.
fn meanwhile(text: &str, root: &Path, happens: impl Fn()) -> Vec<String> {
    let mut options: Options = options(root);
    options.patience = std::time::Duration::from_secs(20);
    let report = run_telling(&checks(&[text]), &options, &mut |event| {
        if matches!(event, Event::AttemptFailed { attempt: 1, .. }) {
            happens();
        }
    });
    told(&report)
}

#[test]
fn lines_from_before_the_run_do_not_count_unless_they_are_asked_for() {
    let folder = project();
    append(folder.path(), "worker.log", "job 42 done in 7 ms\n");
    let text = checks(&[ONCE, "log = { file = 'logs/worker.log', contains = 'job 42', from_start = true }"]);
    let found = told(&run(&text, &options(folder.path())));
    assert_eq!(found, ["FAIL log: expected a line with \"job 42\", found no line", "PASS "]);
}

#[test]
fn a_line_is_found_by_what_a_check_of_the_same_run_captured() {
    let folder = project();
    append(folder.path(), "worker.log", "job 41 done\n");
    let text = checks(&[
        "command = { run = ['sh', '-c', 'echo job 42 done >> logs/worker.log; echo id=42'] }\ncapture = { id = { regex = 'id=(\\d+)' } }",
        "log = { file = '{{ LOG }}', contains = 'job {{ id }}', matches = '^job {{ id }} ' }",
        "log = { file = 'logs/worker.log', contains = 'job {{ id - 1 }}' }",
    ]);
    let mut options = options(folder.path());
    options.names.insert("LOG".to_owned(), minijinja::Value::from("logs/worker.log"));
    let found = told(&run(&text.replace("{{ id - 1 }}", "4{{ id[1:] | int - 1 }}"), &options));
    assert_eq!(found[..2], ["PASS ", "PASS "], "{found:?}");
    assert_eq!(found[2], "FAIL log: expected a line with \"job 41\", found one other line");
}

#[test]
fn a_line_that_comes_late_is_waited_for_and_matched_by_everything_that_is_said_of_it() {
    let folder = project();
    append(folder.path(), "worker.log", "job 42 done in 7 ms\n");
    let found = meanwhile(WAITS, folder.path(), || {
        append(folder.path(), "worker.log", "job 41 done in 3 ms\njob 42 begins\njob 42 done in 9 ms\n");
    });
    assert_eq!(found, ["PASS "]);
}

#[test]
fn a_log_that_appears_with_its_first_line_is_waited_for() {
    let folder = project();
    let text = "log = { file = 'logs/new/worker.log', contains = 'job 42' }\nretry = { for = '20s' }";
    let found = meanwhile(text, folder.path(), || {
        fs::create_dir(folder.path().join("logs/new")).expect("a folder");
        append(folder.path(), "new/worker.log", "job 42\n");
    });
    assert_eq!(found, ["PASS "]);
    let never = told(&run(&checks(&["log = { file = 'logs/never.log', contains = 'a' }"]), &options(folder.path())));
    assert_eq!(never, ["ERROR not there (the file `logs/never.log`)"]);
}

#[test]
fn lines_are_found_through_two_rotations_by_renaming() {
    let folder = project();
    let logs = folder.path().join("logs");
    append(folder.path(), "worker.log.1", "job 42 done in 1 ms\n");
    append(folder.path(), "worker.log", "job 42 done in 7 ms\n");
    let found = meanwhile(WAITS, folder.path(), || {
        append(folder.path(), "worker.log", "job 42 done in 9 ms\n");
        for (from, to) in [("worker.log.1", "worker.log.3"), ("worker.log", "worker.log.2")] {
            fs::rename(logs.join(from), logs.join(to)).expect("renamed");
        }
        append(folder.path(), "worker.log.1", "something in between\n");
        append(folder.path(), "worker.log", "something else\n");
    });
    assert_eq!(found, ["PASS "]);
}

#[test]
fn what_was_rotated_away_before_the_run_does_not_count() {
    let folder = project();
    append(folder.path(), "worker.log.1", "job 42 done in 1 ms\n");
    append(folder.path(), "worker.log", "other\n");
    let text = checks(&[ONCE]);
    assert_eq!(
        told(&run(&text, &options(folder.path()))),
        ["FAIL log: expected a line with \"job 42\", found no line"]
    );
}

#[test]
fn a_log_that_was_emptied_and_written_anew_is_read_from_its_beginning_even_when_it_has_grown_longer() {
    let folder = project();
    let path = folder.path().join("logs/worker.log");
    append(folder.path(), "worker.log", "one line of some length\nanother one\n");
    let found = meanwhile(WAITS, folder.path(), || {
        let filler = "later\n".repeat(100);
        fs::write(&path, format!("job 42 done in 9 ms\n{filler}")).expect("emptied and written");
    });
    assert_eq!(found, ["PASS "]);
    let found =
        meanwhile(WAITS, folder.path(), || fs::write(&path, "job 42 done in 1\n").expect("shorter than before"));
    assert_eq!(found, ["PASS "]);
}

#[test]
fn the_last_lines_are_shown_when_the_wanted_one_does_not_come() {
    let folder = project();
    let grow = "command = { run = ['sh', '-c', 'for n in 1 2 3 4 5 6 7; do echo job $n >> logs/worker.log; done'] }";
    let report = run(&checks(&[grow, ONCE]), &options(folder.path()));
    assert_eq!(told(&report)[1], "FAIL log: expected a line with \"job 42\", found 7 other lines");
    assert_eq!(report.checks[1].output.as_deref(), Some("job 3\njob 4\njob 5\njob 6\njob 7"));
}

#[test]
fn the_output_of_a_command_is_searched_and_one_that_fails_shows_nothing() {
    let folder = project();
    let text = checks(&[
        "log = { command = ['printf', 'a\\n{\"id\": 42, \"ms\": 9}\\n'], matches = '\"id\": 42' }\nexpect = { json = { '$.ms' = 9 } }",
        "log = { command = ['sh', '-c', 'echo job 42; echo broken >&2; exit 3'], contains = 'job 42' }",
    ]);
    let found = told(&run(&text, &options(folder.path())));
    assert_eq!(found[0], "PASS ");
    assert!(
        found[1].starts_with("ERROR cannot be measured (") && found[1].ends_with("exit code 3 broken)"),
        "{found:?}"
    );
}

#[test]
fn a_log_outside_of_the_project_is_not_read() {
    let folder = project();
    let root = folder.path().join("logs");
    std::os::unix::fs::symlink("/etc/hostname", root.join("link")).expect("a link");
    let text = checks(&["log = { file = 'link', matches = '.', from_start = true }"]);
    let found = told(&run(&text, &options(&root)));
    assert_eq!(found, ["ERROR cannot be measured (the file `link`: it is outside of the project)"]);
}
