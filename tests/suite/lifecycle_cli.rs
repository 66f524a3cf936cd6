//! The commands about life cycles, through the real program on SQLite: what they print, exit with and refuse. What is behind them
//! is tested on every engine in the other files.

use plimsoll_core::db::{Access, connect};
use plimsoll_tests::Deployment;
use plimsoll_tests::command::Finished;
use plimsoll_tests::seeding::CONTRACTS;
use plimsoll_tests::snapshot::settled;

const TABLE: &str = "CREATE TABLE contract (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, body TEXT NOT NULL, \
                     status TEXT NOT NULL, retired_at TEXT);\n";

/// The harbour with seeded contracts.
fn harbour() -> Deployment {
    let harbour = Deployment::of_harbour().env("USER", "nell").env("HOSTNAME", "harbour");
    harbour.write("migrations/20260301090000_contracts.sql", TABLE);
    harbour.write("seeds/contracts.toml", CONTRACTS);
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    harbour.run(&["seed", "apply", "dev"]).exits(0);
    harbour
}

fn run_sql(harbour: &Deployment, sql: &str) -> Result<(), plimsoll_core::db::DbError> {
    connect(&harbour.sqlite("dev"), Access::Write).expect("opens").batch(sql)
}

/// Without hashes, which differ with the time.
fn text(run: &Finished) -> String {
    let words = run.text();
    let hashes: Vec<&str> = words.split([':', '\n', ' ']).filter(|word| word.len() == 64).collect();
    hashes.iter().fold(words.clone(), |text, hash| text.replace(hash, "[hash]"))
}

#[test]
fn a_contract_is_promoted_listed_and_verified() {
    let harbour = harbour();
    let mut all = String::new();
    for (arguments, code) in [
        (&["seed", "promote", "dev", "contract", "plank", "--to", "REVIEW_SUBMITTED", "--note", "read by Omar"][..], 0),
        (&["seed", "promote", "dev", "contract", "plank", "--to", "REVIEW_SUBMITTED"], 0),
        (&["seed", "promote", "dev", "contract", "plank", "--to", "PUBLISHED"], 2),
        (&["seed", "promote", "dev", "contrct", "plank", "--to", "PUBLISHED"], 2),
        (&["audit", "list", "dev"], 0),
        (&["audit", "list", "dev", "--table", "contract", "--row", "plank", "--limit", "1"], 0),
        (&["audit", "verify", "dev"], 0),
        (&["seed", "plan", "dev"], 0),
    ] {
        all.push_str(&format!("$ plimsoll {}\n{}\n", arguments.join(" "), text(&harbour.run(arguments).exits(code))));
    }
    settled(|| insta::assert_snapshot!("lifecycle_promote", all));
}

#[test]
fn tampering_ends_in_exit_code_3_and_can_be_accepted() {
    let harbour = harbour();
    run_sql(&harbour, "UPDATE contract SET body = 'knees in' WHERE slug = 'squat'").expect("nothing is in the way");
    run_sql(&harbour, "UPDATE plimsoll_seed_audit SET actor = 'somebody' WHERE number = 2").expect("neither here");
    let found = harbour.run(&["audit", "verify", "dev"]).exits(3);
    let json = harbour.run(&["audit", "verify", "dev", "--format", "json"]).exits(3).json();
    assert_eq!(json[0]["findings"].as_array().map(Vec::len), Some(2));
    run_sql(&harbour, "UPDATE plimsoll_seed_audit SET actor = 'nell@harbour' WHERE number = 2").expect("is put back");
    let note = ["audit", "accept", "dev", "contract", "squat", "--note", "corrected by the service"];
    let accepted = harbour.run(&note).exits(0);
    let verified = harbour.run(&["audit", "verify", "dev", "--format", "json"]).exits(0).one_json();
    let head = format!("{}:{}", verified["head"]["number"], verified["head"]["hash"].as_str().unwrap_or_default());
    harbour.run(&["audit", "verify", "dev", "--head", &head]).exits(0);
    harbour.run(&["audit", "verify", "dev", "--head", &head.replace("6:", "5:")]).exits(3);
    let all = [found, accepted].map(|run| text(&run)).join("\n");
    settled(|| insta::assert_snapshot!("lifecycle_tampered", all));
}

#[test]
fn an_edit_of_a_published_contract_is_refused_by_the_tool_and_by_the_database() {
    let harbour = harbour();
    harbour.edit("seeds/contracts.toml", "knees out", "knees in");
    let planned = harbour.run(&["seed", "plan", "dev"]).exits(5);
    harbour.edit("seeds/contracts.toml", "knees in", "knees out");
    let before = harbour.run(&["lifecycle", "triggers", "dev"]).exits(0);
    let sql = harbour.run(&["lifecycle", "triggers", "dev", "--sql"]).exits(0);
    let installed = harbour.run(&["lifecycle", "triggers", "dev", "--install"]).exits(0);
    run_sql(&harbour, "UPDATE contract SET body = 'knees in' WHERE slug = 'squat'").expect_err("is refused");
    harbour.run(&["seed", "apply", "dev"]).exits(0);
    let drift = harbour.run(&["migrate", "drift", "dev"]).exits(0);
    assert!(!drift.stdout.contains("trigger"), "{}", drift.text());
    harbour.run(&["lifecycle", "triggers", "dev", "--remove"]).exits(0);
    // What is printed makes the same triggers, as a migration.
    harbour.write("migrations/20260302090000_keep_contracts.sql", &sql.stdout);
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let migrated = harbour.run(&["lifecycle", "triggers", "dev"]).exits(0);
    assert_eq!(migrated.stdout, installed.stdout);
    run_sql(&harbour, "DELETE FROM contract").expect_err("is refused");
    let all = [planned, before, installed].map(|run| text(&run)).join("\n");
    settled(|| insta::assert_snapshot!("lifecycle_triggers", all));
}

#[test]
fn a_project_without_a_life_cycle_has_no_audit_to_verify() {
    let harbour = Deployment::of_harbour();
    harbour.run(&["audit", "verify", "dev"]).exits(2).says(&["the project declares no life cycle"]);
    harbour.run(&["lifecycle", "triggers", "dev"]).exits(2).says(&["the project declares no life cycle"]);
}
