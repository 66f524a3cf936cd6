//! The example's admin API from outside: who is let in, what is planned, written and refused. The service's own details are tested
//! beside it.

use std::time::Duration;

use plimsoll_core::db::{Access, DatabaseUrl, Stmt, connect, scalar};
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_tests::http::ask;
use plimsoll_tests::{Deployment, TestDatabase, dump};
use serde_json::{Value, json};

const TOKEN: &str = "authorization: Bearer dev-only-token-of-no-value";
const SPEC_SYNC: &str = "/x/admin/spec-sync";
const SEED_SYSTEM: &str = "/api/x/seed-system";
const SEED_DOMAINS: &str = "/api/x/seed-domains";

fn deployed() -> (Deployment, DatabaseUrl) {
    let example = Deployment::of_example("caller-coaching");
    example.run(&["deploy", "dev"]).exits(0);
    let url = example.sqlite("dev");
    (example, url)
}

#[track_caller]
fn post(example: &Deployment, path: &str, expected: u16) -> Value {
    let (status, body) = ask(example.port(), "POST", path, &[TOKEN]);
    assert_eq!(status, expected, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

fn count(url: &DatabaseUrl, sql: &str) -> i64 {
    let mut db = connect(url, Access::Read).expect("opens");
    scalar(db.as_mut(), &Stmt::new(sql)).expect("counts").as_int().expect("a number")
}

#[test]
fn only_the_superadmin_is_let_in() {
    let (example, url) = deployed();
    let before = dump::everything(&url);
    for path in [SPEC_SYNC, SEED_SYSTEM, SEED_DOMAINS] {
        let status = |method: &str, headers: &[&str]| ask(example.port(), method, path, headers).0;
        assert_eq!(status("POST", &[]), 401);
        assert_eq!(status("POST", &["authorization: Bearer dev-only-token-of-no-valuf"]), 403);
        assert_eq!(status("POST", &["authorization: Bearer"]), 401);
        assert_eq!(status("GET", &[TOKEN]), 405);
        assert_eq!(status("POST", &[TOKEN]), 200);
    }
    assert_eq!(dump::everything(&url), before, "nothing was to be seeded");
}

#[test]
fn a_plan_is_looked_at_and_then_exactly_that_is_done() {
    let (example, url) = deployed();
    dump::execute(
        &url,
        "DELETE FROM domain WHERE slug = 'wellness'; DELETE FROM plimsoll_seed_row WHERE key_json LIKE '%wellness%'",
    );
    let before = dump::everything(&url);
    let looked = post(&example, &format!("{SEED_DOMAINS}?dry_run"), 200);
    assert_eq!(dump::everything(&url), before, "looking wrote something");
    assert_eq!((&looked["dry_run"], &looked["empty"]), (&json!(true), &json!(false)), "{looked}");
    assert_eq!(looked["rows"], json!({ "create": 1, "update": 0, "unchanged": 3, "edited": 0 }));
    assert!(looked["text"].as_str().is_some_and(|text| text.contains("+ wellness")), "{looked}");
    let other = post(&example, &format!("{SEED_DOMAINS}?plan=feed"), 409);
    assert_eq!((&other["code"], &other["plan"]), (&json!("deploy::plan_stale"), &looked["plan"]));
    let agreed = format!("{SEED_DOMAINS}?plan={}", looked["plan"].as_str().expect("a digest"));
    let done = post(&example, &agreed, 200);
    assert_eq!((&done["wrote"], &done["plan"], &done["rows"]["create"]), (&json!(true), &looked["plan"], &json!(1)));
    assert_eq!(count(&url, "SELECT count(*) FROM domain"), 4);
    assert_eq!(count(&url, "SELECT count(*) FROM plimsoll_seed_row WHERE key_json LIKE '%wellness%'"), 1);
    // The command line and the service see one ledger.
    let plan = example.run(&["seed", "plan", "dev"]).exits(0);
    assert!(plan.stdout.contains("0 to create, 0 to update"), "{}", plan.text());
    assert_eq!(post(&example, &agreed, 409)["code"], json!("deploy::plan_stale"));
    assert_eq!(post(&example, SEED_DOMAINS, 200)["wrote"], json!(false));
}

#[test]
fn a_spec_that_came_since_is_synced_without_a_deployment() {
    let (example, url) = deployed();
    let spec =
        std::fs::read_to_string(example.root().join("specs/CARE-001-agent-care.spec.json")).expect("it is there");
    example.write("specs/CARE-002-agent-care.spec.json", &spec.replace("CARE-001", "CARE-002"));
    assert_eq!(post(&example, &format!("{SEED_DOMAINS}?dry_run"), 200)["empty"], json!(true));
    let synced = post(&example, SPEC_SYNC, 200);
    assert_eq!(synced["wrote"], json!(true), "{synced}");
    assert_eq!(count(&url, "SELECT count(*) FROM analysis_spec WHERE source_id = 'CARE-002'"), 1);
    example.write("specs/CARE-002-agent-care.spec.json", "{\n  \"id\": 7\n}\n");
    let before = dump::everything(&url);
    let refused = post(&example, SPEC_SYNC, 422);
    let problem = &refused["problems"][0];
    assert_eq!(
        (&problem["file"], problem["line"].is_u64(), problem["column"].is_u64()),
        (&json!("specs/CARE-002-agent-care.spec.json"), true, true),
        "{refused}"
    );
    assert_eq!(dump::everything(&url), before);
}

#[test]
fn an_expectation_that_does_not_hold_is_a_problem_with_a_place_and_nothing_is_kept() {
    let (example, url) = deployed();
    dump::execute(&url, "UPDATE domain SET is_default = 0 WHERE slug = 'tutor'");
    let refused = post(&example, SEED_SYSTEM, 422);
    assert_eq!(refused["code"], json!("seed::expectation"), "{refused}");
    assert_eq!(refused["problems"][0]["file"], json!("plimsoll.toml"));
    assert!(refused["problems"][0]["message"].as_str().is_some_and(|text| text.contains("found 0")), "{refused}");
}

#[test]
fn whoever_holds_the_lock_is_named() {
    let (example, url) = deployed();
    dump::execute(
        &url,
        "DELETE FROM domain WHERE slug = 'wellness'; DELETE FROM plimsoll_seed_row WHERE key_json LIKE '%wellness%'",
    );
    let holder = Holder::new("ada@quay", "deploy dev");
    let lock = acquire(&url, &holder, Duration::ZERO).expect("the lock is free");
    let held = post(&example, SEED_DOMAINS, 409);
    assert_eq!((&held["code"], &held["holder"]["actor"]), (&json!("lock::held"), &json!("ada@quay")), "{held}");
    assert_eq!(held["holder"]["purpose"], json!("deploy dev"));
    assert_eq!(post(&example, &format!("{SEED_DOMAINS}?dry_run"), 200)["rows"]["create"], json!(1));
    drop(lock);
    assert_eq!(post(&example, SEED_DOMAINS, 200)["wrote"], json!(true));
}

#[test]
fn what_is_not_understood_seeds_nothing() {
    let (example, url) = deployed();
    dump::execute(&url, "DELETE FROM domain WHERE slug = 'wellness'");
    for query in ["dryrun", "dry_run=yes", "force"] {
        post(&example, &format!("{SEED_SYSTEM}?{query}"), 400);
    }
    assert_eq!(count(&url, "SELECT count(*) FROM domain"), 3);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn on_postgresql_the_service_seeds_what_was_deployed() {
    let db = TestDatabase::new(plimsoll_core::db::Engine::Postgres);
    let example = Deployment::of_example("caller-coaching")
        .env("DATABASE_URL", db.url_text())
        .env("HF_SUPERADMIN_TOKEN", "dev-only-token-of-no-value");
    example.run(&["deploy", "staging"]).exits(0);
    db.connect().batch("UPDATE domain SET greeting = 'Hello.' WHERE slug = 'tutor'").expect("runs");
    let kept = post(&example, SEED_SYSTEM, 200);
    assert_eq!((&kept["wrote"], &kept["rows"]["edited"]), (&json!(false), &json!(1)), "{kept}");
    let other = json!({ "code": "env::other_environment" });
    db.connect().batch("UPDATE plimsoll.meta SET value = 'production' WHERE name = 'environment'").expect("runs");
    assert_eq!(post(&example, SEED_SYSTEM, 422)["code"], other["code"]);
}
