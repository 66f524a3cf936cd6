//! Runs that are killed, as processes of their own, and what the next run makes of what they left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, mpsc};

use plimsoll_core::{Coded as _, ErrorCode};
use plimsoll_smoke::{Event, Options, SmokeError, SmokeReport, Verdict};

use crate::cleanups::{BOOK, shelf};
use crate::server::{Incoming, Reply, Server};
use crate::{plan_of, run_with, wrongs};

const URL: &str = "PLIMSOLL_KILLED_URL";
const JOURNAL: &str = "PLIMSOLL_KILLED_JOURNAL";
const CHECKS: &str = "PLIMSOLL_KILLED_CHECKS";

fn wait_check() -> String {
    format!("{BOOK}\n[[check]]\nname = 'it waits'\nrequest = {{ path = '/waits' }}\n")
}

fn with_journal(journal: &Path) -> Options {
    Options { journal: Some(journal.to_owned()), ..Options::default() }
}

/// The run that other tests of this file start as a process and kill; by itself, one that nobody disturbs.
#[test]
fn a_run_that_nobody_disturbs_leaves_an_empty_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(shelf);
    let given = |name| std::env::var(name).ok();
    let url = given(URL).unwrap_or_else(|| server.url());
    let journal = given(JOURNAL).map_or_else(|| folder.path().join("state/journal.jsonl"), Into::into);
    let report =
        run_with(&url, &given(CHECKS).unwrap_or_else(|| BOOK.to_owned()), &with_journal(&journal), &mut |_| {});
    assert!(report.passed(), "{:?}", wrongs(&report));
    assert_eq!(std::fs::read_to_string(&journal).expect("the journal"), "");
    let mode = std::fs::metadata(&journal).expect("the journal").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// A server that answers like the shelf, and holds the answer to one request until the test is over.
struct Holding {
    server: Server,
    arrived: mpsc::Receiver<()>,
    release: Arc<(Mutex<bool>, Condvar)>,
}

impl Holding {
    fn at(held: impl Fn(&Incoming) -> bool + Send + Sync + 'static) -> Self {
        let (tell, arrived) = mpsc::channel();
        let release = Arc::new((Mutex::new(false), Condvar::new()));
        let released = Arc::clone(&release);
        let server = Server::start(move |request| {
            if held(request) {
                tell.send(()).ok();
                let (flag, changed) = &*released;
                let flag = flag.lock().expect("no test panicked with the flag");
                drop(changed.wait_while(flag, |released| !*released).expect("the same"));
                return Reply::Die;
            }
            shelf(request)
        });
        Self { server, arrived, release }
    }

    /// Starts a run as a process, and kills it while the server holds its request.
    fn kill_there(&self, journal: &Path, checks: &str) {
        let mut child = start(&self.server.url(), journal, checks);
        self.arrived.recv().expect("the request arrives");
        // SIGKILL: nothing of the process runs any more.
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        *self.release.0.lock().expect("no test panicked with the flag") = true;
        self.release.1.notify_all();
    }

    fn deletes(&self) -> Vec<String> {
        let deletes = self.server.requests().into_iter().filter(|request| request.method == "DELETE");
        deletes.map(|request| request.path).collect()
    }
}

fn start(url: &str, journal: &Path, checks: &str) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "crashes::a_run_that_nobody_disturbs_leaves_an_empty_journal"])
        .env(URL, url)
        .env(JOURNAL, journal)
        .env(CHECKS, checks)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this program starts")
}

fn next(holding: &Holding, journal: &Path, text: &str) -> (SmokeReport, usize) {
    let mut found = 0;
    let report = run_with(&holding.server.url(), text, &with_journal(journal), &mut |event| {
        if let Event::LeftoversFound { number, .. } = event {
            found = *number;
        }
    });
    (report, found)
}

const READS: &str = "[[check]]\nname = 'books are listed'\nrequest = { path = '/books' }\n";

