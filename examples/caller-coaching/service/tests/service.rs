//! The built service against a migrated SQLite file: its answers, its refusals to start, its rehearsed faults.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use plimsoll_core::db::{Access, DatabaseUrl, Db, Stmt, connect};
use plimsoll_core::ledger::ensure;
use plimsoll_migrate::{ApplyOptions, History, MigrationSet, PlanOptions, apply, plan};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const SEEDED: &str = r#"
INSERT INTO bdd_feature_set (id, feature_id, name, version, raw_spec) VALUES ('f1', 'INIT-001', 'First Call', '1.0',
  '{"personas":{"_description":"x","defaultPersona":"tutor",
    "tutor":{"name":"Tutor","domain":"tutor","welcomeTemplate":"Hello"},"sales":{"name":"Adviser","domain":"sales"}}}');
INSERT INTO analysis_spec (id, slug, source_id, name, feature_set_id) VALUES
  ('s1', 'spec-init-001', 'INIT-001', 'First Call', 'f1'), ('s2', 'spec-pipeline-001', 'PIPELINE-001', 'Stages', NULL),
  ('s3', 'system-compose-next-prompt', 'COMP-001', 'Composing', NULL), ('s4', 'spec-voice-001', 'VOICE-001', 'Voice', NULL);
INSERT INTO parameter (parameter_id, name, section, parameter_type, interpretation_high) VALUES
  ('zeal', 'Zeal', 'Mood', 'STATE', 'Burns'), ('calm', 'Calm', 'Mood', 'STATE', NULL), ('pace', 'Pace', 'Behaviour', 'BEHAVIOUR', 'Fast');
INSERT INTO prompt_slug (slug, name) VALUES ('init.welcome.tutor', 'Welcome'), ('other', 'Other');
INSERT INTO domain (slug, name, is_default) VALUES ('tutor', 'Tutor', true), ('sales', 'Sales', false);
INSERT INTO system_setting (key, value) VALUES ('contract:A', '{}'), ('contract:B', '{}'), ('contract:C', '{}'), ('theme', '{}');
"#;

/// A running service, ended with the test.
struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn migrations() -> MigrationSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sqlite");
    MigrationSet::load(&folder).expect("the example's migrations are good")
}

fn database(dir: &TempDir) -> Box<dyn Db> {
    let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
    connect(&url, Access::Write).expect("opens")
}

/// A folder with a migrated database.
fn migrated(sql: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let mut db = database(&dir);
    let set = migrations();
    let history = History::read(db.as_mut()).expect("it has none");
    let steps = plan(&set, &history, &PlanOptions::default()).expect("a plan");
    ensure(db.as_mut()).expect("the ledger is made");
    db.ensure_diesel_history().expect("the history is made");
    let options = ApplyOptions { tool: "the tests".to_owned(), ..ApplyOptions::default() };
    apply(db.as_mut(), &set, &steps, &options, &mut |_| {}).expect("applies");
    db.batch(sql).expect("runs");
    dir
}

