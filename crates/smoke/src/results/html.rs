//! One HTML page without scripts and without anything to load, in light and dark. Its looks are in `page.css`.

use std::fmt::Write as _;

use super::{clean, escaped, is_remarkable, seconds, suite_of};
use crate::report::{CheckReport, Counts, Finding, SmokeReport, Verdict};

const STYLE: &str = include_str!("page.css");

pub(super) fn write(report: &SmokeReport) -> String {
    let (word, class) = if report.passed() { ("passed", "pass") } else { ("failed", "fail") };
    let mut out = String::new();
    let mut put = |text: &str| writeln!(out, "{text}").expect("a string takes every line");
    put("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    put("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    put("<meta name=\"color-scheme\" content=\"light dark\">");
    put(&format!("<title>Smoke checks {word}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>"));
    put(&format!("<header class=\"{class}\">\n<h1>Smoke checks {word}</h1>"));
    let time = seconds(report.duration_ms);
    put(&format!("<p><code>{}</code> &middot; {time} s</p>", escaped(&report.target)));
    if let Some(tally) = &report.revision {
        put(&format!("<p>{}</p>", escaped(&tally.to_string())));
    }
    put(&format!("<ul class=\"counts\">{}</ul>\n</header>\n<main>", counts(report.counts)));
    for (index, check) in report.checks.iter().enumerate().filter(|(_, check)| is_remarkable(check)) {
        put(&section(index + 1, check));
    }
    put("<h2>All checks</h2>\n<div class=\"wide\"><table class=\"all\">");
    put("<tr><th>Verdict</th><th>Check</th><th>Place</th><th>Attempts</th><th>ms</th></tr>");
    report.checks.iter().enumerate().for_each(|(index, check)| put(&row(index + 1, check)));
    put("</table></div>\n</main>\n</body>\n</html>");
    out
}

fn counts(counts: Counts) -> String {
    let Counts { pass, flaky, warn, fail, error, skip } = counts;
    let all = [
        (fail, Verdict::Fail, "failed"),
        (error, Verdict::Error, "not measured"),
        (warn, Verdict::Warn, "warned"),
        (flaky, Verdict::Flaky, "flaky"),
        (pass, Verdict::Pass, "passed"),
        (skip, Verdict::Skip, "skipped"),
    ];
    let item = |(number, verdict, word): (usize, Verdict, &str)| {
        let none = if number == 0 { " none" } else { "" };
        format!("<li class=\"{}{none}\"><b>{number}</b> {word}</li>", class_of(verdict))
    };
    all.into_iter().map(item).collect()
}

fn section(number: usize, check: &CheckReport) -> String {
    let class = class_of(check.verdict);
    let mut parts = vec![format!(
        "<section class=\"{class}\" id=\"c{number}\">\n<h2>{} {}</h2>",
        badge(check.verdict),
        escaped(&check.name)
    )];
    parts.push(format!("<p class=\"place\">{}</p>", escaped(&check.location.to_string())));
    parts.push(format!("<p><code>{}</code></p>", escaped(&check.request)));
    let why = [check.unmeasured.as_ref().map(ToString::to_string), check.skipped.as_ref().map(ToString::to_string)];
    parts.extend(why.iter().flatten().map(|why| format!("<p class=\"why\">{}</p>", escaped(why))));
    if !check.findings.is_empty() {
        parts.push("<div class=\"wide\"><table><tr><th></th><th>Expected</th><th>Actual</th></tr>".to_owned());
        parts.extend(check.findings.iter().map(finding));
        parts.push("</table></div>".to_owned());
    }
    if check.attempts > 1 {
        let first = check.first_attempt.as_deref().map(escaped).unwrap_or_default();
        let last = match (check.verdict, check.summary()) {
            (Verdict::Flaky, _) | (_, None) => "as expected".to_owned(),
            (_, Some(summary)) => escaped(&summary),
        };
        parts.push(format!(
            "<dl><dt>First of {} attempts</dt><dd>{first}</dd><dt>Last</dt><dd>{last}</dd></dl>",
            check.attempts
        ));
    }
    parts.extend(check.stopped_on.as_ref().map(|why| format!("<p>Not tried again: {}</p>", escaped(why))));
    for (title, text) in [("Answer", &check.answer), ("Last lines", &check.output)] {
        let details = |text| format!("<details><summary>{title}</summary><pre>{}</pre></details>", escaped(text));
        parts.extend(text.as_deref().map(details));
    }
    parts.extend(check.curl.as_ref().map(|curl| format!("<h3>Send it again</h3>\n<pre>{}</pre>", escaped(curl))));
    parts.extend(check.advice.as_ref().map(|advice| format!("<p>{}</p>", escaped(advice))));
    parts.push("</section>".to_owned());
    parts.join("\n")
}

fn finding(finding: &Finding) -> String {
    let mut out = format!(
        "<tr><th>{}</th><td><code>{}</code></td><td><code>{}</code></td></tr>",
        escaped(&finding.place()),
        escaped(&finding.expected),
        escaped(&finding.actual)
    );
    if let Some(diff) = &finding.diff {
        let lines: String = clean(diff).lines().map(diff_line).collect();
        let key = "<span class=\"gone\">- expected</span>  <span class=\"new\">+ actual</span>\n";
        out.push_str(&format!("\n<tr><td colspan=\"3\"><pre class=\"diff\">{key}{lines}</pre></td></tr>"));
    }
    out
}

fn diff_line(line: &str) -> String {
    let text = escaped(line);
    match line.as_bytes().first() {
        Some(b'-') => format!("<span class=\"gone\">{text}</span>\n"),
        Some(b'+') => format!("<span class=\"new\">{text}</span>\n"),
        _ => format!("{text}\n"),
    }
}

fn row(number: usize, check: &CheckReport) -> String {
    let name = escaped(&check.name);
    let name = if is_remarkable(check) { format!("<a href=\"#c{number}\">{name}</a>") } else { name };
    let why = check.skipped.as_ref().map(|why| format!("<br><small>{}</small>", escaped(&why.to_string())));
    let millis = check.answer_ms.map(|millis| millis.to_string()).unwrap_or_default();
    let (suite, line) = (escaped(&suite_of(check)), check.location.line);
    format!(
        "<tr><td>{}</td><td>{name}{}</td><td>{suite}:{line}</td><td>{}</td><td>{millis}</td></tr>",
        badge(check.verdict),
        why.unwrap_or_default(),
        check.attempts
    )
}

fn badge(verdict: Verdict) -> String {
    format!("<span class=\"badge {}\">{}</span>", class_of(verdict), verdict.as_str())
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Flaky => "flaky",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Error => "error",
        Verdict::Skip => "skip",
    }
}
