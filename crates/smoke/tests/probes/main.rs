//! Checks of what is not HTTP against the real thing: sockets, programs, files, databases, Redis. HTTP is tried in `loopback`.

mod commands;
mod logs;
mod network;
mod redis;
mod redis_server;
mod redis_tls;
mod sql;

use std::path::Path;

use plimsoll_smoke::{Options, Selection, SmokeReport, Target};

/// Options with a folder of a project, and programs where they usually are.
fn options(root: &Path) -> Options {
    Options {
        root: Some(root.to_owned()),
        search_path: Some("/usr/local/bin:/usr/bin:/bin".to_owned()),
        ..Options::default()
    }
}

/// Runs checks, none of which sends a request.
fn run(text: &str, options: &Options) -> SmokeReport {
    run_telling(text, options, &mut |_| {})
}

fn run_telling(text: &str, options: &Options, on_event: &mut dyn FnMut(&plimsoll_smoke::Event)) -> SmokeReport {
    let suites = plimsoll_smoke::parse(Path::new("smoke/test.toml"), text).expect("the checks are right");
    let names = options.names.keys().cloned().collect();
    let plan = plimsoll_smoke::plan(&suites, &Selection { names, ..Selection::default() }).expect("a plan");
    let target = Target { base_url: "http://127.0.0.1:1".to_owned(), revision: None };
    plimsoll_smoke::run(&plan, &target, options, on_event).expect("the run starts")
}

/// Each check in a line: its verdict and what was wrong.
fn told(report: &SmokeReport) -> Vec<String> {
    report
        .checks
        .iter()
        .map(|check| format!("{} {}", check.verdict.as_str(), check.summary().unwrap_or_default()))
        .collect()
}

/// A check of each of these lines. What they change is the test's own, and goes with it.
fn checks(lines: &[&str]) -> String {
    let check = |(number, line)| format!("[[check]]\nname = '{number}'\neffect = 'read'\n{line}\n");
    lines.iter().enumerate().map(check).collect()
}
