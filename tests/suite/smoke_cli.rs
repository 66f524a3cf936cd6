//! `smoke run` and `smoke import` as people type them: every flag, every report, every exit code. What checks find is the
//! smoke crate's to prove.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use plimsoll_tests::Deployment;
use plimsoll_tests::answering::{Answer, Asked, Service};
use plimsoll_tests::command::Finished;
use serde_json::Value;

fn berths(asked: &Asked) -> Option<Answer> {
    let path = asked.path.split('?').next().unwrap_or_default();
    Some(match (asked.method.as_str(), path) {
        ("GET", "/berths") => Answer::json(r#"[{"id": 1}, {"id": 2}]"#),
        ("POST", "/berths") if asked.body.contains("quay") => Answer::new(201, "application/json", r#"{"id": 3}"#),
        ("DELETE", "/berths/3") => Answer::new(204, "text/plain", ""),
        ("POST", "/login") if asked.body == "user=ann" => Answer::json(r#"{"token": "t0ken-of-ann", "id": 7}"#),
        ("GET", "/me") => Answer::json(r#"{"name": "ann"}"#),
        ("GET", "/silent") => return None,
        _ => Answer::new(404, "application/json", r#"{"error": "no such berth"}"#),
    })
}

/// A quay with these checks in place of its own.
fn quay(service: &Service, checks: &str) -> Deployment {
    let quay = Deployment::of_quay(&service.url());
    quay.write("smoke/berths.toml", checks);
    quay
}

fn check(name: &str, tags: &str, rest: &str) -> String {
    format!("[[check]]\nname = '{name}'\ntags = [{tags}]\n{rest}\n")
}

const PASSES: &str = "request = { path = '/berths' }\n";
const FAILS: &str = "request = { path = '/berths' }\nexpect = { status = 201, json = { '$[0].id' = 5 } }\n";
const UNMEASURED: &str = "request = { path = '/silent' }\nretry = { for = '1ms' }\n";
const MUTATES: &str = "request = { method = 'POST', path = '/berths', json = { name = 'quay' } }\n\
                       capture = { id = '$.id' }\n\
                       cleanup = { request = { method = 'DELETE', path = '/berths/{{ id }}' } }\n";

/// The verdicts of a run with `--format json`, by their names.
fn verdicts(run: &Finished) -> Vec<(String, String)> {
    let all = run.json();
    let last = all.last().expect("a report");
    // A run that did not pass is told by its error.
    let report = all
        .iter()
        .rev()
        .filter(|value| value["event"] == "smoke" && value["smoke"]["event"] == "check_finished")
        .map(|value| &value["smoke"]["report"])
        .collect::<Vec<_>>();
    let checks: Vec<&Value> =
        last["checks"].as_array().map_or_else(|| report.into_iter().rev().collect(), |all| all.iter().collect());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    checks.iter().map(|check| (text(&check["name"]), text(&check["verdict"]))).collect()
}

#[test]
fn every_way_in_which_a_run_can_end_has_its_exit_code() {
    let service = Service::start(berths);
    let pass = check("a", "", PASSES);
    let warn = check("b", "", &format!("level = 'warn'\n{FAILS}"));
    let (fail, unmeasured) = (check("c", "", FAILS), check("d", "", UNMEASURED));
    let skip = check("e", "", &format!("needs = ['d']\n{PASSES}"));
    for (checks, code, headline) in [
        (pass.clone(), 0, "smoke checks: 1 passed"),
        ([pass.clone(), warn.clone()].concat(), 0, "smoke checks: 1 passed, 1 warned"),
        ([pass.clone(), fail.clone()].concat(), 3, "smoke checks: 1 passed, 1 failed"),
        ([pass.clone(), unmeasured.clone()].concat(), 4, "smoke checks: 1 passed, 1 not measured"),
        ([fail, unmeasured.clone()].concat(), 3, "smoke checks: 1 failed, 1 not measured"),
        ([unmeasured, skip].concat(), 4, "smoke checks: 1 not measured, 1 skipped"),
    ] {
        let ended = quay(&service, &checks).run(&["smoke", "run", "test"]).exits(code);
        let said = if code == 0 { &ended.stdout } else { &ended.stderr };
        assert!(said.contains(headline), "{headline}\n{}", ended.text());
    }
    let here = quay(&service, &pass);
    for (arguments, says) in [
        (vec!["--tag", "nobody"], "no check has the tag `nobody`"),
        (vec!["--filter", "a and"], "filter"),
        (vec!["--filter", "not name ~ a"], "no check is selected"),
        (vec!["--jobs", "0"], "--jobs"),
        (vec!["--deadline", "soon"], "500ms"),
        (vec!["--report", "pdf=x"], "junit, tap, markdown, html, json"),
        (vec!["--report", "tap"], "tap=results/smoke"),
        (vec!["--base-url", "ftp://x"], "is not http or https"),
    ] {
        let arguments = [&["smoke", "run", "test"], arguments.as_slice()].concat();
        here.run(&arguments).exits(2).says(&[says]);
    }
    here.write("smoke/berths.toml", "[[check]]\nname = 'a'\nrequest = { method = 'POST', path = '/berths' }\n");
    here.run(&["smoke", "run", "test"]).exits(2).says(&[
        "smoke/berths.toml:3:11",
        "POST may change something",
        "cleanup = { request = { .. } }",
        "leaves = \"..\"",
        "effect = \"read\"",
    ]);
    here.remove("smoke/berths.toml");
    here.run(&["smoke", "run", "test"]).exits(2).says(&["no check is selected"]);
}

#[test]
fn tags_and_filters_choose_and_what_is_needed_comes_along() {
    let service = Service::start(berths);
    let checks = [
        check("one", "'fast'", PASSES),
        check("two", "'slow'", PASSES),
        check("three", "'fast', 'late'", &format!("needs = ['two']\n{PASSES}")),
    ];
    let here = quay(&service, &checks.concat());
    for (arguments, names) in [
        (vec!["--tag", "slow"], vec!["two"]),
        (vec!["--tag", "slow", "--tag", "late"], vec!["two", "three"]),
        (vec!["--filter", "fast and not late"], vec!["one"]),
        (vec!["--filter", "name ~ '^t'"], vec!["two", "three"]),
        (vec!["--filter", "late"], vec!["two", "three"]),
        (vec!["--tag", "fast", "--filter", "not late"], vec!["one"]),
    ] {
        let arguments = [&["smoke", "run", "test", "--format", "json"], arguments.as_slice()].concat();
        let ran: Vec<_> = verdicts(&here.run(&arguments).exits(0)).into_iter().map(|(name, _)| name).collect();
        assert_eq!(ran, names, "{arguments:?}");
    }
}

#[test]
fn after_a_failure_the_run_goes_on_unless_it_is_to_stop_and_cleans_up_in_either_case() {
    let service = Service::start(berths);
    let checks = [check("made", "", MUTATES), check("wrong", "", FAILS), check("later", "", PASSES)].concat();
    let here = quay(&service, &checks);
    let of = |arguments: &[&str]| {
        let all = [&["smoke", "run", "test", "--format", "json", "--jobs", "1"], arguments].concat();
        let pairs = verdicts(&here.run(&all).exits(3));
        pairs.into_iter().map(|(name, verdict)| format!("{name} {verdict}")).collect::<Vec<_>>()
    };
    assert_eq!(of(&[]), ["made PASS", "wrong FAIL", "later PASS", "cleanup of made PASS"]);
    assert_eq!(of(&["--fail-fast"]), ["made PASS", "wrong FAIL", "later SKIP", "cleanup of made PASS"]);
    let deleted = service.asked().iter().filter(|asked| asked.method == "DELETE").count();
    assert_eq!(deleted, 2);
}

#[test]
fn as_many_checks_run_beside_each_other_as_are_allowed() {
    // Nobody is answered before two have asked.
    let (together, most) = (Arc::new((Mutex::new(0_usize), Condvar::new())), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let service = Service::start(move |_| {
        let (count, changed) = &*together;
        let mut here = count.lock().expect("no panic");
        *here += 1;
        seen.fetch_max(*here, Ordering::SeqCst);
        changed.notify_all();
        let (mut here, waited) =
            changed.wait_timeout_while(here, Duration::from_millis(1_500), |here| *here < 2).expect("no panic");
        *here = if waited.timed_out() { here.saturating_sub(1) } else { *here };
        Some(Answer::json("{}"))
    });
    let checks: String = ["a", "b"].map(|name| check(name, "", PASSES)).concat();
    let here = quay(&service, &checks);
    here.run(&["smoke", "run", "test", "--jobs", "1"]).exits(0);
    assert_eq!(most.load(Ordering::SeqCst), 1, "one at a time");
    here.run(&["smoke", "run", "test", "--jobs", "2"]).exits(0);
    assert_eq!(most.load(Ordering::SeqCst), 2, "two at a time");
}

#[test]
fn a_protected_environment_is_only_looked_at_unless_that_is_allowed() {
    let service = Service::start(berths);
    let here = quay(&service, &[check("made", "", MUTATES), check("looked", "", PASSES)].concat());
    let held = here.run(&["smoke", "run", "guarded"]).exits(0);
    held.says(&[
        "SKIP   made",
        "it changes something, and the environment is protected: allow it with `--allow-mutate`",
    ]);
    assert!(service.asked().iter().all(|asked| asked.method == "GET"), "nothing was changed");
    let plan = here.run(&["plan", "guarded"]).exits(0);
    for line in ["skip   made", "check  looked", "1 skipped, each because it changes something", "`--allow-mutate`"] {
        assert!(plan.stdout.contains(line), "{line}\n{}", plan.text());
    }
    let plan = here.run(&["plan", "guarded", "--format", "json"]).exits(0).one_json();
    assert_eq!(plan["skipped_checks"], serde_json::json!(["made"]));
    assert!(!here.run(&["plan", "test"]).exits(0).stdout.contains("skip "));

    let allowed = here.run(&["smoke", "run", "guarded", "--allow-mutate"]).exits(0);
    assert!(allowed.stdout.contains("smoke checks: 3 passed"), "{}", allowed.text());
    assert_eq!(service.asked().iter().filter(|asked| asked.method == "DELETE").count(), 1);
    here.write("smoke/berths.toml", &check("made", "", MUTATES));
    here.run(&["smoke", "run", "guarded"]).exits(2).says(&[
        "smoke::only_changes_selected",
        "all selected checks change something",
        "--allow-mutate",
    ]);
}

#[test]
fn a_saved_plan_is_the_same_whatever_is_allowed_to_change() {
    let service = Service::start(berths);
    let here = quay(&service, &[check("made", "", MUTATES), check("looked", "", PASSES)].concat());
    let file = here.beside("plan.json").display().to_string();
    here.run(&["plan", "guarded", "-o", &file]).exits(0);
    let deployed = here.run(&["deploy", "guarded", "--plan", &file, "--allow-mutate", "--yes"]).exits(0);
    assert!(!deployed.stdout.contains("skip "), "{}", deployed.text());
    let again = here.run(&["deploy", "guarded", "--yes"]).exits(0);
    assert!(again.stdout.contains("skip   made"), "{}", again.text());
}

#[test]
fn reports_are_written_in_every_format_whatever_comes_of_the_checks() {
    let service = Service::start(berths);
    let checks = [check("right", "", PASSES), check("wrong <b>", "", FAILS), check("none", "", UNMEASURED)].concat();
    let here = quay(&service, &checks);
    let out = here.beside("results/of/today");
    let formats = ["junit", "tap", "markdown", "html", "json"];
    let flags: Vec<String> = formats.iter().map(|name| format!("--report={name}={}/{name}", out.display())).collect();
    let arguments: Vec<&str> = ["smoke", "run", "test"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    here.run(&arguments).exits(3);
    let text = |name: &str| fs::read_to_string(out.join(name)).expect("the report was written, and its folder made");
    assert!(text("junit").contains("<testsuites") && text("junit").contains("failures=\"1\""), "{}", text("junit"));
    assert!(text("tap").starts_with("TAP version 14\n1..3\n"), "{}", text("tap"));
    assert!(text("markdown").contains("FAIL") && text("markdown").contains("wrong"), "{}", text("markdown"));
    assert!(text("html").contains("wrong &lt;b&gt;") && !text("html").contains("wrong <b>"));
    let report: Value = serde_json::from_str(&text("json")).expect("JSON");
    assert_eq!(report["counts"]["fail"], 1);
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(3));
    // Relative to where the command was typed.
    here.run(&["smoke", "run", "test", "--report", "tap=here.tap"]).exits(3);
    assert!(here.beside("here.tap").exists());
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_after_good_checks_and_told_after_bad_ones() {
    let service = Service::start(berths);
    let here = quay(&service, &check("right", "", PASSES));
    // Nobody, not even root, makes a folder out of a file.
    fs::write(here.beside("file"), "").expect("a file");
    let (bad, good) =
        (format!("tap={}/x", here.beside("file").display()), format!("json={}", here.beside("ok").display()));
    let run = ["smoke", "run", "test", "--report", &bad, "--report", &good];
    let ended = here.run(&run);
    assert_ne!(ended.code, 0, "{}", ended.text());
    ended.says(&["file/x"]);
    assert!(here.beside("ok").exists(), "the other one is written");
    here.write("smoke/berths.toml", &check("wrong", "", FAILS));
    here.run(&run).exits(3).says(&["cannot write", "file/x", "1 failed"]);
}

#[test]
fn another_address_and_a_deadline_are_taken_from_the_command_line() {
    let service = Service::start(berths);
    let here = quay(&service, &check("right", "", PASSES));
    let nobody = here.run(&["smoke", "run", "test", "--base-url", "http://127.0.0.1:1", "--deadline", "300ms"]);
    nobody.exits(4).says(&["connection refused"]);
    here.run(&["smoke", "run", "test", "--base-url", &service.url()]).exits(0);
    let released = Deployment::of_harbour();
    released.run(&["smoke", "run", "dev"]).exits(2).says(&["nothing serves in environment `dev`"]);
}

const HURL: &str = r#"
POST {{base}}/login
[Form]
user: ann
HTTP 200
[Captures]
id: jsonpath "$.id"
[Asserts]
jsonpath "$.id" == 7

POST {{base}}/berths?by={{id}}
{"name": "quay"}
HTTP 201
[Asserts]
jsonpath "$.id" == EXPECTED

GET {{base}}/me
HTTP 200
[Asserts]
jsonpath "$.name" == "ann"
"#;

#[test]
fn an_imported_hurl_file_is_run_as_it_was_printed_and_finds_the_same() {
    let service = Service::start(berths);
    let here = quay(&service, "");
    for (expected, code, verdicts_wanted) in [("3", 0, ["PASS", "PASS", "PASS"]), ("4", 3, ["PASS", "FAIL", "SKIP"])] {
        let file = here.beside("berths.hurl");
        let source = HURL.replace("{{base}}", &service.url()).replace("EXPECTED", expected);
        fs::write(&file, source).expect("the file is written");
        let imported = here.run(&["smoke", "import", "berths.hurl"]).exits(0);
        imported.says(&["3 checks imported, 0 things left out"]);
        // What may change something says that nobody knows what stays, and what to say instead.
        assert_eq!(imported.stdout.matches("leaves = \"what POST /").count(), 2, "{}", imported.stdout);
        assert!(imported.stdout.contains("effect = \"read\""), "{}", imported.stdout);
        here.write("smoke/berths.toml", &imported.stdout);
        let ran = here.run(&["smoke", "run", "test", "--format", "json"]).exits(code);
        let verdicts: Vec<_> = verdicts(&ran).into_iter().map(|(_, verdict)| verdict).collect();
        assert_eq!(verdicts, verdicts_wanted);
    }
    let json = here.run(&["smoke", "import", "berths.hurl", "--format", "json"]).exits(0).one_json();
    assert_eq!(json["checks"], 3);
}

#[test]
fn an_imported_curl_line_is_run_as_it_was_printed_and_what_is_left_out_is_told() {
    let service = Service::start(berths);
    let here = quay(&service, "");
    let line = format!("curl -sS --fail {}/login -d user=ann", service.url());
    let imported = here.run(&["smoke", "import", "--curl", &line]).exits(0);
    here.write("smoke/berths.toml", &imported.stdout);
    here.run(&["smoke", "run", "test"]).exits(0);
    let sent = service.asked().pop().expect("it was sent");
    assert_eq!((sent.method.as_str(), sent.path.as_str(), sent.body.as_str()), ("POST", "/login", "user=ann"));

    let odd = format!("curl --limit-rate 1k {}/berths", service.url());
    let imported = here.run(&["smoke", "import", "--curl", &odd]).exits(3);
    imported.says(&["left out", "limit-rate"]);
    here.write("smoke/berths.toml", &imported.stdout);
    here.run(&["smoke", "run", "test"]).exits(0);
    here.run(&["smoke", "import", "missing.hurl"]).exits(2).says(&["missing.hurl"]);
    here.run(&["smoke", "import"]).exits(2).says(&["<FILE.hurl>"]);
    here.run(&["smoke", "import", "a.hurl", "--curl", "curl x"]).exits(2).says(&["cannot be used with"]);
}
