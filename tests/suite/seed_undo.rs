//! Taking runs back, on every engine: rows as they were, or what stands against it. Runs themselves are listed here as well.

use plimsoll_core::db::{Catalog, DynRow, Engine};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{
    ResetOptions, RunKind, RunOptions, SeedError, UndoOptions, UndoPlan, UndoReport, apply_reset, apply_undo,
    plan_reset, plan_undo, runs,
};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
mode = "sync"
rows = [
  { slug = "tutor", name = "Tutor", note = "Lessons" },
  { slug = "sales", name = "Sales" },
]
"#;

/// One row changed, one gone, one new.
const CHANGED: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
mode = "sync"
rows = [
  { slug = "tutor", name = "Coach", note = "Lessons" },
  { slug = "care", name = "Care" },
]
"#;

/// A database that was seeded twice, the state in between, and the project.
fn seeded_twice(db: &mut TestDatabase) -> (TestProject, State) {
    domain_table(db);
    let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
    seed(db, &project).expect("seeds");
    let between = state(db);
    project.write("seeds/domains.toml", CHANGED);
    let report = seed(db, &project).expect("seeds");
    assert_eq!(report.run, Some(2));
    (project, between)
}

/// All rows of the table and all entries of the ledger, exactly.
type State = (Vec<DynRow>, Vec<DynRow>);

fn state(db: &mut TestDatabase) -> State {
    let ledger = table(db.engine(), LedgerTable::SeedRow);
    let entries = format!(
        "SELECT table_name, row_key, key_json, applied, dataset, source, origin, deployment, run FROM {ledger} ORDER BY table_name, row_key"
    );
    (db.rows("SELECT id, slug, name, note, position FROM domain ORDER BY id"), db.rows(&entries))
}

fn undo_plan(db: &mut TestDatabase, run: Option<i64>) -> Result<UndoPlan, SeedError> {
    let catalog = Catalog::read(db.db()).expect("the catalogue is readable");
    plan_undo(db.db(), &catalog, &undo_options(run))
}

fn undo_options(run: Option<i64>) -> UndoOptions {
    UndoOptions { run, user_data: vec!["caller".to_owned()], ..UndoOptions::default() }
}

fn undo(db: &mut TestDatabase, run: Option<i64>) -> Result<UndoReport, SeedError> {
    let plan = undo_plan(db, run)?;
    apply_undo(db.db(), &plan, &undo_options(run), &by())
}

fn by() -> RunOptions {
    RunOptions { actor: "nell@desk".to_owned(), tool: "test".to_owned(), ..RunOptions::default() }
}

fn reset(db: &mut TestDatabase, options: &ResetOptions) -> Result<String, SeedError> {
    let catalog = Catalog::read(db.db()).expect("the catalogue is readable");
    let plan = plan_reset(db.db(), &catalog, options)?;
    Ok(apply_reset(db.db(), &plan, options, &by())?.to_string())
}

