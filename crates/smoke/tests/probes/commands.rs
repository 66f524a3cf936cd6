//! Programs that are run: how they end, what they write and get, and that they end. Commands that show logs are tried with logs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_core::{Redactor, Secret};
use plimsoll_smoke::Options;

use crate::{checks, options, run, told};

#[test]
fn a_command_is_judged_by_its_end_and_by_what_it_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("answer.json"), r#"{"ready": true, "n": 3}"#).expect("a file");
    let text = checks(&[
        "command = { run = ['cat', 'answer.json'] }\nexpect = { stdout = { contains = 'ready' }, stderr = '', json = { '$.n' = 3 } }",
        "command = { run = ['ls', 'missing'] }",
        "command = { run = ['ls', 'missing'] }\nexpect = { exit = { at_least = 1 }, stderr = { contains = 'missing' } }",
        "command = { run = ['no-such-program-anywhere'] }",
        "command = { run = ['sh', '-c', 'kill -9 $$'] }",
        "command = { run = ['echo', '$(id)', '; id', '*'] }\nexpect = { stdout = \"$(id) ; id *\\n\" }",
    ]);
    let found = told(&run(&text, &options(folder.path())));
    assert_eq!((found[0].as_str(), found[2].as_str(), found[5].as_str()), ("PASS ", "PASS ", "PASS "), "{found:?}");
    assert_eq!(found[1], "FAIL exit code: expected 0, found 2");
    assert!(found[3].starts_with("ERROR not there (`no-such-program-anywhere`: "), "{found:?}");
    assert_eq!(found[4], "FAIL error: expected nothing, found \"ended by signal 9\"");
}

#[test]
fn a_command_that_takes_too_long_for_its_check_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = checks(&[
        "command = { run = ['sleep', '0.2'] }\nexpect = { within = '20ms' }",
        "command = { run = ['true'] }\nexpect = { within = '1m' }",
    ]);
    let found = told(&run(&text, &options(folder.path())));
    assert!(found[0].starts_with("FAIL time: expected within 20ms, found "), "{found:?}");
    assert_eq!(found[1], "PASS ");
}

#[test]
fn a_command_gets_the_declared_environment_and_the_search_path_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = BTreeMap::from([("TOKEN".to_owned(), minijinja::Value::from("sesame-one"))]);
    let redactor = Redactor::new(&[Secret::new("sesame-one")]);
    let options = Options { names, redactor, ..options(folder.path()) };
    let text = checks(&[
        "command = { run = ['env'], env = { TOKEN = '{{ TOKEN }}' } }\n\
         expect = { stdout = \"PATH=/usr/local/bin:/usr/bin:/bin\\nTOKEN=sesame-one\\n\" }",
        "command = { run = ['env'], env = { TOKEN = '{{ TOKEN }}' } }\nexpect = { stdout = 'nothing' }",
    ]);
    let report = run(&text, &options);
    let found = told(&report);
    assert_eq!(found[0], "PASS ");
    assert!(found[1].contains("TOKEN=***"), "{found:?}");
    assert!(!format!("{report:?}").contains("sesame-one"), "{report:?}");
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_had_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = checks(&["command = { run = ['sh', '-c', 'sleep 600 & echo $! > child; wait'], timeout = '300ms' }"]);
    let began = Instant::now();
    let found = told(&run(&text, &options(folder.path())));
    assert!(found[0].starts_with("ERROR no complete answer in time (not within 300ms"), "{found:?}");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_ends(folder.path());
}

#[test]
fn what_a_command_leaves_running_is_ended_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = checks(&["command = { run = ['sh', '-c', 'sleep 600 & echo $! > child'] }"]);
    assert_eq!(told(&run(&text, &options(folder.path()))), ["PASS "]);
    assert_ends(folder.path());
}

#[test]
fn more_output_than_is_read_is_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { body_limit: 100_000, ..options(folder.path()) };
    let found = told(&run(&checks(&["command = { run = ['yes'] }"]), &options));
    assert_eq!(found, ["ERROR answer too large (the command writes more than is read of it)"]);
}

/// Waits for the end of the process whose number a command wrote: a signal is on its way when it was sent.
fn assert_ends(folder: &Path) {
    let child = std::fs::read_to_string(folder.join("child")).expect("the shell wrote it");
    let began = Instant::now();
    while !has_ended(child.trim()) {
        assert!(began.elapsed() < Duration::from_secs(30), "{child} is still there");
        std::thread::yield_now();
    }
}

/// Whether a process is gone, or only waits to be forgotten by whoever has inherited it.
fn has_ended(process: &str) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']))
}

#[test]
fn a_command_that_fails_shows_what_it_complained_about_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = checks(&[
        "command = { run = ['sh', '-c', 'seq 1000; seq 2000 3000 >&2; echo no such table: book >&2; exit 3'] }",
        "command = { run = ['sh', '-c', 'echo one; echo a hint >&2; exit 4'] }",
        "command = { run = ['seq', '1000'] }\nexpect = { stdout = { contains = 'none' } }",
        "command = { run = ['true'] }",
    ]);
    let report = run(&text, &options(folder.path()));
    let output: Vec<_> = report.checks.iter().map(|check| check.output.as_deref()).collect();
    let (long, results) = (output[0].expect("what it wrote"), output[2].expect("what it wrote"));
    assert!(long.starts_with("...\n2") && long.ends_with("\n3000\nno such table: book"), "{long}");
    assert_eq!(output[1], Some("one\na hint"));
    assert!(results.ends_with("\n999\n1000"), "{results}");
    assert_eq!(output[3], None);
    assert!(report.checks.iter().all(|check| check.answer.is_none()), "it is no answer");
}
