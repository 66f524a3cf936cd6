//! Markdown for the summary of a CI job: the counts, a table, and what did not pass. The other forms are beside it.

use super::{clean, is_remarkable, seconds, suite_of};
use crate::report::{CheckReport, SmokeReport};

pub(super) fn write(report: &SmokeReport) -> String {
    let mut blocks = vec![format!("# Smoke checks: {}", if report.passed() { "passed" } else { "failed" })];
    blocks.push(format!(
        "{}, in {} s, against {}",
        report.headline().trim_start_matches("smoke checks: "),
        seconds(report.duration_ms),
        code(&report.target)
    ));
    blocks.extend(report.revision.as_ref().map(|tally| escaped(&tally.to_string())));
    let mut table = vec!["| verdict | check | suite | attempts | ms |".to_owned(), "|---|---|---|--:|--:|".to_owned()];
    table.extend(report.checks.iter().map(row));
    blocks.push(table.join("\n"));
    blocks.extend(report.checks.iter().filter(|check| is_remarkable(check)).map(section));
    blocks.join("\n\n") + "\n"
}

fn row(check: &CheckReport) -> String {
    let millis = check.answer_ms.map(|millis| millis.to_string()).unwrap_or_default();
    let why = check.skipped.as_ref().map(|why| format!(": {}", escaped(&why.to_string()))).unwrap_or_default();
    format!(
        "| {} | {}{why} | {} | {} | {millis} |",
        check.verdict.as_str(),
        escaped(&check.name),
        escaped(&suite_of(check)),
        check.attempts
    )
}

fn section(check: &CheckReport) -> String {
    let mut blocks = vec![format!("## {} {}", check.verdict.as_str(), escaped(&check.name))];
    blocks.push(format!("{} at {}", code(&check.request), code(&check.location.to_string())));
    blocks.extend(check.unmeasured.as_ref().map(|why| escaped(&why.to_string())));
    blocks.extend(check.skipped.as_ref().map(|why| escaped(&why.to_string())));
    if !check.findings.is_empty() {
        let mut table = vec!["| part | expected | actual |".to_owned(), "|---|---|---|".to_owned()];
        table.extend(check.findings.iter().map(|finding| {
            let cell = |text: &str| code(text).replace('|', "\\|");
            format!("| {} | {} | {} |", escaped(&finding.place()), cell(&finding.expected), cell(&finding.actual))
        }));
        blocks.push(table.join("\n"));
    }
    blocks.extend(check.findings.iter().filter_map(|finding| Some(fenced("diff", finding.diff.as_ref()?))));
    if check.attempts > 1 {
        blocks.push(format!("After {} attempts.", check.attempts));
    }
    blocks.extend(check.first_attempt.as_ref().map(|first| format!("First attempt: {}", escaped(first))));
    blocks.extend(check.stopped_on.as_ref().map(|why| format!("Not tried again: {}", escaped(why))));
    blocks.extend(check.answer.as_ref().map(|answer| format!("Answer:\n\n{}", fenced("", answer))));
    blocks.extend(check.output.as_ref().map(|output| format!("The last lines:\n\n{}", fenced("", output))));
    blocks.extend(check.curl.as_ref().map(|curl| fenced("sh", curl)));
    blocks.extend(check.advice.as_deref().map(escaped));
    blocks.join("\n\n")
}

/// A code span, whatever backticks are in the text.
fn code(text: &str) -> String {
    let text = clean(text).replace('\n', " ");
    let ticks = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.is_empty() { "(empty)".to_owned() } else { format!("{ticks}{space}{text}{space}{ticks}") }
}

fn fenced(language: &str, text: &str) -> String {
    let text = clean(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// Text that stays text: nothing in it is markup, and it is one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => out.extend(['\\', character]),
            other => out.push(other),
        }
    }
    out
}