live_tests! {
    fn a_deleted_row_whose_id_was_zero_comes_back_with_it(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE item ({id}, name VARCHAR(20) NOT NULL UNIQUE)"));
        let dataset = "[[table]]\nname = \"item\"\nkey = [\"id\"]\nmode = \"sync\"\nrows = [{ id = 0, name = \"none\" }, { id = 5, name = \"five\" }]\n";
        let project = TestProject::new().file("seeds/items.toml", dataset);
        seed(db, &project).expect("seeds");
        project.write("seeds/items.toml", &dataset.replace("{ id = 0, name = \"none\" }, ", ""));
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(db.texts("SELECT name FROM item WHERE id = 0"), ["none"]);
    }

    fn a_run_taken_back_leaves_rows_and_ledger_as_they_were(db: &mut TestDatabase) {
        let (_, between) = seeded_twice(db);
        let shown = undo_plan(db, None).expect("a plan").to_string();
        for line in ["take back run 2 (apply): 1 to put back, 1 to restore, 1 to delete", "- domain care", "~ domain tutor", "name: \"Coach\" -> \"Tutor\"", "+ domain sales"] {
            assert!(shown.contains(line), "{shown}");
        }
        let report = undo(db, None).expect("is taken back");
        assert_eq!((report.run, report.undone, report.inserted, report.restored, report.deleted), (3, 2, 1, 1, 1));
        assert!(report.inexact.is_empty(), "{report}");
        assert_eq!(state(db), between);
    }

    fn an_undo_is_a_run_and_can_be_taken_back_itself(db: &mut TestDatabase) {
        let (project, between) = seeded_twice(db);
        let after = state(db);
        undo(db, None).expect("is taken back");
        undo(db, Some(3)).expect("the undo is taken back");
        assert_eq!(state(db), after);
        assert!(plan(db, &project).expect("a plan").is_empty());
        undo(db, Some(2)).expect("counts again, and is taken back again");
        assert_eq!(state(db), between);
        let found = runs(db.db(), 10).expect("are listed");
        let told: Vec<_> = found.iter().map(|run| (run.number, run.kind, run.undone_by)).collect();
        assert_eq!(told, [
            (5, RunKind::Undo, None),
            (4, RunKind::Undo, None),
            (3, RunKind::Undo, Some(4)),
            (2, RunKind::Apply, Some(5)),
            (1, RunKind::Apply, None),
        ]);
        assert_eq!((found[0].actor.as_str(), found[0].tool.as_str()), ("nell@desk", "test"));
    }

    fn runs_are_taken_back_one_after_the_other_until_nothing_is_left(db: &mut TestDatabase) {
        seeded_twice(db);
        undo(db, None).expect("is taken back");
        undo(db, None).expect("is taken back");
        assert_eq!(db.count("domain"), 0);
        let error = undo(db, None).expect_err("there is none left");
        assert!(problems(&error)[0].contains("there is no run that could be taken back"), "{error}");
    }

    fn an_edit_made_since_blocks_and_is_named_with_both_values(db: &mut TestDatabase) {
        seeded_twice(db);
        db.run("UPDATE domain SET name = 'Trainer' WHERE slug = 'tutor'");
        db.run("UPDATE domain SET note = 'Ask Nell' WHERE slug = 'care'");
        let before = state(db);
        let error = undo(db, None).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedUndoBlocked);
        let told = problems(&error);
        assert_eq!(told, [
            "`domain` tutor: `name` is \"Trainer\" now, the run left \"Coach\"",
            "`domain` care: `note` is \"Ask Nell\" now, the run left NULL",
        ]);
        assert_eq!(state(db), before);
    }

    fn a_row_deleted_or_made_again_since_blocks(db: &mut TestDatabase) {
        seeded_twice(db);
        db.run("DELETE FROM domain WHERE slug = 'tutor'");
        db.run("INSERT INTO domain (id, slug, name) VALUES (2, 'sales', 'Mine')");
        let told = problems(&undo(db, None).expect_err("is refused")).join("\n");
        assert!(told.contains("`domain` tutor: it is not there any more") && told.contains("`domain` sales: it is there again"), "{told}");
    }

    fn rows_of_others_that_refer_to_a_created_row_block(db: &mut TestDatabase) {
        seeded_twice(db);
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE caller ({id}, domain_id INTEGER, FOREIGN KEY (domain_id) REFERENCES domain(id) ON DELETE CASCADE)"));
        db.run("INSERT INTO caller (domain_id) SELECT id FROM domain WHERE slug = 'care'");
        let told = problems(&undo(db, None).expect_err("is refused"));
        assert_eq!(told, ["`domain` care: 1 row of `caller`, which holds user data, would be deleted with it"]);
        assert_eq!(db.count("caller"), 1);
    }

    fn a_later_run_over_the_same_row_has_to_be_taken_back_first(db: &mut TestDatabase) {
        seeded_twice(db);
        let told = problems(&undo(db, Some(1)).expect_err("is refused")).join("\n");
        assert!(told.contains("`domain` tutor: `name` is \"Coach\" now, the run left \"Tutor\""), "{told}");
        assert!(told.contains("`domain` sales: it is not there any more"), "{told}");
    }

    fn a_plan_that_is_no_longer_true_is_refused(db: &mut TestDatabase) {
        seeded_twice(db);
        let planned = undo_plan(db, None).expect("a plan");
        db.run("UPDATE domain SET name = 'Trainer' WHERE slug = 'tutor'");
        assert!(apply_undo(db.db(), &planned, &UndoOptions::default(), &by()).is_err());
        assert_eq!(db.count("domain"), 2);
    }

    fn values_of_every_kind_come_back_to_the_byte(db: &mut TestDatabase) {
        let bytes = match db.engine() { Engine::Postgres => "BYTEA", Engine::Sqlite | Engine::Mysql => "BLOB" };
        let double = match db.engine() { Engine::Mysql => "DOUBLE", Engine::Sqlite | Engine::Postgres => "DOUBLE PRECISION" };
        db.run(&format!("CREATE TABLE thing (slug VARCHAR(20) PRIMARY KEY, price NUMERIC(20, 6), ratio {double}, small REAL, seen TIMESTAMP NULL, raw {bytes}, doc JSON, flag BOOLEAN, pad CHAR(8), big BIGINT)"));
        let sync = |rows: &str| format!("[[table]]\nname = \"thing\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{rows}]\n");
        let project = TestProject::new().file("seeds/things.toml", &sync("{ slug = \"a\", price = \"12.500000\", ratio = 0.1, small = 0.3, seen = \"2026-01-02 03:04:05\", doc = { b = 1, a = [1.50, \"x\"] }, flag = true, pad = \"x\", big = 9007199254740993 }"));
        seed(db, &project).expect("seeds");
        let raw = match db.engine() { Engine::Postgres => "'\\x00ff10'::bytea", Engine::Sqlite | Engine::Mysql => "x'00ff10'" };
        let text = |column: &str| match db.engine() { Engine::Mysql => format!("CAST({column} AS CHAR)"), Engine::Sqlite | Engine::Postgres => format!("CAST({column} AS TEXT)") };
        let hex = match db.engine() { Engine::Postgres => "encode(raw, 'hex')", Engine::Sqlite | Engine::Mysql => "hex(raw)" };
        let all = format!("SELECT slug, {}, ratio, small, {}, {hex}, {}, {}, {}, big FROM thing", text("price"), text("seen"), text("doc"), text("flag"), text("pad"));
        let before = db.rows(&all);
        project.write("seeds/things.toml", &sync(""));
        seed(db, &project).expect("seeds");
        undo(db, None).expect("is taken back");
        assert_eq!(db.rows(&all), before);
        // The same with a value that no dataset can write, in a row that was let be.
        db.run(&format!("UPDATE thing SET raw = {raw}"));
        project.write("seeds/things.toml", &sync("").replace("mode", "on_edit = \"overwrite\"\nmode"));
        let before = db.rows(&all);
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("thing"), 0);
        undo(db, None).expect("is taken back");
        assert_eq!(db.rows(&all), before);
    }

    fn a_reset_removes_what_datasets_created_and_can_be_taken_back(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('sales', 'Sales'), ('mine', 'Mine')");
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        seed(db, &project).expect("seeds");
        let before = state(db);
        assert_eq!(reset(db, &ResetOptions::default()).expect("is reset"), "1 rows deleted, 1 let go, 0 kept as edited");
        assert_eq!(db.texts("SELECT slug FROM domain ORDER BY slug"), ["mine", "sales"]);
        undo(db, None).expect("is taken back");
        assert_eq!(state(db), before);
        let none = ResetOptions { datasets: vec!["other".to_owned()], ..ResetOptions::default() };
        assert_eq!(reset(db, &none).expect("is reset"), "0 rows deleted, 0 let go, 0 kept as edited");
    }

    fn a_reset_keeps_edited_rows_unless_told_otherwise(db: &mut TestDatabase) {
        domain_table(db);
        seed(db, &TestProject::new().file("seeds/domains.toml", DOMAINS)).expect("seeds");
        db.run("UPDATE domain SET note = 'Ask Nell' WHERE slug = 'sales'");
        assert_eq!(reset(db, &ResetOptions::default()).expect("is reset"), "1 rows deleted, 0 let go, 1 kept as edited");
        let all = ResetOptions { discard_edits: true, ..ResetOptions::default() };
        assert_eq!(reset(db, &all).expect("is reset"), "1 rows deleted, 0 let go, 0 kept as edited");
        assert_eq!(db.count("domain"), 0);
    }

    fn a_reset_finds_rows_by_the_key_that_each_was_seeded_with(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE domain ({id}, slug VARCHAR(40) NOT NULL UNIQUE, code VARCHAR(40) UNIQUE, name VARCHAR(40))"));
        let by_slug = "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{ slug = \"a\", code = \"1\" }, { slug = \"b\", code = \"2\" }]\n";
        let project = TestProject::new().file("seeds/domains.toml", by_slug);
        seed(db, &project).expect("seeds");
        db.run("INSERT INTO domain (slug, name) VALUES ('mine', 'Mine')");
        let third = "{ slug = \"c\", code = \"3\" }";
        let by_code = by_slug.replace("key = [\"slug\"]", "key = [\"code\"]").replace(" }]", &format!(" }}, {third}]"));
        project.write("seeds/domains.toml", &by_code);
        seed(db, &project).expect("seeds");
        let all = ResetOptions { discard_edits: true, ..ResetOptions::default() };
        assert_eq!(reset(db, &all).expect("is reset"), "3 rows deleted, 2 let go, 0 kept as edited");
        assert_eq!(db.texts("SELECT slug FROM domain"), ["mine"]);
    }

    fn edits_are_found_among_more_rows_than_one_question_asks_for(db: &mut TestDatabase) {
        domain_table(db);
        let rows: Vec<String> = (0..700).map(|row| format!("{{ slug = \"{row}\", name = \"x\" }}")).collect();
        let domains = format!("[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{}]\n", rows.join(", "));
        seed(db, &TestProject::new().file("seeds/domains.toml", &domains)).expect("seeds");
        db.run("UPDATE domain SET note = 'Ask Nell' WHERE slug = '650'");
        assert_eq!(reset(db, &ResetOptions::default()).expect("is reset"), "699 rows deleted, 0 let go, 1 kept as edited");
    }

    fn a_session_that_is_not_set_up_for_rows_takes_nothing_back_and_removes_nothing(db: &mut TestDatabase) {
        seeded_twice(db);
        let before = state(db);
        db.run(match db.engine() {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF",
            Engine::Postgres => "SET session_replication_role = replica",
            Engine::Mysql => "SET time_zone = '+05:00'",
        });
        let refused = |error: SeedError| assert!(format!("{error:?}").contains("not set up for writing rows"), "{error:?}");
        refused(undo(db, None).expect_err("is refused"));
        refused(reset(db, &ResetOptions::default()).expect_err("is refused"));
        assert_eq!(state(db), before);
    }
}
