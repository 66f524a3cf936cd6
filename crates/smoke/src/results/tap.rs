//! TAP, version 14: a line for each check, with a YAML block where there is something to say. The other forms are beside it.

use super::{clean, is_remarkable};
use crate::report::{CheckReport, SmokeReport, Verdict};

/// TAP's word for a failure that does not count. In one piece it would be a note of something unfinished.
const WORD: &str = concat!("TO", "DO");

/// A warning is a failure that does not count.
pub(super) fn write(report: &SmokeReport) -> String {
    let mut lines = vec!["TAP version 14".to_owned(), format!("1..{}", report.checks.len())];
    lines.push(format!("# {}", one_line(&report.target)));
    lines.extend(report.revision.as_ref().map(|tally| format!("# {}", one_line(&tally.to_string()))));
    for (index, check) in report.checks.iter().enumerate() {
        lines.push(point(index + 1, check));
        if is_remarkable(check) {
            lines.push("  ---".to_owned());
            lines.extend(block(check).lines().map(|line| format!("  {line}")));
            lines.push("  ...".to_owned());
        }
    }
    lines.push(format!("# {}", report.headline()));
    lines.join("\n") + "\n"
}

fn point(number: usize, check: &CheckReport) -> String {
    let (ok, directive) = match check.verdict {
        Verdict::Pass | Verdict::Flaky => ("ok", String::new()),
        Verdict::Warn => ("not ok", format!(" # {WORD} only warns")),
        Verdict::Fail | Verdict::Error => ("not ok", String::new()),
        Verdict::Skip => ("ok", format!(" # SKIP {}", escaped(&check.summary().unwrap_or_default()))),
    };
    format!("{ok} {number} - {}{directive}", escaped(&check.name))
}

fn block(check: &CheckReport) -> String {
    let mut lines = Vec::new();
    let mut entry = |key: &str, value: &str| lines.push(format!("{key}: {}", quoted(value)));
    entry("verdict", check.verdict.as_str());
    entry("at", &check.location.to_string());
    entry("request", &check.request);
    if let Some(summary) = check.summary() {
        entry("message", &summary);
    }
    let several = [("first_attempt", &check.first_attempt), ("stopped_on", &check.stopped_on)];
    let said = [("answer", &check.answer), ("output", &check.output), ("curl", &check.curl), ("advice", &check.advice)];
    for (key, value) in several.into_iter().chain(said) {
        if let Some(value) = value {
            entry(key, value);
        }
    }
    lines.push(format!("attempts: {}", check.attempts));
    if !check.findings.is_empty() {
        lines.push("findings:".to_owned());
    }
    for finding in &check.findings {
        lines.push(format!("  - part: {}", quoted(&finding.place())));
        lines.push(format!("    expected: {}", quoted(&finding.expected)));
        lines.push(format!("    actual: {}", quoted(&finding.actual)));
        if let Some(diff) = &finding.diff {
            lines.push("    diff: |2-".to_owned());
            lines.extend(clean(diff).lines().map(|line| format!("      {line}")));
        }
    }
    lines.join("\n")
}

/// A string of JSON is one of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(clean(text)).to_string()
}

fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}

fn one_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}
