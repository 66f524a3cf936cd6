//! A finished run as a file for other programs and for people. Where the file goes is the caller's.

mod html;
mod junit;
mod markdown;
mod tap;
#[cfg(test)]
mod tests;

use plimsoll_core::Redactor;

use crate::report::{CheckReport, SmokeReport, Verdict};

/// A form in which a run can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// JUnit's XML, as Jenkins reads it.
    Junit,
    /// TAP, version 14.
    Tap,
    /// Markdown, for the summary of a CI job.
    Markdown,
    /// One HTML page that needs nothing else.
    Html,
    /// The report itself.
    Json,
}

impl ReportFormat {
    /// Every format by its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("junit", Self::Junit),
        ("tap", Self::Tap),
        ("markdown", Self::Markdown),
        ("html", Self::Html),
        ("json", Self::Json),
    ];

    /// The format of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// The text of a report. What the redactor knows is masked before anything is escaped, so that no form of it is left.
#[must_use]
pub fn write(report: &SmokeReport, format: ReportFormat, redactor: &Redactor) -> String {
    let mut report = report.clone();
    report.each_text(&mut |text| *text = redactor.redact(text).into_owned());
    match format {
        ReportFormat::Junit => junit::write(&report),
        ReportFormat::Tap => tap::write(&report),
        ReportFormat::Markdown => markdown::write(&report),
        ReportFormat::Html => html::write(&report),
        ReportFormat::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
    }
}

/// The file stem, which is the name of the suite.
fn suite_of(check: &CheckReport) -> String {
    check.location.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// All that is known of a check besides its verdict, as plain text.
fn details(check: &CheckReport) -> String {
    let mut lines = vec![format!("at {}", check.location), check.request.clone()];
    for finding in &check.findings {
        lines.push(format!("{}:", finding.place()));
        lines.push(format!("  expected: {}", finding.expected));
        lines.push(format!("  actual:   {}", finding.actual));
        lines.extend(finding.diff.iter().flat_map(|diff| diff.lines()).map(|line| format!("  {line}")));
    }
    lines.extend(check.unmeasured.as_ref().map(ToString::to_string));
    lines.extend(check.skipped.as_ref().map(ToString::to_string));
    lines.extend(check.first_attempt.as_ref().map(|first| format!("first attempt: {first}")));
    lines.extend(check.stopped_on.as_ref().map(|why| format!("not tried again: {why}")));
    if check.attempts > 1 {
        lines.push(format!("attempts: {}", check.attempts));
    }
    lines.extend(check.answer.as_ref().map(|answer| format!("answer: {answer}")));
    if let Some(output) = &check.output {
        lines.push("the last lines:".to_owned());
        lines.extend(output.lines().map(|line| format!("  {line}")));
    }
    lines.extend(check.curl.clone());
    lines.extend(check.advice.clone());
    lines.join("\n")
}

/// What a person may want to look at.
fn is_remarkable(check: &CheckReport) -> bool {
    match check.verdict {
        Verdict::Fail | Verdict::Error | Verdict::Warn | Verdict::Flaky => true,
        Verdict::Pass | Verdict::Skip => false,
    }
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// Text without the characters that neither XML nor a terminal takes.
fn clean(text: &str) -> String {
    let keeps = |character: &char| {
        matches!(character, '\t' | '\n') || !(character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().filter(keeps).collect()
}

/// Text for XML and HTML, between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
