//! The checks of a run that did not pass, for people. As files they are written by `plimsoll_smoke::results`.

use plimsoll_smoke::{CheckReport, Part, SmokeReport, Verdict};

use super::table::harmless;

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

/// How far the revision was proved. A mix is told with the checks that met it.
pub(crate) fn proof(report: &SmokeReport) -> Option<String> {
    report.revision.as_ref().filter(|tally| tally.other == 0).map(ToString::to_string)
}

fn block(check: &CheckReport) -> String {
    let mut lines = vec![format!("  {:<5}  {}  ({})", check.verdict.as_str(), check.name, check.location)];
    // What answers decides what is in it, and a terminal would obey some of it.
    let mut more = |text: &str| lines.extend(text.lines().map(|line| format!("{INDENT}{}", harmless(line))));
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
    if let Some(output) = check.output.as_ref().filter(|_| !shows_output(check)) {
        more("the last lines");
        output.lines().for_each(|line| more(&format!("  {line}")));
    }
    if let Some(unmeasured) = &check.unmeasured {
        more(&unmeasured.to_string());
    }
    // What an earlier run has left warns also when it is not tried.
    if let Some(skipped) = &check.skipped {
        more(&skipped.to_string());
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
    if let Some(advice) = &check.advice {
        more(advice);
    }
    lines.join("\n") + "\n"
}

/// Whether a finding quotes the answer already, or the part of it that differs.
fn shows_answer(check: &CheckReport) -> bool {
    check.findings.iter().any(|finding| finding.diff.is_some() || finding.part == Part::Body)
}

/// Whether a finding quotes the output already. One about how a command ended leaves open what it complained about, and
/// one about a log says only how many lines there are.
fn shows_output(check: &CheckReport) -> bool {
    let has = |part| check.findings.iter().any(|finding| finding.part == part);
    has(Part::Stdout) && !has(Part::Exit)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::path::Path;

    use plimsoll_smoke::{Options, Revision, RevisionSource, Selection, SkipReason, SmokeReport, Target};

    use super::*;

    /// A run of one check against a service that gives this answer to each request.
    fn run(check: &str, answer: &'static str) -> SmokeReport {
        run_expecting(None, check, answer)
    }

    fn run_expecting(revision: Option<Revision>, check: &str, answer: &'static str) -> SmokeReport {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.expect("a connection"));
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                    line.clear();
                }
                stream.get_mut().write_all(answer.as_bytes()).expect("it is asked");
            }
        });
        let text = format!("[[check]]\nname = 'a'\neffect = 'read'\n{check}\n");
        let suites = plimsoll_smoke::parse(Path::new("smoke/a.toml"), &text).expect("the check is right");
        let plan = plimsoll_smoke::plan(&suites, &Selection::default()).expect("a plan");
        let options = Options {
            root: Some(std::env::temp_dir()),
            search_path: Some("/usr/bin:/bin".to_owned()),
            ..Options::default()
        };
        plimsoll_smoke::run(&plan, &Target { base_url, revision }, &options, &mut |_| {}).expect("it runs")
    }

    #[test]
    fn nothing_that_a_service_answers_is_obeyed_by_the_terminal() {
        let answer = "HTTP/1.1 500 No\r\ncontent-length: 23\r\nconnection: close\r\n\r\n\x1b[2Jgone \u{9b}31m \t\x07\r\u{202e} x";
        let shown = failures(&run("request = { path = '/' }", answer));
        assert!(shown.contains("answered: \\u{1b}[2Jgone \\u{9b}31m"), "{shown}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        let printed = "command = { run = ['printf', 'one\\n\\033[2Jtwo\\n'] }\nexpect = { exit = 1 }";
        let shown = failures(&run(printed, ""));
        let lines = format!("{INDENT}the last lines\n{INDENT}  one\n{INDENT}  \\u{{1b}}[2Jtwo\n");
        assert!(shown.ends_with(&lines), "{shown}");
    }

    #[test]
    fn a_mix_is_told_once_when_the_run_passes_all_the_same() {
        let answer = "HTTP/1.1 200 OK\r\nx-revision: old\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        let told = |expected: &str| {
            let source = RevisionSource::Header("x-revision".to_owned());
            let revision = Revision { expected: expected.to_owned(), source };
            let report = run_expecting(Some(revision), "level = 'warn'\nrequest = { path = '/' }", answer);
            assert!(report.passed());
            let tally = report.revision.as_ref().expect("a revision was expected").to_string();
            [failures(&report), proof(&report).unwrap_or_default()].map(|text| text.contains(&tally))
        };
        assert_eq!([told("new"), told("old")], [[true, false], [false, true]]);
    }

    #[test]
    fn what_is_left_to_a_person_is_told_with_its_reason_and_what_to_do() {
        let mut report = run("tcp = { address = '127.0.0.1:1' }", "");
        let mut left = report.checks.remove(0);
        left.findings.clear();
        (left.verdict, left.skipped) = (Verdict::Warn, Some(SkipReason::NotInThePlan));
        left.advice = Some("remove its line".to_owned());
        report.checks.push(left);
        let shown = failures(&report);
        let end = "or take it back by hand\n         remove its line\n";
        assert!(shown.contains("holds a secret") && shown.ends_with(end), "{shown}");
    }

    #[test]
    fn an_answer_is_shown_once() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nconnection: close\r\n\r\nnot  \"ready\"";
        for (check, times) in [
            ("request = { path = '/' }\nexpect = { body = { contains = 'done' } }", 1),
            ("request = { path = '/' }\nexpect = { status = 204 }", 1),
            ("command = { run = ['echo', 'ready \"\"'] }\nexpect = { stdout = 'done' }", 1),
        ] {
            let shown = failures(&run(check, answer));
            let said = shown.lines().skip(2).filter(|line| line.contains("ready")).count();
            assert_eq!(said, times, "{shown}");
        }
    }
}
