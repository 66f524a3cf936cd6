//! Measures the linter by a corpus of labelled statements: what it finds, what it misses, what it finds for nothing. How the labels
//! were verified is in the README beside it.
#![allow(clippy::print_stdout, reason = "the figures are printed for `cargo xtask corpus`")]

mod case;
mod score;

use std::path::Path;

use plimsoll_core::db::Engine;
use plimsoll_migrate::lint;

use case::Case;
use score::Score;

/// Cases whose label and verdict differ, each reviewed: `engine/file: case: rule`, and why.
const REVIEWED: &str = include_str!("reviewed.txt");

#[test]
fn the_corpus_has_no_false_verdict_but_the_reviewed_ones() {
    let mut wrong = Vec::new();
    for engine in [Engine::Postgres, Engine::Mysql, Engine::Sqlite] {
        let cases = case::read(Path::new(env!("CARGO_MANIFEST_DIR")), engine);
        assert!(!cases.is_empty(), "there is no corpus for {engine}");
        let mut score = Score::default();
        for case in &cases {
            judge(case, &mut score, &mut wrong);
        }
        println!("{engine}\n{score}");
    }
    let reviewed: Vec<&str> =
        REVIEWED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(" | ").next()).collect();
    let fresh: Vec<_> = wrong.iter().filter(|line| !reviewed.contains(&line.as_str())).collect();
    let stale: Vec<_> =
        reviewed.iter().filter(|line| !line.trim().is_empty() && !wrong.iter().any(|found| found == *line)).collect();
    assert!(fresh.is_empty(), "{} verdicts differ from their labels:\n{}", fresh.len(), lines(&fresh));
    assert!(stale.is_empty(), "reviewed, but no longer true:\n{}", lines(&stale));
}

fn judge(case: &Case, score: &mut Score, wrong: &mut Vec<String>) {
    let report =
        lint(&case.set(), case.engine, &case.options()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    score.statements += report.statements;
    let mut found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    found.sort_unstable();
    found.dedup();
    let expected: Vec<&str> = case.expect.iter().map(String::as_str).collect();
    for rule in found.iter().filter(|rule| !expected.contains(rule)) {
        wrong.push(format!("{}: found {rule}", case.name));
    }
    for rule in expected.iter().filter(|rule| !found.contains(rule)) {
        wrong.push(format!("{}: missed {rule}", case.name));
    }
    for unknown in &report.unclassified {
        if !case.unclassified {
            wrong.push(format!("{}: not understood: {}", case.name, unknown.what));
        }
    }
    score.count(&found, &expected);
}

fn lines(all: &[&(impl std::fmt::Display + ?Sized)]) -> String {
    all.iter().map(|line| format!("  {line}\n")).collect()
}
