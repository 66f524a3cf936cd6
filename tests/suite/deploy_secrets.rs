//! Secrets: in no output, ledger, log, record or saved plan, whether a run succeeds or fails.

use std::path::Path;

use plimsoll_core::db::Engine;
use plimsoll_tests::{Deployment, TestDatabase, dump};

const TOKEN: &str = "token-0f-the-harbour-master";
const PASSWORD: &str = "passw0rd-0f-the-lock-keeper";
const SCRATCH_PASSWORD: &str = "passw0rd-0f-the-scratch-server";

#[test]
fn no_secret_is_in_any_output_or_file_or_table() {
    let mut database = TestDatabase::new(Engine::Postgres);
    let user = format!("lock_keeper_{}", std::process::id());
    database.run(&format!("CREATE ROLE {user} LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    let url = database.url_text().replacen("postgres@", &format!("{user}:{PASSWORD}@"), 1);
    assert!(url.contains(PASSWORD), "the test server's URL has an unexpected form");
    let harbour = Deployment::of_harbour().env("DATABASE_URL", &url).env("HF_SUPERADMIN_TOKEN", TOKEN);
    let file = harbour.beside("harbour.plan").display().to_string();
    let wrong =
        url.replace(&format!("{user}:"), "nobody_of_that_name:").replace("/plimsoll_test_", "/plimsoll_test_no_");
    let wrong = format!("DATABASE_URL={wrong}");
    // Not a variable of the project: a server that is named on the command line alone.
    let elsewhere = url.replace(&format!("{user}:"), "nobody_of_that_name:").replace(PASSWORD, SCRATCH_PASSWORD);
    let closed = format!("closed_port={}", harbour.port());
    let runs: &[(&[&str], i32)] = &[
        (&["env", "show", "staging", "--explain"], 0),
        (&["env", "check", "staging"], 0),
        (&["plan", "staging", "-o", &file], 0),
        (&["deploy", "staging", "--set", &wrong], 4),
        (&["deploy", "staging", "--plan", &file], 0),
        (&["deploy", "staging"], 0),
        (&["status", "staging"], 0),
        (&["history", "staging"], 0),
        (&["smoke", "run", "staging"], 0),
        (&["migrate", "status", "staging"], 0),
        (&["migrate", "plan", "staging"], 0),
        (&["migrate", "inventory", "staging"], 0),
        (&["migrate", "drift", "staging"], 0),
        (&["migrate", "drift", "staging", "--scratch", &elsewhere], 4),
        (&["deploy", "staging", "--set", "fault=no-specs"], 7),
        (&["deploy", "staging", "--set", "fault=die-at-start"], 7),
        (&["deploy", "staging", "--commit", "next", "--set", &closed], 7),
        (&["deploy", "staging", "--set", "HF_SUPERADMIN_TOKEN="], 2),
        (&["deploy", "staging", "--set", "HF_SUPERADMIN_TOKENS=x"], 2),
    ];
    for (arguments, code) in runs {
        for format in ["text", "json"] {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--format", format]);
            if format == "json" && arguments.contains(&"--plan") {
                // What the saved plan says was done by the run before.
                continue;
            }
            let run = harbour.run(&arguments);
            assert_eq!(run.code, *code, "{arguments:?}\n{}", run.text());
            has_none(&run.text(), &format!("{arguments:?}"));
        }
    }
    // A secret that a mistake drags into the output of the service or the database is masked as well.
    harbour.write("launch.sh", "#!/bin/sh\necho \"cannot use $DATABASE_URL with $HF_SUPERADMIN_TOKEN\" >&2\nexit 4\n");
    let failed = harbour.run(&["deploy", "staging"]).exits(7);
    has_none(&failed.text(), "a service that prints its secrets");
    failed.says(&["cannot use "]);
    for (table, rows) in dump::everything(database.url()) {
        has_none(&rows.join("\n"), &table);
    }
    let logs = harbour.root().join(".plimsoll/staging/releases");
    files(&harbour.root().join(".plimsoll"), &mut |path, text| {
        // The log is the service's own; what it prints there is its business.
        if !path.starts_with(&logs) || !text.contains("cannot use ") {
            has_none(text, &path.display().to_string());
        }
    });
    has_none(&std::fs::read_to_string(&file).expect("the plan was saved"), "the saved plan");
    database.run(&format!("DROP OWNED BY {user} CASCADE; DROP ROLE {user}"));
}

#[track_caller]
fn has_none(text: &str, place: &str) {
    for secret in [TOKEN, PASSWORD, SCRATCH_PASSWORD] {
        assert!(!text.contains(secret), "a secret is in {place}:\n{}", text.replace(secret, "<<HERE>>"));
    }
}

fn files(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, look);
        } else {
            let bytes = std::fs::read(&path).expect("readable");
            look(&path, &String::from_utf8_lossy(&bytes));
        }
    }
}
