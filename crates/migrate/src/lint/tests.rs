//! Tests of the linter as a whole: the examples of the documentation, exemptions across files, comments, what is not understood.

use super::*;

fn options() -> LintOptions {
    LintOptions { judged: Judged::All, server_version: None, allow: Vec::new(), warn: Vec::new(), opt_in: Vec::new() }
}

/// Judges the last of these migrations, and takes the others for applied.
fn last(engine: Engine, options: &LintOptions, migrations: &[&str]) -> LintReport {
    let names: Vec<String> = (1..=migrations.len()).map(|number| format!("{number:04}_m")).collect();
    let texts: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(migrations.iter().copied()).collect();
    let set = MigrationSet::from_embedded(&texts).expect("the migrations can be read");
    let version = set.migrations.last().expect("there is one").version.clone();
    let options = LintOptions { judged: Judged::Only([version].into()), ..options.clone() };
    lint(&set, engine, &options).expect("they can be judged")
}

fn rules(report: &LintReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

#[cfg(feature = "squawk")]
#[test]
fn every_unsafe_example_is_found_and_every_safe_one_is_not() {
    for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::NonLinearHistory) {
        let info = rule.info();
        let options = LintOptions { opt_in: vec![*rule], ..options() };
        let judge = |sql: &str| {
            let before: &[&str] = if info.before.is_empty() { &[] } else { &[info.before] };
            last(info.engine, &options, &[before, &[sql]].concat())
        };
        let bad = judge(info.bad);
        assert!(bad.findings.iter().any(|finding| finding.rule == *rule), "{rule} does not find its example: {bad}");
        assert_eq!(bad.unclassified, [], "{rule}");
        if let Some(good) = info.good {
            let good = judge(good);
            assert!(good.findings.iter().all(|finding| finding.rule != *rule), "{rule} finds its safe example: {good}");
            assert_eq!(good.unclassified, [], "{rule}");
        }
    }
}
