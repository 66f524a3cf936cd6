//! The checks of a run that did not pass, for people. As files they are written by `plimsoll_smoke::results`.

use plimsoll_smoke::{CheckReport, SmokeReport, Verdict};

const INDENT: &str = "         ";

/// The most characters of a finding that is told in one line.
const LONGEST: usize = 100;

/// Each check that did not pass: where it is written, what was asked, what came of it, and the line that repeats it.
pub(crate) fn failures(report: &SmokeReport) -> String {
    let did_not = |check: &&CheckReport| !matches!(check.verdict, Verdict::Pass | Verdict::Flaky);
    // Several revisions that answer in turn are told once, with their share.
    let mix = report.revision.as_ref().filter(|tally| tally.other > 0).map(|tally| format!("  {tally}\n"));
    report.checks.iter().filter(did_not).map(block).chain(mix).collect()
}

fn block(check: &CheckReport) -> String {
    let mut lines = vec![format!("  {:<5}  {}  ({})", check.verdict.as_str(), check.name, check.location)];
    let mut more = |text: &str| lines.extend(text.lines().map(|line| format!("{INDENT}{line}")));
    if check.verdict == Verdict::Skip {
        more(&check.summary().unwrap_or_default());
        return lines.join("\n") + "\n";
    }
    more(&check.request);
    for finding in &check.findings {
        let line = finding.to_string();
        if line.chars().count() <= LONGEST && !line.contains('\n') {
            more(&line);
        } else {
            more(&finding.place());
            // What differs says it better than two long texts.
            if finding.diff.is_none() {
                more(&format!("  expected  {}", finding.expected));
                more(&format!("  actual    {}", finding.actual));
            }
        }
        if let Some(diff) = &finding.diff {
            more("  difference, - expected, + actual");
            diff.lines().for_each(|line| more(&format!("    {line}")));
        }
    }
    // A status alone says that it went wrong, and the answer often why.
    if let Some(answer) = check.answer.as_ref().filter(|_| !shows_answer(check)) {
        more(&format!("answered: {}", answer.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    if let Some(unmeasured) = &check.unmeasured {
        more(&unmeasured.to_string());
    }
    // One that was like the last says nothing new.
    if let Some(first) = check.first_attempt.as_ref().filter(|first| Some(*first) != check.summary().as_ref()) {
        more(&format!("first of {} attempts: {first}", check.attempts));
    }
    if let Some(why) = &check.stopped_on {
        more(&format!("not tried again: {why}"));
    }
    if let Some(curl) = &check.curl {
        more(curl);
    }
    lines.join("\n") + "\n"
}

/// Whether a finding quotes the answer already.
fn shows_answer(check: &CheckReport) -> bool {
    check.findings.iter().any(|finding| {
        finding.diff.is_some() || check.answer.as_ref().is_some_and(|answer| finding.actual.contains(answer.as_str()))
    })
}