#[test]
fn what_a_killed_run_made_is_taken_back_by_the_next_one_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let holding = Holding::at(|request| request.path == "/waits");
    holding.kill_there(&journal, &wait_check());
    assert_eq!(holding.deletes(), [""; 0]);

    // Also when the next run has nothing to do with that check.
    let (report, found) = next(&holding, &journal, READS);
    assert_eq!(found, 1);
    let names: Vec<_> = report.checks.iter().map(|check| (check.name.as_str(), check.verdict)).collect();
    let first = "left by an earlier run: cleanup of a book is accepted";
    assert_eq!(names, [(first, Verdict::Pass), ("books are listed", Verdict::Pass)], "{:?}", wrongs(&report));
    assert_eq!(holding.deletes(), ["/books/1"]);
    let requests = holding.server.requests();
    let key = requests.iter().find_map(|request| request.header("x-key")).expect("its cleanup was sent");
    assert!(requests[0].body.contains(key), "the id of the killed run's check");

    assert_eq!(std::fs::read_to_string(&journal).expect("the journal"), "");
    assert_eq!(next(&holding, &journal, READS).1, 0);
}

#[test]
fn a_run_killed_before_the_answer_leaves_the_rest_to_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let holding = Holding::at(|request| request.method == "POST");
    holding.kill_there(&journal, BOOK);
    let (report, found) = next(&holding, &journal, READS);
    assert_eq!((found, report.counts.warn), (1, 1));
    let reason = "WARN `id` was not captured: look whether something was left, and take it back by hand";
    assert_eq!(wrongs(&report), [reason]);
    assert_eq!(next(&holding, &journal, READS).1, 0, "it is told once");
}

#[test]
fn a_suite_is_cleaned_up_after_a_killed_run_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let text = "[[setup]]\nname = 'a shelf is put up'\nrequest = { method = 'POST', path = '/books' }\n\
                [[check]]\nname = 'it waits'\nrequest = { path = '/waits' }\n\
                [[cleanup]]\nname = 'the shelf is taken down'\nrequest = { method = 'DELETE', path = '/books' }\n";
    let holding = Holding::at(|request| request.path == "/waits");
    holding.kill_there(&journal, text);
    let (report, found) = next(&holding, &journal, READS);
    assert_eq!((found, holding.deletes()), (1, vec!["/books".to_owned()]), "{:?}", wrongs(&report));
    assert_eq!(report.checks[0].name, "left by an earlier run: the shelf is taken down");
}

#[test]
fn secrets_are_never_in_the_journal_and_the_person_is_told_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let checks = wait_check().replace("id = \"$.id\"", "id = { json = '$.id', secret = true }");
    let holding = Holding::at(|request| request.path == "/waits");
    holding.kill_there(&journal, &checks);
    let written = std::fs::read_to_string(&journal).expect("the journal");
    assert!(written.contains(r#""what":"secret""#) && !written.contains(r#""what":"value""#), "{written}");
    let (report, _) = next(&holding, &journal, READS);
    let reason = "WARN it needs the secret `id`, which is not written down: take back by hand what was left";
    assert_eq!(wrongs(&report), [reason]);
}

#[test]
fn what_was_left_is_taken_back_where_the_system_is_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let holding = Holding::at(|request| request.path == "/waits");
    holding.kill_there(&journal, &wait_check());
    let moved = Server::start(shelf);
    let report = run_with(&moved.url(), READS, &with_journal(&journal), &mut |_| {});
    assert_eq!((report.counts.pass, holding.deletes().len()), (2, 0), "{:?}", wrongs(&report));
    assert_eq!(moved.requests()[0].path, "/books/1");
}

