//! Rows with a life cycle whose keys are bytes or change, on every engine. What their states may do is `lifecycle_rows`'s.

use plimsoll_core::db::{Catalog, Engine};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{
    AuditEntry, RunOptions, SeedError, StepRequest, StepTo, UndoOptions, apply_step, apply_undo, list_audit, plan_step,
    plan_undo, verify_audit,
};
use plimsoll_tests::seeding::{CONTRACTS, plan, read, seed, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

#[track_caller]
fn intact(db: &mut TestDatabase, project: &TestProject) {
    let seeds = read(&project.load(db)).expect("loads");
    let report = verify_audit(db.db(), &seeds, None).expect("verifies");
    assert!(report.holds(), "{report}");
}

fn steps(db: &mut TestDatabase, slug: &str) -> Vec<String> {
    let entries = list_audit(db.db(), Some("contract"), Some(slug), 100).expect("is listed");
    entries.iter().rev().map(AuditEntry::shown).collect()
}

fn step(db: &mut TestDatabase, project: &TestProject, row: &str, to: StepTo) -> Result<usize, SeedError> {
    let seeds = read(&project.load(db)).expect("loads");
    let request = StepRequest { table: "contract".to_owned(), row: row.to_owned(), to };
    let step = plan_step(db.db(), &seeds, &request)?;
    apply_step(db.db(), &seeds, &step, None, &RunOptions::default()).map(|entries| entries.len())
}

fn undo(db: &mut TestDatabase, run: i64) {
    let catalog = Catalog::read(db.db()).expect("is readable");
    let options = UndoOptions { run: Some(run), ..UndoOptions::default() };
    let plan = plan_undo(db.db(), &catalog, &options).expect("a plan");
    apply_undo(db.db(), &plan, &options, &RunOptions::default()).expect("is taken back");
}

/// One of them ends with a zero, as one in 256 does.
const BYTES: &str = r#"
[[lifecycle]]
table = "contract"
column = "status"
initial = "CREATED"
transitions = ["CREATED -> PUBLISHED -> RETIRED"]
immutable = ["PUBLISHED"]

[lifecycle.audit_table]
name = "contract_audit"
columns = { contract_id = "row.id", action = "to_state" }

[[table]]
name = "contract"
key = ["slug"]
rows = [
  { id = "hex:00112233445566778899aabbccddee00", slug = "squat", body = "hex:00ff", status = "PUBLISHED" },
  { id = "hex:ff112233445566778899aabbccddeeff", slug = "plank", body = "hex:7000", status = "CREATED" },
]
"#;

fn bytes(db: &mut TestDatabase) -> TestProject {
    let (key, bytes) = match db.engine() {
        Engine::Sqlite => ("BLOB", "BLOB"),
        Engine::Postgres => ("BYTEA", "BYTEA"),
        Engine::Mysql => ("BINARY(16)", "VARBINARY(20)"),
    };
    db.run(&format!(
        "CREATE TABLE contract (id {key} NOT NULL PRIMARY KEY, slug VARCHAR(40) NOT NULL UNIQUE, body {bytes}, status VARCHAR(40) NOT NULL)"
    ));
    db.run(&format!("CREATE TABLE contract_audit (contract_id {key}, action VARCHAR(40))"));
    let project = TestProject::new().file("seeds/contracts.toml", BYTES);
    seed(db, &project).expect("seeds");
    project
}

fn renamed(from: &str, to: &str) -> String {
    CONTRACTS.replace(&format!("{{ slug = \"{from}\""), &format!("{{ slug = \"{to}\", was = {{ slug = \"{from}\" }}"))
}

live_tests! {
    fn rows_whose_key_is_bytes_are_found_again(db: &mut TestDatabase) {
        let project = bytes(db);
        intact(db, &project);
        let told = "SELECT a.action FROM contract_audit a JOIN contract c ON c.id = a.contract_id WHERE c.slug = 'plank'";
        assert_eq!(db.texts(told), ["CREATED"]);
        step(db, &project, "plank", StepTo::State("PUBLISHED".to_owned())).expect("steps");
        intact(db, &project);
        assert_eq!(db.texts(told).len(), 2);
        db.run(match db.engine() {
            Engine::Postgres => "UPDATE contract SET body = '\\x70' WHERE slug = 'plank'",
            Engine::Sqlite | Engine::Mysql => "UPDATE contract SET body = X'70' WHERE slug = 'plank'",
        });
        let seeds = read(&project.load(db)).expect("loads");
        let report = verify_audit(db.db(), &seeds, None).expect("verifies");
        assert_eq!(report.findings.len(), 1, "{report}");
        assert!(report.findings[0].to_string().contains("contract plank: it is PUBLISHED and was changed"), "{report}");
    }

    fn a_run_that_wrote_rows_whose_key_is_bytes_is_taken_back(db: &mut TestDatabase) {
        let project = bytes(db);
        project.write("seeds/contracts.toml", &BYTES.replace("\"PUBLISHED\" }", "\"RETIRED\" }"));
        seed(db, &project).expect("seeds");
        undo(db, 2);
        assert_eq!(db.texts("SELECT status FROM contract ORDER BY slug"), ["CREATED", "PUBLISHED"]);
        intact(db, &project);
    }

    fn a_row_that_gets_another_key_takes_its_audit_along(db: &mut TestDatabase) {
        let project = with_contracts(db);
        project.write("seeds/contracts.toml", &renamed("plank", "board"));
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("contract board: renamed in CREATED"), "{planned}");
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "plank"), ["CREATED", "CREATED -> deleted"]);
        assert_eq!(steps(db, "board"), ["renamed in CREATED"]);
        let last = list_audit(db.db(), None, None, 2).expect("is listed");
        let notes: Vec<_> = last.iter().map(|entry| entry.note.as_deref()).collect();
        assert_eq!(notes, [Some("it had the key plank"), Some("it has the key board")]);
        intact(db, &project);
        assert!(plan(db, &project).expect("a plan").is_empty());
        project.write("seeds/contracts.toml", &CONTRACTS.replace("rows = [", "rows = [\n  { slug = \"board\", body = \"stay still\", status = \"CREATED\" },"));
        seed(db, &project).expect("another row may have the old key");
        intact(db, &project);
    }

    fn a_renamed_row_steps_on_and_its_run_is_taken_back(db: &mut TestDatabase) {
        let project = with_contracts(db);
        project.write("seeds/contracts.toml", &renamed("plank", "board").replace("\"CREATED\" }", "\"APPROVED\" }"));
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "board"), ["renamed in CREATED", "CREATED -> REVIEW_SUBMITTED", "REVIEW_SUBMITTED -> APPROVED"]);
        undo(db, 2);
        assert_eq!(db.texts("SELECT status FROM contract WHERE slug = 'plank'"), ["CREATED"]);
        assert_eq!(steps(db, "plank").last().map(String::as_str), Some("CREATED"));
        assert_eq!(steps(db, "board").last().map(String::as_str), Some("APPROVED -> deleted"));
        intact(db, &project);
    }

    fn a_state_changed_without_a_step_is_found_under_another_key_too(db: &mut TestDatabase) {
        let project = with_contracts(db);
        db.run("UPDATE contract SET status = 'APPROVED' WHERE slug = 'plank'");
        project.write("seeds/contracts.toml", &renamed("plank", "board"));
        assert_eq!(seed(db, &project).expect_err("is refused").code(), ErrorCode::AuditDisagrees);
        step(db, &project, "plank", StepTo::AsFound).expect("is recorded");
        seed(db, &project).expect("seeds");
        assert_eq!(steps(db, "board"), ["renamed in APPROVED"]);
        intact(db, &project);
    }
}
