//! Runs of checks against real HTTP servers on the loopback. Rules that need no server are tested beside their code.

mod addresses;
mod answers;
mod beside;
mod bodies;
mod certificates;
mod cleanups;
mod connecting;
mod crashes;
mod elsewhere;
mod imported;
mod jsonpath;
mod mixes;
mod redirects;
mod repeating;
mod requests;
mod revisions;
mod secrets;
mod server;
mod verdicts;
mod versions;

use std::path::Path;

use plimsoll_smoke::{Event, Options, Selection, SmokePlan, SmokeReport, Target};

/// The plan of all checks in a text.
fn plan_of(text: &str, options: &Options) -> SmokePlan {
    let checks = plimsoll_smoke::parse(Path::new("smoke/test.toml"), text).expect("the checks are right");
    let names = options.names.keys().cloned().collect();
    plimsoll_smoke::plan(&checks, &Selection { names, ..Selection::default() }).expect("a plan")
}

/// Runs all checks of a text against a base URL.
fn run_at(base_url: &str, text: &str) -> SmokeReport {
    run_with(base_url, text, &Options::default(), &mut |_| {})
}

fn run_with(base_url: &str, text: &str, options: &Options, on_event: &mut dyn FnMut(&Event)) -> SmokeReport {
    let target = Target { base_url: base_url.to_owned(), revision: None };
    plimsoll_smoke::run(&plan_of(text, options), &target, options, on_event).expect("the run starts")
}

/// Everything that was wrong, one line each.
fn wrongs(report: &SmokeReport) -> Vec<String> {
    report.checks.iter().filter_map(|check| Some(format!("{} {}", check.verdict.as_str(), check.summary()?))).collect()
}

/// Compares a report with its snapshot, without what differs from run to run.
fn assert_report(name: &str, report: &SmokeReport) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(r#""(answer_ms|duration_ms)": \d+"#, r#""$1": "MS""#);
    settings.bind(|| insta::assert_json_snapshot!(name, report));
}