#[test]
fn a_cleanup_that_did_not_work_is_tried_by_each_run_until_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let server = Server::start(|request| match request.path.as_str() {
        "/books/1" if request.nth < 3 => Reply::json(500, "{}"),
        _ => shelf(request),
    });
    let run = |text: &str| run_with(&server.url(), text, &with_journal(&journal), &mut |_| {}).checks;
    assert_eq!(run(BOOK)[1].verdict, Verdict::Fail);
    let warned = run(READS).swap_remove(0);
    let advice = warned.advice.expect("what to do about it");
    let line =
        format!("remove the line that says `made` of `cleanup of a book is accepted` from `{}`", journal.display());
    assert!(advice.ends_with(&line), "{advice}");
    let verdicts: Vec<_> = (0..2).map(|_| run(READS)[0].verdict).collect();
    assert_eq!((warned.verdict, verdicts), (Verdict::Warn, vec![Verdict::Pass, Verdict::Pass]));
    assert_eq!(server.requests().iter().filter(|request| request.method == "DELETE").count(), 3);
}

#[test]
fn two_runs_do_not_share_a_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let holding = Holding::at(|request| request.path == "/waits");
    let mut child = start(&holding.server.url(), &journal, &wait_check());
    holding.arrived.recv().expect("the request arrives");
    let target = plimsoll_smoke::Target { base_url: holding.server.url(), revision: None };
    let options = with_journal(&journal);
    let run = |text: &str| plimsoll_smoke::run(&plan_of(text, &options), &target, &options, &mut |_| {});
    // What only looks disturbs nobody, and takes nothing back that the other one is at.
    assert_eq!(run(READS).expect("it runs").checks.len(), 1);
    let refused = run(BOOK).expect_err("another run has it");
    assert!(matches!(refused, SmokeError::Journal { .. }));
    assert_eq!(refused.code(), ErrorCode::SmokeJournalBusy);
    assert_eq!(holding.deletes(), [""; 0]);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    *holding.release.0.lock().expect("no test panicked with the flag") = true;
    holding.release.1.notify_all();
}

#[test]
fn what_a_file_holds_of_secrets_is_not_copied_into_the_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    let checks = BOOK.replace("x-key = \"{{ uuid }}\"", "x-key = \"in-clear-4711\"");
    let redactor = plimsoll_core::Redactor::new(&[plimsoll_core::Secret::new("in-clear-4711")]);
    let options = Options { redactor, ..with_journal(&journal) };
    let server = Server::start(|request| match request.path.as_str() {
        "/books/1" if request.nth == 1 => Reply::json(500, "{}"),
        _ => shelf(request),
    });
    let run = |text: &str| run_with(&server.url(), text, &options, &mut |_| {});
    assert_eq!(run(&checks).counts.fail, 1);
    let written = std::fs::read_to_string(&journal).expect("the journal");
    assert!(!written.contains("4711") && !written.is_empty(), "{written}");
    assert_eq!(wrongs(&run(READS)).len(), 1, "what takes it back is not known to a run of other checks");
    let report = run(&checks);
    assert_eq!(report.checks[0].name, "left by an earlier run: cleanup of a book is accepted");
    assert_eq!((report.counts.pass, wrongs(&report).len()), (3, 0));
    assert_eq!(std::fs::read_to_string(&journal).expect("the journal"), "");
}

#[test]
fn half_a_line_of_a_killed_run_is_no_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.jsonl");
    std::fs::write(&journal, "{\"what\":\"ru").expect("a file");
    let server = Server::start(shelf);
    let report = run_with(&server.url(), BOOK, &with_journal(&journal), &mut |_| {});
    assert!(report.passed(), "{:?}", wrongs(&report));
    std::fs::write(&journal, "something else\n").expect("a file");
    let target = plimsoll_smoke::Target { base_url: server.url(), revision: None };
    let options = with_journal(&journal);
    let refused = plimsoll_smoke::run(&plan_of(BOOK, &options), &target, &options, &mut |_| {}).expect_err("not ours");
    assert_eq!(refused.code(), ErrorCode::SmokeJournalBroken);
    let cause = std::error::Error::source(&refused).expect("a cause").to_string();
    assert_eq!(cause, "line 1 cannot be understood, clean up by hand what it names and remove it");
}
