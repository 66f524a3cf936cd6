//! JUnit's XML as Jenkins' schema has it: a suite for each file, a test case for each check. The other forms are beside it.

use std::fmt::Write as _;

use super::{details, escaped, seconds, suite_of};
use crate::report::{CheckReport, Counts, SmokeReport, Verdict};

/// What could not be measured is an error there, a warning is a passed case that says so in its output.
pub(super) fn write(report: &SmokeReport) -> String {
    let mut suites: Vec<(String, Vec<&CheckReport>)> = Vec::new();
    for check in &report.checks {
        let file = check.location.file.to_string_lossy().into_owned();
        match suites.iter_mut().find(|(known, _)| *known == file) {
            Some((_, checks)) => checks.push(check),
            None => suites.push((file, vec![check])),
        }
    }
    let Counts { fail, error, .. } = report.counts;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(
        &mut out,
        &format!(
            "<testsuites name=\"smoke\" time=\"{}\" tests=\"{}\" failures=\"{fail}\" errors=\"{error}\">",
            seconds(report.duration_ms),
            report.checks.len()
        ),
    );
    for (file, checks) in &suites {
        suite(&mut out, report, file, checks);
    }
    line(&mut out, "</testsuites>");
    out
}

fn suite(out: &mut String, report: &SmokeReport, file: &str, checks: &[&CheckReport]) {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let time: u64 = checks.iter().filter_map(|check| check.answer_ms).sum();
    let name = checks.first().map(|check| suite_of(check)).unwrap_or_default();
    line(
        out,
        &format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" file=\"{}\">",
            escaped(&name),
            checks.len(),
            count(Verdict::Fail),
            count(Verdict::Error),
            count(Verdict::Skip),
            seconds(time),
            escaped(file)
        ),
    );
    line(out, "    <properties>");
    let mut property = |name: &str, value: &str| {
        line(out, &format!("      <property name=\"{name}\" value=\"{}\"/>", escaped(value)));
    };
    property("target", &report.target);
    if let Some(tally) = &report.revision {
        property("revision", &tally.to_string());
    }
    line(out, "    </properties>");
    checks.iter().for_each(|check| case(out, check));
    line(out, "  </testsuite>");
}

fn case(out: &mut String, check: &CheckReport) {
    let time = check.answer_ms.map(|millis| format!(" time=\"{}\"", seconds(millis))).unwrap_or_default();
    let opening =
        format!("    <testcase name=\"{}\" classname=\"{}\"{time}", escaped(&check.name), escaped(&suite_of(check)));
    let summary = escaped(&check.summary().unwrap_or_default());
    let inside = match check.verdict {
        Verdict::Pass => {
            line(out, &format!("{opening}/>"));
            return;
        }
        Verdict::Skip => format!("<skipped message=\"{summary}\"/>"),
        Verdict::Fail => {
            format!("<failure type=\"FAIL\" message=\"{summary}\">{}</failure>", escaped(&details(check)))
        }
        Verdict::Error => format!("<error type=\"ERROR\" message=\"{summary}\">{}</error>", escaped(&details(check))),
        Verdict::Warn => format!("<system-out>WARN {}</system-out>", escaped(&details(check))),
        Verdict::Flaky => {
            let first = escaped(check.first_attempt.as_deref().unwrap_or_default());
            let told = escaped(&details(check));
            format!("<flakyFailure type=\"FLAKY\" message=\"{first}\"><system-out>{told}</system-out></flakyFailure>")
        }
    };
    line(out, &format!("{opening}>"));
    line(out, &format!("      {inside}"));
    line(out, "    </testcase>");
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes every line");
}