fn command(dir: &TempDir, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caller-coaching"));
    let url = format!("sqlite:{}", dir.path().join("a.db").display());
    command.env_clear().env("DATABASE_URL", url).env("PORT", "0").env("REVISION", "r1");
    command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(dir: &TempDir, variables: &[(&str, &str)]) -> Service {
    listening(&mut command(dir, variables))
}

fn listening(command: &mut Command) -> Service {
    let mut child = command.spawn().expect("starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
    let address = line.trim().rsplit_once("http://").expect("an address").1.to_owned();
    Service { child, address }
}

fn ended(dir: &TempDir, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(dir, variables).output().expect("starts and ends");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

/// The status, the whole head and the body of an answer.
fn request(service: &Service, method: &str, path: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(&service.address).expect("it listens");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer open\r\nconnection: close\r\n\r\n"
    )
    .expect("sends");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("receives");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_lowercase(), serde_json::from_str(body).expect("JSON"))
}

fn get(service: &Service, path: &str) -> (u16, Value) {
    let (status, _, body) = request(service, "GET", path);
    (status, body)
}

#[test]
fn the_required_version_is_the_newest_migration_of_the_example() {
    let source = include_str!("../src/main.rs");
    let set = migrations();
    let newest = set.newest().split('_').next().expect("the time it begins with");
    assert!(source.contains(&format!("REQUIRED_VERSION: &str = \"{newest}\"")));
}

#[test]
fn a_seeded_database_answers_every_question() {
    let dir = migrated(SEEDED);
    let service = start(&dir, &[]);
    assert_eq!(get(&service, "/api/health"), (200, json!({ "ok": true, "revision": "r1" })));
    let ready = json!({ "ok": true, "database": "connected", "specs": 4, "revision": "r1" });
    assert_eq!(get(&service, "/api/ready"), (200, ready));
    let onboarding = json!({
        "ok": true,
        "source": "database",
        "spec": {
            "slug": "spec-init-001",
            "name": "First Call",
            "personas": [
                { "id": "sales", "name": "Adviser", "domain": "sales", "welcome": null, "default": false },
                { "id": "tutor", "name": "Tutor", "domain": "tutor", "welcome": "Hello", "default": true },
            ],
            "prompts": 1,
            "voice_specs": ["spec-voice-001"],
        },
        "revision": "r1",
    });
    assert_eq!(get(&service, "/api/onboarding"), (200, onboarding));
    let groups = json!([
        { "section": "Behaviour", "parameters": [{ "id": "pace", "name": "Pace", "type": "BEHAVIOUR", "high": "Fast", "low": null }] },
        { "section": "Mood", "parameters": [
            { "id": "calm", "name": "Calm", "type": "STATE", "high": null, "low": null },
            { "id": "zeal", "name": "Zeal", "type": "STATE", "high": "Burns", "low": null },
        ] },
    ]);
    assert_eq!(
        get(&service, "/api/parameters/display-config"),
        (200, json!({ "ok": true, "groups": groups, "revision": "r1" }))
    );
}

#[test]
fn readiness_lists_every_requirement_with_counts() {
    let dir = migrated(SEEDED);
    let service = start(&dir, &[]);
    let (status, body) = get(&service, "/api/system/readiness");
    assert_eq!((status, &body["ok"]), (200, &json!(true)), "{body}");
    let names: Vec<&str> =
        body["checks"].as_array().expect("a list").iter().filter_map(|check| check["name"].as_str()).collect();
    let expected = [
        "database",
        "schema",
        "onboarding spec",
        "pipeline spec",
        "compose spec",
        "contracts",
        "domains",
        "parameters",
    ];
    assert_eq!(names, expected);
    let counts = json!({ "analysis_spec": 4, "parameter": 3, "prompt_slug": 1 + 1, "domain": 2, "contracts": 3 });
    assert_eq!(body["counts"], counts);
}

#[test]
fn an_empty_database_is_alive_and_not_ready() {
    let dir = migrated("");
    let service = start(&dir, &[]);
    assert_eq!(get(&service, "/api/health").0, 200);
    let (status, body) = get(&service, "/api/ready");
    assert_eq!((status, &body["error"]), (503, &json!("the database has no specs: seed the specs")));
    let (status, body) = get(&service, "/api/onboarding");
    assert_eq!(
        (status, &body["error"]),
        (404, &json!("onboarding spec INIT-001 is not in the database: seed the specs"))
    );
    let (status, body) = get(&service, "/api/system/readiness");
    assert_eq!((status, &body["ok"]), (503, &json!(false)));
    let domains = "found 0, needs exactly 1: seed the domains, one of them the default";
    assert_eq!(body["checks"][6]["detail"], json!(domains));
    assert_eq!(get(&service, "/api/parameters/display-config").1["groups"], json!([]));
}

#[test]
fn the_pipeline_may_fall_back_and_slugs_may_be_others() {
    let dir = migrated(SEEDED);
    database(&dir).batch("UPDATE analysis_spec SET source_id = 'GUARD-001', slug = 'g' WHERE id = 's2'").expect("runs");
    let service = start(&dir, &[("ONBOARDING_SPEC_SLUG", "spec-init-001"), ("COMPOSE_SPEC_SLUG", "COMP-002")]);
    let checks = get(&service, "/api/system/readiness").1["checks"].clone();
    let ok: Vec<Option<bool>> = checks.as_array().expect("a list").iter().map(|check| check["ok"].as_bool()).collect();
    assert_eq!(ok[2..5], [Some(true), Some(true), Some(false)], "{checks}");
    assert_eq!(get(&service, "/api/onboarding").0, 200);
}

#[test]
fn a_database_that_goes_away_is_told_with_a_reason() {
    let dir = migrated(SEEDED);
    let service = start(&dir, &[]);
    database(&dir).batch("ALTER TABLE analysis_spec RENAME TO hidden").expect("runs");
    let (status, body) = get(&service, "/api/ready");
    assert_eq!((status, &body["ok"], &body["revision"]), (503, &json!(false), &json!("r1")));
    assert!(body["error"].as_str().is_some_and(|reason| reason.contains("analysis_spec")), "{body}");
    let (status, body) = get(&service, "/api/system/readiness");
    assert_eq!(
        (status, &body["counts"]["analysis_spec"], &body["counts"]["parameter"]),
        (503, &Value::Null, &json!(3))
    );
}

#[test]
fn every_answer_names_the_revision_in_header_and_body() {
    let dir = migrated(SEEDED);
    let service = start(&dir, &[]);
    for (method, path, expected) in [
        ("GET", "/api/health", 200),
        ("GET", "/api/onboarding", 200),
        ("GET", "/api/nothing", 404),
        ("DELETE", "/api/health", 405),
    ] {
        let (status, head, body) = request(&service, method, path);
        assert_eq!(status, expected, "{path}");
        assert!(head.contains("\r\nx-revision: r1") && head.contains("\r\ncontent-type: application/json"), "{head}");
        assert_eq!(body["revision"], json!("r1"), "{path}");
    }
}

#[test]
fn a_schema_that_is_behind_keeps_the_service_from_starting() {
    let dir = migrated("");
    database(&dir).batch("DELETE FROM __diesel_schema_migrations WHERE version > '20260200000000'").expect("runs");
    let (code, text) = ended(&dir, &[]);
    let expected = "caller-coaching: the database is not ready for this service, run the migrations first: \
                    the service needs migration 20260211093000, \
                    the newest one applied is 20260129084500_add_prompt_slug_source\n";
    assert_eq!((code, text.as_str()), (Some(1), expected));
}

#[test]
fn a_missing_database_is_not_made_by_starting() {
    let dir = tempfile::tempdir().expect("a folder");
    let (code, text) = ended(&dir, &[]);
    assert_eq!((code, text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.contains("the newest one applied is none"), "{text}");
    assert!(std::fs::read_dir(dir.path()).expect("lists").next().is_none());
}

#[test]
fn a_port_in_use_is_one_line_and_the_first_service_goes_on() {
    let dir = migrated(SEEDED);
    let service = start(&dir, &[]);
    let port = service.address.rsplit_once(':').expect("a port").1;
    assert_eq!(ended(&dir, &[("PORT", port)]), (Some(1), format!("caller-coaching: port {port} is in use\n")));
    assert_eq!(get(&service, "/api/health").0, 200);
}

#[test]
fn signals_end_it_well() {
    let dir = migrated(SEEDED);
    for signal in [Signal::TERM, Signal::INT] {
        let mut service = start(&dir, &[]);
        assert_eq!(get(&service, "/api/ready").0, 200);
        kill_process(Pid::from_child(&service.child), signal).expect("it runs");
        assert_eq!(service.child.wait().expect("ends").code(), Some(0));
    }
}

#[test]
fn the_rehearsed_faults_are_those_of_the_help() {
    let dir = migrated(SEEDED);
    let fault = |name| [("CALLER_COACHING_FAULT", name)];
    let (code, text) = ended(&dir, &fault("die-at-start"));
    assert_eq!((code, text.lines().count()), (Some(3), 3), "{text}");
    assert_eq!(ended(&dir, &fault("boredom")).0, Some(2));
    let (status, body) = get(&start(&dir, &fault("no-specs")), "/api/onboarding");
    assert_eq!((status, &body["ok"]), (500, &json!(false)));
    let (_, head, body) = request(&start(&dir, &fault("wrong-revision")), "GET", "/api/health");
    assert!(!head.contains("x-revision: r1"), "{head}");
    assert_ne!(body["revision"], json!("r1"));
}

#[test]
fn a_service_that_never_answers_still_obeys_signals() {
    let dir = migrated(SEEDED);
    let mut child = command(&dir, &[("CALLER_COACHING_FAULT", "never-answers")]).spawn().expect("starts");
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("it runs");
    child.wait().expect("it ends");
    let mut said = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert_eq!(said, "");
}

#[test]
fn seeding_goes_into_the_database_that_the_service_reads() {
    let dir = migrated("DELETE FROM domain");
    let project = dir.path().join("project");
    for (name, text) in [
        (
            "plimsoll.toml",
            "[project]\nname = \"coaching\"\n\n[seed]\npath = \"seeds\"\n\n[variables.DATABASE_URL]\nrequired = true\n",
        ),
        ("environments/dev.toml", ""),
        (
            "seeds/domains.toml",
            "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{ slug = \"tutor\", name = \"Tutor\", is_default = true }]\n",
        ),
    ] {
        let file = project.join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
        std::fs::write(file, text).expect("is written");
    }
    // The URL names a file beside the service, which is not where the project is.
    let variables = [
        ("DATABASE_URL", "sqlite:a.db"),
        ("PROJECT", "project"),
        ("ENVIRONMENT", "dev"),
        ("HF_SUPERADMIN_TOKEN", "open"),
    ];
    let mut command = command(&dir, &variables);
    let service = listening(command.current_dir(dir.path()));
    let (status, _, body) = request(&service, "POST", "/api/x/seed-domains");
    assert_eq!((status, &body["wrote"]), (200, &json!(true)), "{body}");
    assert!(!project.join("a.db").exists());
    let rows = database(&dir).rows(&Stmt::new("SELECT slug FROM domain")).expect("reads");
    assert_eq!(rows.iter().map(|row| row.text(0).to_owned()).collect::<Vec<_>>(), ["tutor"]);
}
