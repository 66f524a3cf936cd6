//! Two revisions behind one address, as behind a balancer in the middle of a release: what is found, held and excluded.

use std::sync::Mutex;
use std::time::Duration;

use plimsoll_core::{Coded as _, ErrorCode, Redactor};
use plimsoll_smoke::{
    Await, Options, Revision, RevisionSource, SmokeReport, Target, Verdict, await_revision, others_at_most,
};

use crate::plan_of;
use crate::server::{Incoming, Reply, Server};

fn header() -> Revision {
    Revision { expected: "new".to_owned(), source: RevisionSource::Header("x-revision".to_owned()) }
}

fn named(revision: &str) -> Reply {
    Reply::json(200, "{}").with("x-revision", revision)
}

/// Sends a share of the connections to the old revision: which ones is drawn, and stays with a connection.
fn mixed(share: f64, seed: u64) -> Server {
    let drawn = Mutex::new((fastrand::Rng::with_seed(seed), Vec::new()));
    Server::start(move |request: &Incoming| {
        let mut drawn = drawn.lock().expect("no test panicked with it");
        while drawn.1.len() < request.connection {
            let old = drawn.0.f64() < share;
            drawn.1.push(old);
        }
        named(if drawn.1[request.connection - 1] { "old" } else { "new" })
    })
}

fn many(number: usize) -> String {
    (0..number).map(|number| format!("[[check]]\nname = '{number}'\nrequest = {{ path = '/{number}' }}\n")).collect()
}

fn run(server: &Server, checks: usize) -> SmokeReport {
    let target = Target { base_url: server.url(), revision: Some(header()) };
    let options = Options::default();
    plimsoll_smoke::run(&plan_of(&many(checks), &options), &target, &options, &mut |_| {}).expect("the run starts")
}

#[test]
fn every_answer_of_the_other_revision_is_found_however_few_there_are() {
    for share in [0.5, 0.1, 0.02] {
        let server = mixed(share, 7);
        let report = run(&server, 200);
        let tally = report.revision.clone().expect("a revision was expected");
        let failed = report.checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
        assert_eq!((failed, tally.named + tally.other, tally.silent), (tally.other, 200, 0), "{share}");
        // What came is what was drawn: within four standard deviations.
        let (mean, deviation) = (200.0 * share, (200.0 * share * (1.0 - share)).sqrt());
        assert!(tally.other > 0 && (tally.other as f64 - mean).abs() < 4.0 * deviation, "{share}: {tally}");
        assert_eq!(tally.other_share(), Some(tally.other as f64 / 200.0));
        assert_eq!(tally.others_at_most(), None, "a sample with others in it excludes nothing");
        assert!(tally.to_string().contains(&format!("{} named another one", tally.other)), "{tally}");
        assert_eq!(report.into_result().expect_err("a mix is no success").code(), ErrorCode::RevisionMismatch);
        let mut connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
        connections.dedup();
        assert_eq!(connections.len(), 200, "every check has a connection of its own");
    }
}

#[test]
fn a_clean_run_says_what_it_excludes() {
    let server = mixed(0.0, 1);
    let report = run(&server, 60);
    assert!(report.passed(), "{report:?}");
    let tally = report.revision.clone().expect("a revision was expected");
    let excluded = tally.others_at_most().expect("no other was seen");
    assert!((excluded - (1.0 - 0.05_f64.powf(1.0 / 60.0))).abs() < 1e-12, "{excluded}");
    assert!(tally.to_string().contains("this excludes that more than 4.9 %"), "{tally}");
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["revision"]["others_at_most"].as_f64(), Some(excluded));
    assert_eq!(json["revision"]["other_share"].as_f64(), Some(0.0));
}

#[test]
fn the_proof_says_how_many_answers_it_is_worth() {
    let redactor = Redactor::default();
    let ask = |server: &Server, in_a_row, within| {
        let how = Await { in_a_row, ..Await::new("/health", within, &redactor) };
        await_revision(&server.url(), &header(), &how, &mut |_| {})
    };
    let proof = ask(&mixed(0.1, 3), 10, Duration::from_secs(60)).expect("ten in a row come");
    assert_eq!((proof.in_a_row, proof.others_at_most), (10, others_at_most(10)));
    assert!(proof.others > 0, "the seed has others before ten in a row: {proof:?}");
    // Thirty in a row do not come from a mix by halves.
    let error = ask(&mixed(0.5, 3), 30, Duration::from_millis(300)).expect_err("a mix does not settle");
    assert_eq!(error.code(), ErrorCode::RevisionMismatch);
    assert!(error.to_string().contains(" answers named it, instead: revision `old`"), "{error}");
}

/// How often a few answers in a row are luck is known: as often as the arithmetic behind the excluded share says.
#[test]
fn a_mix_passes_for_settled_as_often_as_the_arithmetic_says() {
    const RUNS: u32 = 120;
    let redactor = Redactor::default();
    for share in [0.5, 0.1, 0.02] {
        let server = mixed(share, 11);
        let how = Await { within: Duration::ZERO, ..Await::new("/health", Duration::ZERO, &redactor) };
        let lucky = (0..RUNS).filter(|_| await_revision(&server.url(), &header(), &how, &mut |_| {}).is_ok()).count();
        let chance: f64 = (1.0_f64 - share).powi(3);
        let deviation = (f64::from(RUNS) * chance * (1.0 - chance)).sqrt();
        let mean = f64::from(RUNS) * chance;
        assert!((lucky as f64 - mean).abs() < 4.0 * deviation, "{share}: {lucky} of {RUNS}, {mean:.0} expected");
    }
}

#[test]
fn a_revision_that_changes_in_the_middle_of_the_checks_is_held_against_them() {
    let server = Server::start(|request| named(if request.connection > 5 { "old" } else { "new" }));
    let redactor = Redactor::default();
    let how = Await::new("/health", Duration::from_secs(5), &redactor);
    let proof = await_revision(&server.url(), &header(), &how, &mut |_| {}).expect("three in a row");
    assert_eq!((proof.in_a_row, proof.others), (3, 0));
    let report = run(&server, 4);
    let verdicts: Vec<_> = report.checks.iter().map(|check| check.verdict).collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass, Verdict::Fail, Verdict::Fail]);
}
